// Where peers connect to us: a port of this machine and, on request, one of the router that leads to it.

import type { Clock } from '../support/clock.ts';
import type { Random } from '../support/random.ts';
import { listenForPeers, type PeerListener } from '../transport/listener.ts';
import { isBound, type Network } from '../transport/network.ts';
import { mapPort, type PortMapping } from '../transport/port-mapping/port-mapping.ts';
import type { DownloadOptions } from './options.ts';
import type { EntranceGuest, Welcome } from './shares.ts';

/** What it is made of. */
export interface MappedListenerParts {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
}

/** See the head of this file. */
export class MappedListener implements Welcome {
  readonly #listener: PeerListener;
  readonly #mapping: PortMapping | undefined;

  private constructor(listener: PeerListener, mapping: PortMapping | undefined) {
    this.#listener = listener;
    this.#mapping = mapping;
  }

  /** Throws as `listenForPeers` does. A router that does not help is a warning. */
  static async open(
    options: Pick<DownloadOptions, 'port' | 'mapPort'>,
    { network, clock, random }: MappedListenerParts,
    guest: EntranceGuest,
  ): Promise<MappedListener> {
    const listener = await listenForPeers(options.port, network, (stream) => guest.accept(stream));
    if (options.mapPort !== true) return new MappedListener(listener, undefined);
    if (isBound(network)) {
      guest.warned('no port is mapped: the router of the default route would be asked, which --bind may not lead to');
      return new MappedListener(listener, undefined);
    }
    const mapping = mapPort(listener.port, clock, random, {
      mapped: () => guest.portChanged(),
      warned: (message) => guest.warned(message),
    });
    return new MappedListener(listener, mapping);
  }

  get port(): number {
    return this.#mapping?.externalPort ?? this.#listener.port;
  }

  get localPort(): number {
    return this.#listener.port;
  }

  async unmap(): Promise<void> {
    await this.#mapping?.close();
  }

  close(): Promise<void> {
    return this.#listener.close();
  }
}
