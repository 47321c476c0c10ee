// The peers of one torrent: dials those the address book proposes, takes those that connect to us, keeps their interest and the rarity
// of pieces right, pauses and resumes them all, closes those that are of no use. Blocks are block-exchange.ts's matter.

import PQueue from 'p-queue';
import { peerLimits } from '../config.ts';
import type { AddressBook, PeerAddress } from '../discovery/address-book.ts';
import { ProtocolError, type TtorrentError } from '../errors.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import { Bitfield } from '../support/bitfield.ts';
import { equalBytes } from '../support/bytes.ts';
import type { Clock } from '../support/clock.ts';
import { formatEndpoint } from '../support/endpoint.ts';
import type { ByteStream } from '../transport/byte-stream.ts';
import { dialTcp } from '../transport/tcp.ts';
import type { Handshake } from '../wire/handshake.ts';
import type { BlockArrival } from '../wire/peer-protocol.ts';
import type { BlockRequest } from '../wire/request-book.ts';
import type { BlockExchange } from './block-exchange.ts';
import { Peer, type PeerHost } from './peer.ts';

/** What the torrent hears of its peers. */
export interface SwarmListener {
  peerConnected(name: string, client: string | undefined): void;
  /** `wasReady` tells whether it had got past its handshake. */
  peerLost(name: string, wasReady: boolean, cause: TtorrentError | undefined): void;
  bytesRead(length: number): void;
}

export interface SwarmOptions {
  readonly ledger: PieceLedger;
  readonly book: AddressBook;
  readonly handshake: Handshake;
  /** Where we listen, as soon as we do. */
  readonly listenPort: () => number | undefined;
  readonly maxPeers: number;
  /** Whether every byte of a verified piece is on disk: pieces that reach into files that are not wanted cannot be offered. */
  readonly holds: (pieceIndex: number) => boolean;
  readonly clock: Clock;
  readonly listener: SwarmListener;
}

/** With every place taken, a peer that has had nothing for us for so long makes room for another. */
const uselessMaxMs = 60_000;
/** New connections a second, so that a long list of dead addresses does not look like a scan. */
const dialsPerSecond = 30;

export class Swarm implements PeerHost {
  /** Peers past their handshake, by number. */
  readonly ready = new Map<number, Peer>();
  /** How many connections ever got past their handshake. */
  readyEver = 0;
  readonly #options: SwarmOptions;
  readonly #all = new Set<Peer>();
  readonly #dialling = new PQueue({ concurrency: peerLimits.dialling, intervalCap: dialsPerSecond, interval: 1000 });
  readonly #ended = new AbortController();
  readonly #pauseReasons = new Set<string>();
  /** What we offer. */
  readonly #held: Bitfield;
  #exchange: BlockExchange | undefined;

  constructor(options: SwarmOptions) {
    this.#options = options;
    this.#held = new Bitfield(options.ledger.geometry.pieceCount);
    for (const piece of options.ledger.verified) if (options.holds(piece)) this.#held.add(piece);
  }

  /** Joins the two halves; must come before the first peer. */
  attach(exchange: BlockExchange): void {
    this.#exchange = exchange;
  }

  /** Connections, half-open ones included. */
  get connectionCount(): number {
    return this.#all.size + this.#dialling.size + this.#dialling.pending;
  }

  /** Dials as many addresses as there is room for. */
  dial(): void {
    const { book, clock, maxPeers } = this.#options;
    while (!this.#ended.signal.aborted) {
      if (this.connectionCount >= maxPeers && !this.#closeUseless()) return;
      const address = book.next(clock.nowMs());
      if (address === undefined) return;
      void this.#dialling.add(() => this.#dialOne(address));
    }
  }

  /** A peer connected to us. */
  accept(stream: ByteStream): void {
    const address = this.connectionCount < this.#options.maxPeers ? this.#options.book.accept(stream.remote) : undefined;
    if (address === undefined || this.#ended.signal.aborted) return stream.close();
    this.#begin(address, stream, true);
  }

  /** Looks after every peer's timeouts and window. Called about ten times a second. */
  tick(nowMs: number): void {
    for (const peer of [...this.#all]) peer.tick(nowMs);
    for (const peer of this.ready.values()) this.#exchange?.fill(peer);
    this.dial();
  }

  /** Stops reading from every peer for `reason`, until each reason given was taken back. */
  pause(reason: string): void {
    this.#pauseReasons.add(reason);
    for (const peer of this.#all) peer.setPaused(true);
  }

  resume(reason: string): void {
    if (!this.#pauseReasons.delete(reason) || this.#pauseReasons.size > 0) return;
    for (const peer of this.#all) peer.setPaused(false);
  }

  /** A piece is on disk: peers that lack it are told, and those that have nothing else for us become uninteresting. */
  pieceVerified(pieceIndex: number): void {
    const isHeld = this.#options.holds(pieceIndex);
    if (isHeld) this.#held.add(pieceIndex);
    for (const peer of this.ready.values()) {
      if (!peer.protocol.peerHas.has(pieceIndex)) {
        if (isHeld) peer.protocol.sendHave(pieceIndex);
      } else {
        peer.neededCount--;
        peer.setInterested(peer.neededCount > 0);
      }
    }
  }

  /** Sends what the machines have gathered since. */
  flush(): void {
    for (const peer of this.ready.values()) peer.flush();
  }

  /** The address of the peer with this number, connected or not, for people. */
  nameOf(number: number): string {
    const address = this.#options.book.byNumber(number);
    return address === undefined ? 'a peer that is gone' : formatEndpoint(address.endpoint);
  }

  /** Bans the peer with this number and closes its connection if there is one. Returns its name. */
  ban(number: number): string {
    const { book } = this.#options;
    const name = this.nameOf(number);
    const address = book.byNumber(number);
    if (address !== undefined) book.ban(address);
    this.ready.get(number)?.close(new ProtocolError(`${name} sent wrong bytes`));
    return name;
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    this.#ended.abort();
    for (const peer of [...this.#all]) peer.close();
    await this.#dialling.onIdle();
  }

  peerReady(peer: Peer): void {
    if (this.#isKnown(peer)) return peer.close(new ProtocolError(`${peer.name} is connected already, from another address`));
    this.readyEver++;
    this.ready.set(peer.number, peer);
    peer.protocol.sendIntroduction(this.#held);
    this.#options.listener.peerConnected(peer.name, peer.protocol.client);
  }

  piecesLearned(peer: Peer): void {
    const { ledger } = this.#options;
    const { peerHas } = peer.protocol;
    peer.isCounted = !peerHas.isFull;
    if (peer.isCounted) for (const piece of peerHas) ledger.missing.increase(piece);
    peer.neededCount = peerHas.countCommon(ledger.needed);
    peer.setInterested(peer.neededCount > 0);
  }

  pieceLearned(peer: Peer, pieceIndex: number): void {
    const { ledger } = this.#options;
    // A peer that never sent a bitfield begins with nothing and is counted from its first `have`.
    if (peer.protocol.peerHas.count === 1) peer.isCounted = true;
    if (peer.isCounted) ledger.missing.increase(pieceIndex);
    if (!ledger.needed.has(pieceIndex)) return;
    peer.neededCount++;
    peer.setInterested(true);
  }

  wantsRequests(peer: Peer): void {
    this.#exchange?.fill(peer);
  }

  blocksReturned(peer: Peer, blocks: readonly BlockRequest[]): void {
    this.#exchange?.blocksReturned(peer, blocks);
    for (const other of this.ready.values()) if (other !== peer) this.#exchange?.fill(other);
  }

  blockStarted(peer: Peer, block: BlockRequest): Uint8Array | undefined {
    return this.#exchange?.blockStarted(peer, block);
  }

  blockReceived(peer: Peer, arrival: BlockArrival): void {
    this.#exchange?.blockReceived(peer, arrival);
  }

  bytesRead(length: number): void {
    this.#options.listener.bytesRead(length);
  }

  peerClosed(peer: Peer, cause: TtorrentError | undefined): void {
    const { book, ledger, clock, listener } = this.#options;
    this.#all.delete(peer);
    const wasReady = this.ready.delete(peer.number);
    if (peer.isCounted) for (const piece of peer.protocol.peerHas) ledger.missing.decrease(piece);
    this.#exchange?.peerGone(peer);
    // Its answer came from ourselves, or for another torrent: asking again would bring the same.
    if (cause instanceof ProtocolError && !wasReady) book.retire(peer.address);
    else book.ended(peer.address, peer.receivedBytes > 0 && !(cause instanceof ProtocolError), clock.nowMs());
    listener.peerLost(peer.name, wasReady, cause);
    if (!this.#ended.signal.aborted) for (const other of this.ready.values()) this.#exchange?.fill(other);
  }

  /** The same peer id: one program that several addresses lead to. */
  #isKnown(peer: Peer): boolean {
    const id = peer.protocol.theirHandshake?.peerId;
    if (id === undefined) return false;
    for (const other of this.ready.values()) if (equalBytes(other.protocol.theirHandshake?.peerId ?? id, id)) return true;
    return false;
  }

  async #dialOne(address: PeerAddress): Promise<void> {
    const { book, clock, listener } = this.#options;
    try {
      this.#begin(address, await dialTcp(address.endpoint, this.#ended.signal), false);
    } catch (error) {
      book.ended(address, false, clock.nowMs());
      if (!this.#ended.signal.aborted) listener.peerLost(formatEndpoint(address.endpoint), false, error as TtorrentError);
    }
  }

  #begin(address: PeerAddress, stream: ByteStream, isIncoming: boolean): void {
    if (this.#ended.signal.aborted) return stream.close();
    const { handshake, listenPort, ledger, clock } = this.#options;
    const peer = new Peer(
      { address, isIncoming, ours: handshake, listenPort: listenPort(), geometry: ledger.geometry },
      stream,
      this,
      clock,
    );
    this.#all.add(peer);
    if (this.#pauseReasons.size > 0) peer.setPaused(true);
    peer.start();
  }

  /** Makes room for a better peer; false when every peer is of use, or there is nobody to take its place. */
  #closeUseless(): boolean {
    const nowMs = this.#options.clock.nowMs();
    for (const peer of this.ready.values()) {
      if (peer.uselessMs(nowMs) <= uselessMaxMs) continue;
      peer.close();
      return true;
    }
    return false;
  }
}
