// One port for the peers of several torrents: reads of each connection which torrent it is for, and hands it to that torrent.

import { peerLimits } from '../config.ts';
import { InputError } from '../errors.ts';
import { toHex } from '../support/bytes.ts';
import { type Clock, systemClock } from '../support/clock.ts';
import { systemRandom } from '../support/random.ts';
import type { DownloadOptions } from '../torrent/options.ts';
import { MappedListener } from '../torrent/mapped-listener.ts';
import type { Entrance, EntranceGuest, Welcome } from '../torrent/shares.ts';
import type { ByteStream } from '../transport/byte-stream.ts';
import { acceptEncrypted } from '../transport/encrypted-stream.ts';
import { directNetwork, type Network } from '../transport/network.ts';
import { canBeHandshake, infohashEnd, infohashOf } from '../wire/handshake.ts';
import { FirstBytes } from './first-bytes.ts';
import { WaitingRoom } from './waiting-room.ts';

/** A torrent that peers can come to. */
interface Member extends EntranceGuest {
  readonly infohash: Uint8Array;
}

/** Listens from the first torrent that joins until it is closed. */
export class SharedEntrance implements Entrance {
  readonly #options: Pick<DownloadOptions, 'port' | 'mapPort' | 'encryption'>;
  readonly #network: Network;
  readonly #clock: Clock;
  /** By infohash in hex. */
  readonly #members = new Map<string, Member>();
  readonly #waiting = new WaitingRoom();
  #listening: Promise<MappedListener> | undefined;
  #isOver = false;

  constructor(options: Pick<DownloadOptions, 'port' | 'mapPort' | 'encryption'>, network: Network = directNetwork, clock = systemClock) {
    this.#options = options;
    this.#network = network;
    this.#clock = clock;
  }

  async join(infohash: Uint8Array, guest: EntranceGuest): Promise<Welcome> {
    const key = toHex(infohash);
    if (this.#members.has(key)) throw new InputError('in-the-way', `the torrent ${key} is being downloaded already`);
    const member = { infohash, ...guest };
    this.#members.set(key, member);
    const listening = (this.#listening ??= this.#listen());
    try {
      const listener = await listening;
      return {
        get port() {
          return listener.port;
        },
        localPort: listener.localPort,
        unmap: async () => {},
        close: async () => void (this.#members.get(key) === member && this.#members.delete(key)),
      };
    } catch (error) {
      this.#members.delete(key);
      if (this.#listening === listening) this.#listening = undefined; // the next torrent may have more luck
      throw error;
    }
  }

  /** Accepts no more; connections that were handed out stay open. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.#waiting.close();
    const listener = await this.#listening?.catch(() => undefined);
    await Promise.all([listener?.close(), listener?.unmap()]);
  }

  #listen(): Promise<MappedListener> {
    const parts = { network: this.#network, clock: this.#clock, random: systemRandom };
    return MappedListener.open(this.#options, parts, {
      accept: (stream) => this.#accept(stream),
      portChanged: () => this.#members.forEach((member) => member.portChanged()),
      // Told once: it is the same for all.
      warned: (message) => [...this.#members.values()].slice(0, 1).forEach((member) => member.warned(message)),
    });
  }

  #accept(stream: ByteStream): void {
    const { host } = stream.remote;
    if (this.#isOver || !this.#waiting.hasPlaceFor(host, this.#members.size)) return stream.close();
    const infohashes = { [Symbol.iterator]: () => this.#infohashes() };
    const first = new FirstBytes(acceptEncrypted(stream, infohashes, this.#options.encryption ?? 'prefer'), infohashEnd, {
      arrived: (bytes, isEnough) => {
        if (isEnough || !canBeHandshake(bytes)) settle(bytes);
      },
      gone: () => settle(undefined),
    });
    const timer = this.#clock.setTimer(peerLimits.handshakeTimeoutMs, () => settle(undefined));
    const settle = (bytes: Uint8Array | undefined): void => {
      if (!this.#waiting.leave(first)) return;
      timer.cancel();
      const member = bytes !== undefined && canBeHandshake(bytes) ? this.#members.get(toHex(infohashOf(bytes))) : undefined;
      if (member === undefined) first.close();
      else member.accept(first);
    };
    this.#waiting.enter(first, host, () => settle(undefined));
    first.begin();
  }

  *#infohashes(): Generator<Uint8Array> {
    for (const { infohash } of this.#members.values()) yield infohash;
  }
}
