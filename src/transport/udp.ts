// Datagrams to and from anyone: one socket for IPv4 and one for IPv6, each opened when it is first needed, on a port of the system's choice.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { NetworkError } from '../errors.ts';
import { type Endpoint, makeEndpoint } from '../support/endpoint.ts';
import { type Family, familyOf, type Network } from './network.ts';
import { networkCause } from './network-cause.ts';

/** Told of every datagram that arrives; does not throw. `sender` makes its address, which costs more than a look at the bytes. */
export type HearDatagram = (bytes: Uint8Array, sender: () => Endpoint | undefined) => void;

/** Where datagrams leave and arrive. */
export interface DatagramPort {
  /** Resolves when the system has taken `bytes`. Rejects with NetworkError when it cannot. */
  send(bytes: Uint8Array, to: Endpoint): Promise<void>;
  /** Nothing arrives any more; safe to call twice. */
  close(): void;
}

/** The sockets of this machine. They do not keep the process alive: whoever waits for an answer has a timer that does. */
export class UdpSockets implements DatagramPort {
  readonly #hear: HearDatagram;
  readonly #bound: Network['families'];
  readonly #sockets = new Map<Family, Promise<Socket>>();

  /** The sockets are bound to the addresses that `network` names. */
  constructor(hear: HearDatagram, network: Pick<Network, 'families'>) {
    this.#hear = hear;
    this.#bound = network.families;
  }

  async send(bytes: Uint8Array, to: Endpoint): Promise<void> {
    const family = familyOf(to.host);
    const opening = this.#sockets.get(family) ?? this.#open(family);
    this.#sockets.set(family, opening);
    try {
      const socket = await opening;
      if (this.#sockets.get(family) !== opening) throw new NetworkError('closed');
      await new Promise<void>((resolve, reject) => {
        socket.send(bytes, to.port, to.host, (error) => (error === null ? resolve() : reject(error)));
      });
    } catch (error) {
      throw networkCause(error);
    }
  }

  close(): void {
    for (const opening of this.#sockets.values()) void opening.then((socket) => socket.close()).catch(() => {});
    this.#sockets.clear();
  }

  async #open(family: Family): Promise<Socket> {
    const socket = createSocket({ type: `udp${family}`, ipv6Only: family === 6 });
    socket.on('message', (bytes, { address, port }) => this.#hear(bytes, () => makeEndpoint(address, port)));
    try {
      socket.bind(0, this.#bound.get(family));
      await once(socket, 'listening');
    } catch (error) {
      this.#sockets.delete(family);
      socket.close();
      throw error;
    }
    // What a datagram of ours met on its way is told by nobody's answer.
    return socket.on('error', () => {}).unref();
  }
}
