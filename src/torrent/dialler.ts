// Connections that we make: so many half-open at once, so many a second that lead to no peer. Which address is next is decided by the
// address book when its turn comes, not when it was queued: something better may be known by then.

import { setMaxListeners } from 'node:events';
import PQueue from 'p-queue';
import { peerLimits } from '../config.ts';
import type { AddressBook } from '../discovery/address-book.ts';
import type { PeerAddress } from '../discovery/address-entry.ts';
import type { TtorrentError } from '../errors.ts';
import type { Clock } from '../support/clock.ts';
import type { ByteStream } from '../transport/byte-stream.ts';
import type { Network } from '../transport/network.ts';
import { dialTcp } from '../transport/tcp.ts';
import { Budget } from './budget.ts';

/** What becomes of the addresses that are dialled. */
export interface DiallerListener {
  /** The connection is there, and the listener's from now on. */
  dialled(address: PeerAddress, stream: ByteStream): void;
  dialFailed(address: PeerAddress, cause: TtorrentError): void;
}

/** Dials for one swarm. */
export class Dialler {
  readonly #book: AddressBook;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #encrypt: (stream: ByteStream) => ByteStream;
  readonly #listener: DiallerListener;
  readonly #queue = new PQueue({ concurrency: peerLimits.dialling });
  readonly #pace = new Budget(peerLimits.dialsPerSecond, peerLimits.dialsPerSecond);
  readonly #ended = new AbortController();

  /** `encrypt` makes a fresh connection one that encrypts, for addresses that are to be dialled so. */
  constructor(book: AddressBook, network: Network, clock: Clock, encrypt: (stream: ByteStream) => ByteStream, listener: DiallerListener) {
    this.#book = book;
    this.#network = network;
    this.#clock = clock;
    this.#encrypt = encrypt;
    this.#listener = listener;
    setMaxListeners(0, this.#ended.signal); // each dial under way listens
  }

  /** Dials under way and about to be. */
  get count(): number {
    return this.#queue.size + this.#queue.pending;
  }

  /** Dials up to `places` addresses that are due, as fast as the pace allows. */
  dial(places: number): void {
    if (this.#ended.signal.aborted) return;
    const nowMs = this.#clock.nowMs();
    const wanted = Math.min(places, this.#book.dueCount(nowMs) - this.#queue.size);
    for (let place = 0; place < wanted && this.#pace.take(1, nowMs); place++) void this.#queue.add(() => this.#dialNext());
  }

  /** A dial led to a peer of this torrent, and so costs nothing of the pace. */
  answered(): void {
    this.#pace.giveBack(1);
  }

  /** Gives up every dial. Resolves when none is under way. */
  async close(): Promise<void> {
    this.#ended.abort();
    this.#queue.clear();
    await this.#queue.onIdle();
  }

  async #dialNext(): Promise<void> {
    const address = this.#ended.signal.aborted ? undefined : this.#book.next(this.#clock.nowMs());
    if (address === undefined) return;
    let stream: ByteStream;
    try {
      stream = await dialTcp(address.endpoint, this.#network, this.#ended.signal);
    } catch (error) {
      this.#book.ended(address, false, this.#clock.nowMs());
      if (!this.#ended.signal.aborted) this.#listener.dialFailed(address, error as TtorrentError);
      return;
    }
    this.#listener.dialled(address, address.isEncrypted ? this.#encrypt(stream) : stream);
  }
}
