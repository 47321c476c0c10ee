// Everything that brings peers to one torrent: the sources that name them, those that the user typed, and the port that they come to.

import { notListeningPort } from '../config.ts';
import type { AddressBook } from '../discovery/address-book.ts';
import type { PeerSource, PeerSourceListener, SourceReport, TransferTotals } from '../discovery/peer-source.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { type Clock, delay } from '../support/clock.ts';
import type { Random } from '../support/random.ts';
import type { ByteStream } from '../transport/byte-stream.ts';
import { acceptEncrypted } from '../transport/encrypted-stream.ts';
import type { Network } from '../transport/network.ts';
import type { HostAndPort } from '../transport/resolve.ts';
import type { DownloadEvent } from './events.ts';
import { MappedListener } from './mapped-listener.ts';
import type { DownloadOptions } from './options.ts';
import type { EntranceGuest, Shares, Welcome } from './shares.ts';
import { createSource, type SourceLog, sourceListener } from './sources.ts';
import { TypedPeers } from './typed-peers.ts';

/** Longer than any source needs to say goodbye. */
const goodbyeMaxMs = 3_000;

/** What a search is made of. */
export interface PeerSearchParts {
  readonly metainfo: Metainfo;
  readonly options: DownloadOptions;
  readonly network: Network;
  /** `options.peers`, read. */
  readonly typedPeers: readonly HostAndPort[];
  readonly shares: Shares;
  readonly clock: Clock;
  readonly random: Random;
  readonly tell: (event: DownloadEvent) => void;
}

/** Who the peers are for. */
export interface PeerSearchListener {
  /** A peer connected to us; the listener owns `stream`. */
  accepted(stream: ByteStream): void;
  /** The book may have addresses to dial that it had not. */
  found(): void;
  totals(): TransferTotals;
}

/** The search of one torrent. */
export class PeerSearch {
  /** Whatever names peers tells it here. */
  readonly sourceListener: PeerSourceListener;
  readonly #parts: PeerSearchParts;
  readonly #peerId: Uint8Array;
  readonly #listener: PeerSearchListener;
  readonly #clock: Clock;
  readonly #typedPeers: TypedPeers;
  readonly #log: SourceLog = new Map();
  #source: PeerSource | undefined;
  #welcome: Welcome | undefined;

  /** `signal` aborts when it is over. */
  constructor(parts: PeerSearchParts, peerId: Uint8Array, book: AddressBook, signal: AbortSignal, listener: PeerSearchListener) {
    this.#parts = parts;
    this.#peerId = peerId;
    this.#listener = listener;
    this.#clock = parts.clock;
    this.#typedPeers = new TypedPeers(book, parts.network, signal, {
      lookedUp: () => listener.found(),
      warned: (message) => parts.tell({ type: 'warning', message }),
    });
    this.sourceListener = sourceListener(this.#log, parts.tell, {
      foundPeers: (origin, peers, localAllowed, namedBy) => {
        book.add(origin, peers, localAllowed, namedBy);
        listener.found();
      },
      seenAs: (host, voter) => book.seenAs(host, voter, this.#outerPort),
    });
  }

  /** Where peers reach us; undefined: nowhere. */
  get port(): number | undefined {
    return this.#welcome?.port;
  }

  /** Whether a peer may yet be named. */
  get isUsable(): boolean {
    return this.#source?.isUsable === true || this.#typedPeers.isLookingUp;
  }

  /** The last outcome of each source. */
  get reports(): SourceReport[] {
    return [...this.#log.values()];
  }

  /** Throws as `listenForPeers` does. */
  async start(): Promise<void> {
    const { options, typedPeers } = this.#parts;
    this.#welcome = await this.#listen();
    this.#source = createSource(this.#parts, {
      peerId: this.#peerId,
      port: () => this.#outerPort,
      localPort: () => this.#welcome?.localPort,
      listener: this.sourceListener,
      totals: () => this.#listener.totals(),
    });
    this.#source.setHungry(true);
    this.#source.start();
    if (options.noPeers !== true) this.#typedPeers.add(typedPeers);
  }

  /** More peers are wanted, or enough are there. */
  setHungry(isHungry: boolean): void {
    this.#source?.setHungry(isHungry);
  }

  /** The whole torrent is there. */
  completed(): void {
    this.#source?.completed();
  }

  /** Lets nobody in any more. */
  async close(): Promise<void> {
    await this.#welcome?.close();
  }

  /** Tells the trackers, and the router, that we are gone, in bounded time. */
  async sayGoodbye(): Promise<void> {
    const told = new AbortController();
    // A source bounds its own goodbye; what follows a failed download must not hang on a source that does not.
    await Promise.race([
      Promise.all([this.#source?.stop(), this.#welcome?.unmap()]).finally(() => told.abort()),
      delay(this.#clock, goodbyeMaxMs, told.signal).catch(() => {}),
    ]);
  }

  get #outerPort(): number {
    return this.#welcome?.port ?? notListeningPort;
  }

  async #listen(): Promise<Welcome | undefined> {
    const { options, network, metainfo, shares, tell } = this.#parts;
    // Whoever could reach us could tell that it is us behind the proxy.
    if (options.listen === false || options.noPeers === true || network.socks !== undefined) return undefined;
    const { infohash } = metainfo;
    const guest: EntranceGuest = {
      accept: (stream) => this.#listener.accepted(stream),
      portChanged: () => this.#source?.portChanged(),
      warned: (message) => tell({ type: 'warning', message }),
    };
    if (shares.entrance !== undefined) return shares.entrance.join(infohash, guest);
    const accept = (stream: ByteStream): void => guest.accept(acceptEncrypted(stream, [infohash], options.encryption ?? 'prefer'));
    return MappedListener.open(options, this.#parts, { ...guest, accept });
  }
}
