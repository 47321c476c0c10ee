// One connection to a peer: joins its byte stream, decoder, protocol machine and request window, keeps its times, and turns the
// machine's calls into calls on the swarm. It decides nothing about pieces.

import type { PeerAddress } from '../discovery/address-book.ts';
import { peerLimits, wireLimits } from '../config.ts';
import { NetworkError, ProtocolError, type TtorrentError } from '../errors.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { Deliverer } from '../pieces/endgame.ts';
import type { PickerPeer } from '../pieces/picker.ts';
import type { Clock } from '../support/clock.ts';
import { formatEndpoint } from '../support/endpoint.ts';
import type { ByteStream, ByteStreamListener } from '../transport/byte-stream.ts';
import { WireDecoder } from '../wire/decoder.ts';
import type { ExtensionHandshake } from '../wire/extension.ts';
import type { Handshake } from '../wire/handshake.ts';
import { type BlockArrival, PeerProtocol, type PeerProtocolListener } from '../wire/peer-protocol.ts';
import type { BlockRequest } from '../wire/request-book.ts';
import { RequestWindow } from '../wire/request-window.ts';

/** What a peer tells the swarm. */
export interface PeerHost {
  peerReady(peer: Peer): void;
  piecesLearned(peer: Peer): void;
  pieceLearned(peer: Peer, pieceIndex: number): void;
  /** It may be asked for blocks, and its window has room. */
  wantsRequests(peer: Peer): void;
  blocksReturned(peer: Peer, blocks: readonly BlockRequest[]): void;
  blockStarted(peer: Peer, block: BlockRequest): Uint8Array | undefined;
  blockReceived(peer: Peer, arrival: BlockArrival): void;
  /** So many bytes were read from the network. */
  bytesRead(length: number): void;
  peerClosed(peer: Peer, cause: TtorrentError | undefined): void;
}

/** A peer that does not read while it asks a lot is not read from: its answers wait here, no more than this. */
const unsentBytesMax = 512 * 1024;
/** The rest after a rejected request; it doubles with each one in a row. */
const restFirstMs = 100;
const restMaxMs = 20_000;
/** A window is refilled when a quarter of it is free: one write for many requests. */
const refillShare = 0.75;

export class Peer implements PeerProtocolListener, ByteStreamListener, PickerPeer, Deliverer {
  readonly address: PeerAddress;
  readonly name: string;
  readonly protocol: PeerProtocol;
  readonly window = new RequestWindow();
  readonly isIncoming: boolean;
  /** How many pieces it has that we need. */
  neededCount = 0;
  /** Its pieces are in the rarity order (a seed's are not: they would raise every count alike). */
  isCounted = false;
  /** It owed us blocks for too long: asked for one at a time until it delivers. */
  isSnubbed = false;
  /** Payload bytes that came from it. */
  receivedBytes = 0;
  readonly #decoder: WireDecoder;
  readonly #stream: ByteStream;
  readonly #host: PeerHost;
  readonly #clock: Clock;
  readonly #startedMs: number;
  #nowMs: number;
  #lastReadMs: number;
  #lastSentMs: number;
  /** When payload last came, or waiting for it began. */
  #lastProgressMs: number;
  /** Since when it has owed us blocks without delivering one. */
  #owesSinceMs: number | undefined;
  #uselessSinceMs: number | undefined;
  /** Requests in a row that it rejected although it does not choke us, and until when it is left alone for that. */
  #rejects = 0;
  #restUntilMs = 0;
  #isPaused = false;
  #isSendFull = false;
  #closed = false;

  constructor(
    options: { address: PeerAddress; isIncoming: boolean; ours: Handshake; listenPort: number | undefined; geometry: Geometry },
    stream: ByteStream,
    host: PeerHost,
    clock: Clock,
  ) {
    this.address = options.address;
    this.name = formatEndpoint(options.address.endpoint);
    this.isIncoming = options.isIncoming;
    this.#stream = stream;
    this.#host = host;
    this.#clock = clock;
    this.#nowMs = clock.nowMs();
    this.#startedMs = this.#lastReadMs = this.#lastSentMs = this.#lastProgressMs = this.#nowMs;
    this.protocol = new PeerProtocol(options.geometry, options.ours, options.listenPort, this);
    this.#decoder = new WireDecoder(options.geometry.pieceCount, this.protocol);
  }

  /** Begins to talk: whoever dialled speaks first. */
  start(): void {
    if (!this.isIncoming) this.protocol.sendHandshake();
    this.flush();
    this.#stream.start(this);
  }

  get number(): number {
    return this.address.number;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  canGive(pieceIndex: number): boolean {
    return this.protocol.peerHas.has(pieceIndex) && this.protocol.mayRequest(pieceIndex);
  }

  get rate(): number {
    return this.window.bestRate;
  }

  get minRoundTripMs(): number {
    return this.window.minRoundTripMs;
  }

  get outstanding(): Iterable<BlockRequest> {
    return this.protocol.outstanding.values();
  }

  get outstandingCount(): number {
    return this.protocol.outstanding.size;
  }

  get quietMs(): number {
    return this.#clock.nowMs() - this.#lastProgressMs;
  }

  /** How long it has had nothing for us; 0 when it has. */
  uselessMs(nowMs: number): number {
    return this.#uselessSinceMs === undefined ? 0 : nowMs - this.#uselessSinceMs;
  }

  /** How many blocks to ask for now; 0 unless enough room has gathered to be worth a message. */
  get room(): number {
    if (this.#closed || !this.protocol.weAreInterested || !this.protocol.mayRequestAnything || this.#nowMs < this.#restUntilMs) return 0;
    const size = this.isSnubbed ? 1 : this.window.size;
    const outstanding = this.protocol.outstanding.size;
    return outstanding > size * refillShare ? 0 : size - outstanding;
  }

  request(pieceIndex: number, blockIndex: number): void {
    if (this.protocol.outstanding.size === 0) {
      this.window.started(this.#nowMs);
      this.#lastProgressMs = this.#nowMs;
    }
    this.#owesSinceMs ??= this.#nowMs;
    this.protocol.request(pieceIndex, blockIndex, this.#nowMs);
  }

  /** The place of the block that this peer is sending was given to another peer. */
  takeAwayBlock(): void {
    this.#decoder.abandonBlock();
    this.protocol.blockTakenAway();
  }

  setInterested(interested: boolean): void {
    this.protocol.setInterested(interested);
    this.#uselessSinceMs = interested ? undefined : (this.#uselessSinceMs ?? this.#nowMs);
  }

  /** Sends what the protocol machine has gathered. */
  flush(): void {
    const bytes = this.protocol.outgoing.take();
    if (bytes === undefined || this.#closed) return;
    this.#lastSentMs = this.#nowMs;
    this.#stream.send(bytes);
    if (this.#stream.unsentBytes > unsentBytesMax && !this.#isSendFull) {
      this.#isSendFull = true;
      this.#stream.pause();
    }
  }

  /** Backpressure from the disk or a rate limit. */
  setPaused(paused: boolean): void {
    if (paused === this.#isPaused) return;
    this.#isPaused = paused;
    if (paused) this.#stream.pause();
    else {
      // The time we did not read is not the peer's fault.
      this.#nowMs = this.#lastReadMs = this.#lastProgressMs = this.#clock.nowMs();
      if (this.#owesSinceMs !== undefined) this.#owesSinceMs = this.#nowMs;
      if (!this.#isSendFull) this.#stream.resume();
    }
  }

  /** Checks the peer's times. Closes it when it has been silent for too long; gives its blocks back when it stalls. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#closed || this.#isPaused) return;
    if (!this.protocol.isReady) {
      if (nowMs - this.#startedMs > peerLimits.handshakeTimeoutMs)
        this.close(new NetworkError(`${this.name} sent no handshake in ${peerLimits.handshakeTimeoutMs / 1000} s`));
      return;
    }
    if (nowMs - this.#lastReadMs > peerLimits.silenceTimeoutMs)
      return this.close(new NetworkError(`${this.name} was silent for ${peerLimits.silenceTimeoutMs / 1000} s`));
    if (nowMs - this.#lastSentMs > peerLimits.keepAliveMs) this.protocol.sendKeepAlive();
    if (this.protocol.outstanding.size > 0) this.#checkDelivery(nowMs);
    this.flush();
  }

  close(cause?: TtorrentError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#decoder.close();
    this.#stream.close();
    this.#host.peerClosed(this, cause);
  }

  bytesReceived(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#nowMs = this.#lastReadMs = this.#clock.nowMs();
    if (this.#decoder.isInsideBlock) this.#lastProgressMs = this.#nowMs;
    this.#host.bytesRead(chunk.length);
    try {
      this.#decoder.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.close(error);
    }
    if (this.room > 0) this.#host.wantsRequests(this);
    this.flush();
  }

  drained(): void {
    if (!this.#isSendFull) return;
    this.#isSendFull = false;
    if (!this.#isPaused) this.#stream.resume();
  }

  closed(cause: TtorrentError | undefined): void {
    this.close(cause);
  }

  handshakeDone(): void {
    this.#host.peerReady(this);
  }

  piecesLearned(): void {
    this.#host.piecesLearned(this);
  }

  pieceLearned(pieceIndex: number): void {
    this.#host.pieceLearned(this, pieceIndex);
  }

  requestsAllowed(): void {
    // Room is looked at when the whole chunk has been decoded.
  }

  blocksReturned(blocks: readonly BlockRequest[]): void {
    if (this.protocol.outstanding.size === 0) this.#owesSinceMs = undefined;
    // Asking at once for what was just rejected would go round in a circle as fast as the link allows.
    if (!this.protocol.peerChokesUs) this.#restUntilMs = this.#nowMs + Math.min(restFirstMs * 2 ** this.#rejects++, restMaxMs);
    this.#host.blocksReturned(this, blocks);
  }

  extensionsLearned(handshake: ExtensionHandshake): void {
    if (handshake.requestQueue !== undefined) this.window.setPeerLimit(handshake.requestQueue);
  }

  blockStarted(block: BlockRequest): Uint8Array | undefined {
    return this.#host.blockStarted(this, block);
  }

  blockReceived(arrival: BlockArrival): void {
    this.#lastProgressMs = this.#nowMs;
    this.#owesSinceMs = this.protocol.outstanding.size > 0 ? this.#nowMs : undefined;
    this.isSnubbed = false;
    this.#rejects = 0;
    this.receivedBytes += arrival.length;
    this.window.blockArrived(arrival.length, this.#nowMs - arrival.block.sentMs, this.#nowMs);
    this.#host.blockReceived(this, arrival);
  }

  #checkDelivery(nowMs: number): void {
    const roundTripMs = Number.isFinite(this.window.minRoundTripMs) ? this.window.minRoundTripMs : peerLimits.requestTimeoutMinMs;
    const patienceMs = Math.min(Math.max(4 * roundTripMs, peerLimits.requestTimeoutMinMs), peerLimits.requestTimeoutMaxMs);
    if (this.#owesSinceMs !== undefined && nowMs - this.#owesSinceMs > peerLimits.snubDropMs)
      return this.close(
        new NetworkError(`${this.name} owed a block of ${wireLimits.blockBytes / 1024} KiB for over ${peerLimits.snubDropMs / 1000} s`),
      );
    if (nowMs - this.#lastProgressMs <= patienceMs) return;
    this.isSnubbed = true;
    this.#host.blocksReturned(this, this.protocol.giveUpOutstanding());
  }
}
