// The peers of one torrent: keeps their interest and the rarity of pieces right, pauses and resumes them all, bans, closes those that have
// nothing to say to us. Who is connected is connections.ts's matter, blocks that come are block-exchange.ts's, those that go uploads.ts's,
// and which pieces peers are told of is offer.ts's.

import type { AddressBook } from '../discovery/address-book.ts';
import { NetworkError, ProtocolError, type TtorrentError } from '../errors.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import { compareBytes, equalBytes } from '../support/bytes.ts';
import type { Clock } from '../support/clock.ts';
import type { Random } from '../support/random.ts';
import { formatEndpoint } from '../support/endpoint.ts';
import type { ByteStream } from '../transport/byte-stream.ts';
import { encryptOutgoing } from '../transport/encrypted-stream.ts';
import type { Network } from '../transport/network.ts';
import type { ExtensionHandshake } from '../wire/extension.ts';
import type { Handshake } from '../wire/handshake.ts';
import type { BlockArrival } from '../wire/peer-protocol.ts';
import type { EncryptionPolicy } from '../wire/mse.ts';
import type { BlockRequest } from '../wire/request-book.ts';
import type { BlockExchange } from './block-exchange.ts';
import { Connections } from './connections.ts';
import { Offer } from './offer.ts';
import { Peer, type PeerHost } from './peer.ts';
import { PeerAccounts } from './peer-accounts.ts';
import type { PeerExchange } from './peer-exchange.ts';
import type { Uploads } from './uploads.ts';

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
  readonly network: Network;
  readonly handshake: Handshake;
  /** Where we listen, as soon as we do. */
  readonly listenPort: () => number | undefined;
  readonly maxPeers: number;
  readonly encryption: EncryptionPolicy;
  /** Whether every byte of a verified piece is on disk: pieces that reach into files that are not wanted cannot be offered. */
  readonly holds: (pieceIndex: number) => boolean;
  /** Offer one piece at a time to each peer (BEP 16). */
  readonly superSeed: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly listener: SwarmListener;
}

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
  readonly #connections: Connections;
  #willFill = false;
  #forgaveMs = 0;
  readonly #pauseReasons = new Set<string>();
  #firstResumed = 0;
  readonly #offer: Offer;
  #exchange: BlockExchange | undefined;
  #uploads: Uploads | undefined;
  #pex: PeerExchange | undefined;

  constructor(options: SwarmOptions) {
    this.#options = options;
    const { book, network, maxPeers, clock } = options;
    this.#connections = new Connections(book, network, maxPeers, clock, {
      encrypt: (stream) => encryptOutgoing(stream, options.handshake.infohash, options.encryption),
      makePeer: (address, stream, isIncoming) => {
        const { handshake, listenPort, ledger } = options;
        const introduction = { listenPort: listenPort(), takesPex: this.#pex !== undefined, yourIp: address.endpoint.host };
        return new Peer({ address, isIncoming, ours: handshake, introduction, geometry: ledger.geometry }, stream, this, clock);
      },
      dialFailed: (address, wasTried, cause) => {
        if (wasTried) this.accounts.dialFailed(address, cause);
        options.listener.peerLost(formatEndpoint(address.endpoint), false, cause);
      },
    });
    this.#offer = new Offer({
      infohash: options.handshake.infohash,
      pieceCount: options.ledger.geometry.pieceCount,
      peers: this.ready,
      random: options.random,
      superSeed: options.superSeed,
    });
    for (const piece of options.ledger.verified) if (options.holds(piece)) this.#offer.add(piece);
  }

  /** Joins what belongs together; must come before the first peer. */
  attach(exchange: BlockExchange, uploads: Uploads, pex?: PeerExchange): void {
    this.#exchange = exchange;
    this.#uploads = uploads;
    this.#pex = pex;
  }

  /** Connections, half-open ones and those about to be dialled included. */
  get connectionCount(): number {
    return this.#connections.count;
  }

  /** Dials as many addresses as there is room for. */
  dial(): void {
    this.#connections.dial();
  }

  /** A peer connected to us. */
  accept(stream: ByteStream): void {
    this.#connections.accept(stream);
  }

  /** Looks after every peer's timeouts and window. Called about ten times a second. */
  tick(nowMs: number): void {
    if (this.#pauseReasons.size > 0) this.#exchange?.heldBack(nowMs);
    for (const peer of [...this.#connections.peers]) peer.tick(nowMs);
    this.#forgive(nowMs);
    for (const peer of this.ready.values()) {
      this.#exchange?.takeBackExcess(peer);
      this.#exchange?.fill(peer);
    }
    this.#uploads?.tick(nowMs);
    this.#pex?.tick(nowMs, this.ready.values());
    this.dial();
  }

  /** For so long we were not there to read. */
  slept(ms: number): void {
    for (const peer of this.#connections.peers) peer.slept(ms);
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
    if (this.#options.holds(pieceIndex)) this.#offer.announce(pieceIndex);
    for (const peer of this.ready.values()) {
      if (!peer.protocol.peerHas.has(pieceIndex)) continue;
      peer.neededCount--;
      peer.protocol.setInterested(peer.neededCount > 0);
    }
    if (this.#options.ledger.order !== undefined) this.#fillSoon(); // its window may have moved on
  }

  /** Everything wanted is here, and we stay: peers learn that we download nothing more, those that do neither go. */
  becomeSeed(): void {
    for (const peer of [...this.ready.values()]) {
      peer.protocol.sendExtensionHandshake(true);
      peer.flush();
      this.#closeSeed(peer);
    }
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
    for (const peer of [...this.#connections.peers]) {
      if (book.isBanned(peer.address.endpoint)) peer.close(new ProtocolError(`${peer.name} sent wrong bytes`));
    }
    this.accounts.banned(address);
    return this.nameOf(number);
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    await this.#connections.close();
  }

  peerReady(peer: Peer): void {
    this.#connections.answered(peer);
    const other = this.#sameAs(peer);
    if (other !== undefined) {
      const [kept, superfluous] = this.#isToBeKept(peer, other) ? [peer, other] : [other, peer];
      // Its address is not dialled while the other connection lives.
      kept.otherAddresses.push(superfluous.address, ...superfluous.otherAddresses.splice(0));
      superfluous.isDuplicate = true;
      superfluous.close(new NetworkError(`${superfluous.name} is connected already, by another port`));
      if (kept === other) return;
    }
    this.readyEver++;
    this.ready.set(peer.number, peer);
    if (this.#pauseReasons.size > 0) peer.setPaused(true);
    this.#offer.introduce(peer, this.#isSeeding);
    this.#options.listener.peerConnected(peer.name);
  }

  peerIntroduced(peer: Peer, handshake: ExtensionHandshake): void {
    const { client, uploadOnly, yourIp, listenPort } = handshake;
    const { host } = peer.address.endpoint;
    peer.isUploadOnly = uploadOnly;
    if (yourIp !== undefined) this.#options.book.seenAs(yourIp, host, this.#options.listenPort() ?? 1);
    if (listenPort !== undefined && peer.listensAt === undefined) {
      peer.listensAt = { host, port: listenPort };
      peer.otherAddresses.push(...[this.#options.book.claim(peer.listensAt) ?? []].flat());
    }
    this.#pex?.introduced(peer, handshake);
    this.#closeSeed(peer);
    if (client === undefined || peer.isClosed) return;
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
    this.#offer.piecesLearned(peer);
    this.#closeSeed(peer);
  }

  pieceLearned(peer: Peer, pieceIndex: number): void {
    const { ledger } = this.#options;
    // A peer that never sent a bitfield begins with nothing and is counted from its first `have`.
    if (peer.protocol.peerHas.count === 1) peer.isCounted = true;
    if (peer.isCounted) ledger.missing.increase(pieceIndex);
    this.#offer.pieceLearned(peer, pieceIndex);
    if (peer.protocol.peerHas.isFull) this.#closeSeed(peer);
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

  pexReceived(peer: Peer, payload: Uint8Array): void {
    this.#pex?.received(peer, payload);
  }

  mayHave(peer: Peer, pieceIndex: number): boolean {
    return this.#offer.mayHave(peer, pieceIndex);
  }

  interestChanged(): void {
    this.#uploads?.interestChanged();
  }

  wantsBlocks(peer: Peer): void {
    this.#uploads?.serve(peer);
  }

  bytesRead(length: number): void {
    this.#options.listener.bytesRead(length);
  }

  peerClosed(peer: Peer, cause: TtorrentError | undefined): void {
    const { book, ledger, clock, listener } = this.#options;
    this.#connections.peers.delete(peer);
    const wasReady = this.ready.delete(peer.number);
    this.accounts.closed(peer, wasReady, this.#connections.isOver, cause, clock.nowMs());
    if (peer.isCounted) for (const piece of peer.protocol.peerHas) ledger.missing.decrease(piece);
    this.#exchange?.peerGone(peer);
    this.#uploads?.peerGone(peer);
    if (wasReady) this.#offer.peerGone(peer);
    this.#pex?.gone(peer);
    const hasServed = peer.receivedBytes > 0 && !(cause instanceof ProtocolError);
    for (const address of peer.otherAddresses) book.ended(address, hasServed, clock.nowMs());
    // Its answer came from ourselves, or for another torrent: asking again would bring the same.
    if (cause instanceof ProtocolError && !wasReady) book.retire(peer.address);
    // A time-out of ours has no cause of the system's.
    else if (!peer.protocol.isReady && !peer.isIncoming)
      book.unanswered(peer.address, cause === undefined || cause.cause !== undefined, clock.nowMs());
    // The address of a duplicate is free when the connection that was kept ends.
    else if (!peer.isDuplicate) book.ended(peer.address, hasServed, clock.nowMs());
    listener.peerLost(peer.name, wasReady, cause);
    this.#fillSoon();
  }

  get lacksDescriptors(): boolean {
    return this.#connections.lacksDescriptors;
  }

  get #isSeeding(): boolean {
    return this.#options.ledger.isComplete;
  }

  /** Two that download nothing have nothing to say to each other. */
  #closeSeed(peer: Peer): void {
    if (!this.#isSeeding || peer.isClosed || !(peer.protocol.peerHas.isFull || peer.isUploadOnly)) return;
    for (const address of [peer.address, ...peer.otherAddresses]) this.#options.book.retire(address);
    peer.close();
  }

  /** Now and then pieces on parole get another chance. */
  #forgive(nowMs: number): void {
    if (nowMs - this.#forgaveMs < forgiveEveryMs) return;
    this.#forgaveMs = nowMs;
    this.#options.ledger.forgiveOnParole();
  }

  /** A peer with the same id on the same host: one program, reached by two ports. */
  #sameAs(peer: Peer): Peer | undefined {
    const id = peer.protocol.theirHandshake?.peerId;
    for (const other of this.ready.values()) {
      const otherId = other.protocol.theirHandshake?.peerId;
      if (other.address.endpoint.host !== peer.address.endpoint.host || id === undefined || otherId === undefined) continue;
      if (equalBytes(id, otherId)) return other;
    }
    return undefined;
  }

  /**
   * Of two connections to one program, whether `peer`, the later one, is to be kept. When each side dialled the other, both must come to the
   * same answer: the connection stays that the one with the larger peer id made.
   */
  #isToBeKept(peer: Peer, other: Peer): boolean {
    if (peer.isIncoming === other.isIncoming) return false;
    const theirs = peer.protocol.theirHandshake?.peerId ?? new Uint8Array(0);
    const isOursLarger = compareBytes(this.#options.handshake.peerId, theirs) > 0;
    return peer.isIncoming !== isOursLarger;
  }

  /** Blocks became free: after this turn everybody may ask for them, once, however many gave them back. */
  #fillSoon(): void {
    if (this.#willFill || this.#connections.isOver) return;
    this.#willFill = true;
    this.#options.clock.setTimer(0, () => {
      this.#willFill = false;
      for (const peer of this.ready.values()) this.#exchange?.fill(peer);
    });
  }
}
