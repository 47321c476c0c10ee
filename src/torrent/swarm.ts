// The peers of one torrent: dials those the address book proposes, takes those that connect to us, keeps their interest and the rarity
// of pieces right, pauses and resumes them all, closes those that are of no use. Blocks are block-exchange.ts's matter.

import { peerLimits, storageLimits } from '../config.ts';
import type { AddressBook, PeerAddress } from '../discovery/address-book.ts';
import { NetworkError, ProtocolError, type TtorrentError } from '../errors.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import { isOutOfDescriptors } from '../storage/storage-error.ts';
import { Bitfield } from '../support/bitfield.ts';
import { equalBytes } from '../support/bytes.ts';
import type { Clock } from '../support/clock.ts';
import { formatEndpoint } from '../support/endpoint.ts';
import type { ByteStream } from '../transport/byte-stream.ts';
import type { ExtensionHandshake } from '../wire/extension.ts';
import type { Handshake } from '../wire/handshake.ts';
import type { BlockArrival } from '../wire/peer-protocol.ts';
import type { BlockRequest } from '../wire/request-book.ts';
import type { BlockExchange } from './block-exchange.ts';
import { Budget } from './budget.ts';
import { Dialler } from './dialler.ts';
import { Peer, type PeerHost } from './peer.ts';
import { PeerAccounts } from './peer-accounts.ts';

/** What the torrent hears of its peers. */
export interface SwarmListener {
  peerConnected(name: string): void;
  /** It said which client it is. */
  peerIntroduced(name: string, client: string): void;
  /** `wasReady` tells whether it had got past its handshake. */
  peerLost(name: string, wasReady: boolean, cause: TtorrentError | undefined): void;
  bytesRead(length: number): void;
}

/** What a swarm is made of. */
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

/** With every place taken, a peer that has given us nothing for so long makes room for one that might. */
const uselessMaxMs = 60_000;

/** What is left to files, trackers and name servers when the system gives us no more descriptors. */
const spareDescriptors = storageLimits.openFiles + 16;
const makeDoEveryMs = 1_000;

/** How long a piece on parole that only failed peers have waits for another one. */
const forgiveEveryMs = 2_000;

/** Who we are connected to. */
export class Swarm implements PeerHost {
  /** Peers past their handshake, by number. */
  readonly ready = new Map<number, Peer>();
  /** How many connections ever got past their handshake. */
  readyEver = 0;
  readonly accounts = new PeerAccounts();
  readonly #options: SwarmOptions;
  readonly #all = new Set<Peer>();
  readonly #dialler: Dialler;
  #isOver = false;
  /** Fewer than asked for where the system has too few descriptors. */
  #maxPeers: number;
  #madeDoMs = Number.NEGATIVE_INFINITY;
  readonly #acceptPace = new Budget(peerLimits.acceptsPerSecond, 4 * peerLimits.acceptsPerSecond);
  #willFill = false;
  #forgaveMs = 0;
  readonly #pauseReasons = new Set<string>();
  #firstResumed = 0;
  /** What we offer. */
  readonly #held: Bitfield;
  #exchange: BlockExchange | undefined;

  constructor(options: SwarmOptions) {
    this.#options = options;
    this.#maxPeers = options.maxPeers;
    this.#dialler = new Dialler(options.book, options.clock, {
      dialled: (address, stream) => this.#begin(address, stream, false),
      dialFailed: (address, cause) => {
        // Without a descriptor of ours it was not tried.
        if (isOutOfDescriptors(cause.cause)) this.#makeDo();
        else this.accounts.dialFailed(address, cause);
        options.listener.peerLost(formatEndpoint(address.endpoint), false, cause);
      },
    });
    this.#held = new Bitfield(options.ledger.geometry.pieceCount);
    for (const piece of options.ledger.verified) if (options.holds(piece)) this.#held.add(piece);
  }

  /** Joins the two halves; must come before the first peer. */
  attach(exchange: BlockExchange): void {
    this.#exchange = exchange;
  }

  /** Connections, half-open ones and those about to be dialled included. */
  get connectionCount(): number {
    return this.#all.size + this.#dialler.count;
  }

  /** Dials as many addresses as there is room for. */
  dial(): void {
    const { book, clock } = this.#options;
    if (this.connectionCount >= this.#maxPeers && book.dueCount(clock.nowMs()) > 0) this.#closeUseless();
    this.#dialler.dial(this.#maxPeers - this.connectionCount);
  }

  /** A peer connected to us. */
  accept(stream: ByteStream): void {
    const isFlood = !this.#acceptPace.take(1, this.#options.clock.nowMs());
    const address = !isFlood && this.connectionCount < this.#maxPeers ? this.#options.book.accept(stream.remote) : undefined;
    if (address === undefined || this.#isOver) return stream.close();
    this.#begin(address, stream, true);
  }

  /** Looks after every peer's timeouts and window. Called about ten times a second. */
  tick(nowMs: number): void {
    if (this.#pauseReasons.size > 0) this.#exchange?.heldBack(nowMs);
    for (const peer of [...this.#all]) peer.tick(nowMs);
    this.#forgive(nowMs);
    for (const peer of this.ready.values()) {
      this.#exchange?.takeBackExcess(peer);
      this.#exchange?.fill(peer);
    }
    this.dial();
  }

  /** For so long we were not there to read. */
  slept(ms: number): void {
    for (const peer of this.#all) peer.slept(ms);
  }

  /**
   * Stops reading from every peer for `reason`, until each reason given was taken back. A peer may shake hands meanwhile: it owes us no
   * block yet, and would wait for its turn behind all who do.
   */
  pause(reason: string): void {
    this.#pauseReasons.add(reason);
    this.#exchange?.heldBack(this.#options.clock.nowMs());
    for (const peer of this.ready.values()) peer.setPaused(true);
  }

  resume(reason: string): void {
    if (!this.#pauseReasons.delete(reason) || this.#pauseReasons.size > 0) return;
    // The first to be resumed is the first to be read, and may use up the limit alone: each is the first in turn.
    const peers = [...this.ready.values()];
    this.#firstResumed = (this.#firstResumed + 1) % Math.max(peers.length, 1);
    for (const peer of [...peers.slice(this.#firstResumed), ...peers.slice(0, this.#firstResumed)]) peer.setPaused(false);
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
        peer.protocol.setInterested(peer.neededCount > 0);
      }
    }
    if (this.#options.ledger.order !== undefined) this.#fillSoon(); // its window may have moved on
  }

  /** The address of the peer with this number, connected or not, for people. */
  nameOf(number: number): string {
    const address = this.#options.book.byNumber(number);
    return address === undefined ? 'a peer that is gone' : formatEndpoint(address.endpoint);
  }

  /** A piece failed its hash, to which the peer with this number had sent blocks. Returns its name. */
  pieceFailed(number: number): string {
    const address = this.#options.book.byNumber(number);
    if (address !== undefined) this.accounts.pieceFailed(address);
    return this.nameOf(number);
  }

  /** Bans the peer with this number and closes its connections. Returns its name; undefined when it was banned already. */
  ban(number: number): string | undefined {
    const { book } = this.#options;
    const address = book.byNumber(number);
    if (address === undefined || !book.ban(address)) return undefined;
    for (const peer of [...this.#all]) {
      if (book.isBanned(peer.address.endpoint)) peer.close(new ProtocolError(`${peer.name} sent wrong bytes`));
    }
    this.accounts.banned(address);
    return this.nameOf(number);
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    this.#isOver = true;
    for (const peer of [...this.#all]) peer.close();
    await this.#dialler.close();
  }

  peerReady(peer: Peer): void {
    if (!peer.isIncoming) this.#dialler.answered();
    if (this.#isKnown(peer)) return peer.close(new NetworkError(`${peer.name} is connected already, by another port`));
    this.readyEver++;
    this.ready.set(peer.number, peer);
    if (this.#pauseReasons.size > 0) peer.setPaused(true);
    peer.protocol.sendIntroduction(this.#held);
    this.#options.listener.peerConnected(peer.name);
  }

  peerIntroduced(peer: Peer, { client, uploadOnly }: ExtensionHandshake): void {
    if (client === undefined) return;
    this.accounts.introduced(peer, client);
    this.#options.listener.peerIntroduced(peer.name, uploadOnly ? `${client}, upload only` : client);
  }

  piecesLearned(peer: Peer): void {
    const { ledger } = this.#options;
    const { peerHas } = peer.protocol;
    peer.isCounted = !peerHas.isFull;
    if (peer.isCounted) for (const piece of peerHas) ledger.missing.increase(piece);
    peer.neededCount = peerHas.countCommon(ledger.needed);
    peer.protocol.setInterested(peer.neededCount > 0);
  }

  pieceLearned(peer: Peer, pieceIndex: number): void {
    const { ledger } = this.#options;
    // A peer that never sent a bitfield begins with nothing and is counted from its first `have`.
    if (peer.protocol.peerHas.count === 1) peer.isCounted = true;
    if (peer.isCounted) ledger.missing.increase(pieceIndex);
    if (!ledger.needed.has(pieceIndex)) return;
    peer.neededCount++;
    peer.protocol.setInterested(true);
  }

  wantsRequests(peer: Peer): void {
    this.#exchange?.fill(peer);
  }

  blocksReturned(peer: Peer, blocks: readonly BlockRequest[]): void {
    this.#exchange?.blocksReturned(peer, blocks);
    this.#fillSoon();
  }

  blockStarted(peer: Peer, block: BlockRequest): Uint8Array | undefined {
    return this.#exchange?.blockStarted(peer, block);
  }

  blockReceived(peer: Peer, arrival: BlockArrival): void {
    this.#exchange?.blockReceived(peer, arrival);
  }

  blockUnasked(length: number): void {
    this.#exchange?.blockUnasked(length);
  }

  bytesRead(length: number): void {
    this.#options.listener.bytesRead(length);
  }

  peerClosed(peer: Peer, cause: TtorrentError | undefined): void {
    const { book, ledger, clock, listener } = this.#options;
    this.#all.delete(peer);
    const wasReady = this.ready.delete(peer.number);
    this.accounts.closed(peer, wasReady, this.#isOver, cause, clock.nowMs());
    if (peer.isCounted) for (const piece of peer.protocol.peerHas) ledger.missing.decrease(piece);
    this.#exchange?.peerGone(peer);
    // Its answer came from ourselves, or for another torrent: asking again would bring the same.
    if (cause instanceof ProtocolError && !wasReady) book.retire(peer.address);
    else book.ended(peer.address, peer.receivedBytes > 0 && !(cause instanceof ProtocolError), clock.nowMs());
    listener.peerLost(peer.name, wasReady, cause);
    this.#fillSoon();
  }

  /** Now and then pieces on parole get another chance. */
  #forgive(nowMs: number): void {
    if (nowMs - this.#forgaveMs < forgiveEveryMs) return;
    this.#forgaveMs = nowMs;
    this.#options.ledger.forgiveOnParole();
  }

  /** The same peer id on the same host: one program, reached by two ports. */
  #isKnown(peer: Peer): boolean {
    const id = peer.protocol.theirHandshake?.peerId;
    for (const other of this.ready.values()) {
      const otherId = other.protocol.theirHandshake?.peerId;
      if (other.address.endpoint.host !== peer.address.endpoint.host || id === undefined || otherId === undefined) continue;
      if (equalBytes(id, otherId)) return true;
    }
    return false;
  }

  /** Blocks became free: after this turn everybody may ask for them, once, however many gave them back. */
  #fillSoon(): void {
    if (this.#willFill || this.#isOver) return;
    this.#willFill = true;
    this.#options.clock.setTimer(0, () => {
      this.#willFill = false;
      for (const peer of this.ready.values()) this.#exchange?.fill(peer);
    });
  }

  #begin(address: PeerAddress, stream: ByteStream, isIncoming: boolean): void {
    if (this.#isOver || this.#options.book.isBanned(address.endpoint)) return stream.close();
    const { handshake, listenPort, ledger, clock } = this.#options;
    const peer = new Peer(
      { address, isIncoming, ours: handshake, listenPort: listenPort(), geometry: ledger.geometry },
      stream,
      this,
      clock,
    );
    this.#all.add(peer);
    peer.start();
  }

  /** Every descriptor is taken: the disk and the trackers need some, too, so the last peers go and no others come in their place. */
  #makeDo(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#madeDoMs < makeDoEveryMs) return; // of one batch of dials
    this.#madeDoMs = nowMs;
    this.#maxPeers = Math.max(Math.floor(this.#all.size / 2), this.#all.size - spareDescriptors);
    for (const peer of [...this.#all].slice(this.#maxPeers)) peer.close();
  }

  /** Closes the peer that has been of no use for longest, if that is long. */
  #closeUseless(): void {
    const nowMs = this.#options.clock.nowMs();
    let worst: Peer | undefined;
    for (const peer of this.ready.values()) if (worst === undefined || peer.uselessMs(nowMs) > worst.uselessMs(nowMs)) worst = peer;
    if (worst !== undefined && worst.uselessMs(nowMs) > uselessMaxMs) worst.close();
  }
}
