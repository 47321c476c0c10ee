// The connections of one swarm: how many there are, who is dialled, who is let in, who must go when places or descriptors run out. What is
// said over them is not its matter.

import { peerLimits, storageLimits } from '../config.ts';
import type { AddressBook } from '../discovery/address-book.ts';
import type { PeerAddress } from '../discovery/address-entry.ts';
import type { TtorrentError } from '../errors.ts';
import { isOutOfDescriptors } from '../storage/storage-error.ts';
import type { Clock } from '../support/clock.ts';
import type { ByteStream } from '../transport/byte-stream.ts';
import type { Network } from '../transport/network.ts';
import { Budget } from './budget.ts';
import { Dialler } from './dialler.ts';
import type { Peer } from './peer.ts';

/** Whoever owns the connections. */
export interface ConnectionsListener {
  /** Makes a fresh connection one that encrypts, for addresses that are to be dialled so. */
  encrypt(stream: ByteStream): ByteStream;
  /** There is a stream: a peer for it, which is started then. */
  makePeer(address: PeerAddress, stream: ByteStream, isIncoming: boolean): Peer;
  /** `wasTried` is false when we had no descriptor left. */
  dialFailed(address: PeerAddress, wasTried: boolean, cause: TtorrentError): void;
}

/** With every place taken, a peer that has been of no use for so long makes room for one that might. */
const uselessMaxMs = 60_000;
/** What is left to files, trackers and name servers when the system gives us no more descriptors. */
const spareDescriptors = storageLimits.openFiles + 16;
const makeDoEveryMs = 1_000;
/** This share of the places is kept for addresses that wait to be dialled: strangers who connect to us cannot take them all. */
const dialledShare = 0.25;

/** Opens and counts connections. */
export class Connections {
  /** All of them, handshake done or not. */
  readonly peers = new Set<Peer>();
  /** Whether peers could not be dialled for want of file descriptors. */
  lacksDescriptors = false;
  readonly #book: AddressBook;
  readonly #clock: Clock;
  readonly #listener: ConnectionsListener;
  readonly #dialler: Dialler;
  readonly #acceptPace = new Budget(peerLimits.acceptsPerSecond, 4 * peerLimits.acceptsPerSecond);
  readonly #wantedPeers: number;
  /** Fewer than asked for where the system has too few descriptors. */
  #maxPeers: number;
  #madeDoMs = Number.NEGATIVE_INFINITY;
  #isOver = false;

  constructor(book: AddressBook, network: Network, maxPeers: number, clock: Clock, listener: ConnectionsListener) {
    this.#book = book;
    this.#maxPeers = maxPeers;
    this.#wantedPeers = maxPeers;
    this.#clock = clock;
    this.#listener = listener;
    this.#dialler = new Dialler(book, network, clock, (stream) => listener.encrypt(stream), {
      dialled: (address, stream) => this.#begin(address, stream, false),
      dialFailed: (address, cause) => {
        const wasTried = !isOutOfDescriptors(cause.cause);
        if (!wasTried) this.#makeDo();
        listener.dialFailed(address, wasTried, cause);
      },
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Half-open ones and those about to be dialled included. */
  get count(): number {
    return this.peers.size + this.#dialler.count;
  }

  /** Dials as many addresses as there is room for. */
  dial(): void {
    if (this.count >= this.#maxPeers && this.#book.dueCount(this.#clock.nowMs()) > 0) this.#closeUseless();
    this.#dialler.dial(this.#maxPeers - this.count);
  }

  /** A peer connected to us. */
  accept(stream: ByteStream): void {
    const address = !this.#isOver && this.#mayAccept() ? this.#book.accept(stream.remote) : undefined;
    if (address === undefined) stream.close();
    else this.#begin(address, stream, true);
  }

  /** The dial that led to `peer` found a peer of this torrent, and so costs nothing of the pace. */
  answered(peer: Peer): void {
    if (!peer.isIncoming) this.#dialler.answered();
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    this.#isOver = true;
    for (const peer of [...this.peers]) peer.close();
    await this.#dialler.close();
  }

  #mayAccept(): boolean {
    const nowMs = this.#clock.nowMs();
    if (!this.#acceptPace.take(1, nowMs)) return false;
    if (this.count >= this.#maxPeers) this.#closeUseless();
    const kept = Math.min(this.#book.dueCount(nowMs), Math.floor(this.#wantedPeers * dialledShare));
    return this.count < this.#maxPeers - kept;
  }

  #begin(address: PeerAddress, stream: ByteStream, isIncoming: boolean): void {
    if (this.#isOver || this.#book.isBanned(address.endpoint)) return stream.close();
    const peer = this.#listener.makePeer(address, stream, isIncoming);
    this.peers.add(peer);
    peer.start();
  }

  /** Every descriptor is taken: the disk and the trackers need some, too, so the last peers go and no others come in their place. */
  #makeDo(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#madeDoMs < makeDoEveryMs) return; // of one batch of dials
    this.#madeDoMs = nowMs;
    this.lacksDescriptors = true;
    this.#maxPeers = Math.max(1, Math.floor(this.peers.size / 2), this.peers.size - spareDescriptors);
    for (const peer of [...this.peers].slice(this.#maxPeers)) peer.close();
  }

  /** Closes the peer that has been of no use for longest, if that is long. */
  #closeUseless(): void {
    const nowMs = this.#clock.nowMs();
    let worst: Peer | undefined;
    for (const peer of this.peers) {
      if (peer.protocol.isReady && (worst === undefined || peer.uselessMs(nowMs) > worst.uselessMs(nowMs))) worst = peer;
    }
    if (worst !== undefined && worst.uselessMs(nowMs) > uselessMaxMs) worst.close();
  }
}
