// One connection to a peer: joins its byte stream, decoder, protocol machine and request window, keeps its times, and turns the
// machine's calls into calls on the swarm. It decides nothing about pieces.

import type { PeerAddress } from '../discovery/address-entry.ts';
import { peerLimits } from '../config.ts';
import { NetworkError, ProtocolError, type TtorrentError } from '../errors.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { Deliverer } from '../pieces/endgame.ts';
import type { PickerPeer } from '../pieces/picker.ts';
import type { Bitfield } from '../support/bitfield.ts';
import type { Clock } from '../support/clock.ts';
import { type Endpoint, formatEndpoint } from '../support/endpoint.ts';
import { formatDuration } from '../support/format-duration.ts';
import type { ByteStream, ByteStreamListener } from '../transport/byte-stream.ts';
import { WireDecoder } from '../wire/decoder.ts';
import type { ExtensionHandshake } from '../wire/extension.ts';
import type { Handshake } from '../wire/handshake.ts';
import { type BlockArrival, type Introduction, PeerProtocol, type PeerProtocolListener } from '../wire/peer-protocol.ts';
import type { BlockRequest } from '../wire/request-book.ts';
import { RequestWindow } from '../wire/request-window.ts';
import { FloodWatch } from './flood-watch.ts';
import { PeerSender } from './peer-sender.ts';
import { PeerTimes } from './peer-times.ts';
import type { Chokable } from './choker.ts';

/** What a peer tells the swarm. */
export interface PeerHost {
  peerReady(peer: Peer): void;
  /** It said which client it is (BEP 10). */
  peerIntroduced(peer: Peer, handshake: ExtensionHandshake): void;
  piecesLearned(peer: Peer): void;
  pieceLearned(peer: Peer, pieceIndex: number): void;
  /** It may be asked for blocks, and its window has room. */
  wantsRequests(peer: Peer): void;
  blocksReturned(peer: Peer, blocks: readonly BlockRequest[]): void;
  blockStarted(peer: Peer, block: BlockRequest): Uint8Array | undefined;
  blockReceived(peer: Peer, arrival: BlockArrival): void;
  /** A block of so many bytes came that nobody had asked for. */
  blockUnasked(length: number): void;
  /** A message of peer exchange came. May throw ProtocolError. */
  pexReceived(peer: Peer, payload: Uint8Array): void;
  /** Whether it may have this piece of us. */
  mayHave(peer: Peer, pieceIndex: number): boolean;
  /** It became interested in us, or lost its interest. */
  interestChanged(peer: Peer): void;
  /** It waits for blocks, and its stream has room for them. */
  wantsBlocks(peer: Peer): void;
  /** So many bytes were read from the network. */
  bytesRead(length: number): void;
  peerClosed(peer: Peer, cause: TtorrentError | undefined): void;
}

/** How often a peer with nothing else to do may look for blocks to ask for twice. */
const askTwiceEveryMs = 50;
/** A window is refilled when a quarter of it is free: one write for many requests. */
const refillShare = 0.75;

/** A peer of the swarm. Whoever makes it calls `start`; it reports its own end to the host, once. */
export class Peer implements PeerProtocolListener, ByteStreamListener, PickerPeer, Deliverer, Chokable {
  readonly address: PeerAddress;
  readonly name: string;
  readonly protocol: PeerProtocol;
  readonly window = new RequestWindow();
  readonly sender: PeerSender;
  readonly isIncoming: boolean;
  /** How many pieces it has that we need. */
  neededCount = 0;
  /** Its pieces are in the rarity order (a seed's are not: they would raise every count alike). */
  isCounted = false;
  /** Where it listens: where it was dialled, or what it says, once it does. */
  listensAt: Endpoint | undefined;
  /** Other addresses by which the same program was reached, not to be dialled meanwhile. */
  readonly otherAddresses: PeerAddress[] = [];
  /** It is closed in favour of another connection to the same program. */
  isDuplicate = false;
  /** It downloads nothing (BEP 21). */
  isUploadOnly = false;
  /** It owed us blocks for too long: asked for one at a time until it delivers. */
  isSnubbed = false;
  /** Payload bytes that came from it. */
  receivedBytes = 0;
  /** When its first block was here, on the clock. */
  firstBlockMs: number | undefined;
  /** When its handshake was done, on the clock. */
  connectedMs = 0;
  readonly #decoder: WireDecoder;
  readonly #stream: ByteStream;
  readonly #host: PeerHost;
  readonly #clock: Clock;
  readonly #times: PeerTimes;
  readonly #flood: FloodWatch;
  #nowMs: number;
  #askedTwiceMs = Number.NEGATIVE_INFINITY;
  #isPaused = false;
  #isSendFull = false;
  #closed = false;

  constructor(
    options: {
      address: PeerAddress;
      isIncoming: boolean;
      ours: Handshake;
      introduction: Introduction;
      geometry: Geometry;
    },
    stream: ByteStream,
    host: PeerHost,
    clock: Clock,
  ) {
    this.address = options.address;
    this.name = formatEndpoint(options.address.endpoint);
    this.isIncoming = options.isIncoming;
    this.listensAt = options.isIncoming ? undefined : options.address.endpoint;
    this.#stream = stream;
    this.#host = host;
    this.#clock = clock;
    this.#nowMs = clock.nowMs();
    this.#times = new PeerTimes(this.#nowMs);
    this.#flood = new FloodWatch(options.geometry.pieceCount);
    this.protocol = new PeerProtocol(options.geometry, options.ours, options.introduction, this);
    this.sender = new PeerSender(stream, this.protocol.outgoing);
    this.#decoder = new WireDecoder(options.geometry.pieceCount, this.protocol);
  }

  /** Begins to talk: whoever dialled speaks first. */
  start(): void {
    if (!this.isIncoming) this.protocol.sendHandshake();
    this.flush();
    this.#stream.start(this);
    // Not by pausing what was begun: a socket of Node's that is resumed and paused in one turn goes on reading.
    if (!this.#isPaused) this.#stream.resume();
  }

  get number(): number {
    return this.address.number;
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
    return this.#times.quietMs(this.#clock.nowMs());
  }

  /** While it chokes us: the pieces that it gives all the same (BEP 6); else undefined. */
  get onlyPieces(): ReadonlySet<number> | undefined {
    return this.protocol.peerChokesUs ? this.protocol.allowedFast : undefined;
  }

  get pieces(): Bitfield {
    return this.protocol.peerHas;
  }

  get isChoked(): boolean {
    return this.protocol.uploads.isChoked;
  }

  get isInterested(): boolean {
    return this.protocol.uploads.isInterested;
  }

  get sentBytes(): number {
    return this.sender.sentBytes;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** It waits for blocks of ours, and there is nothing on its way to it. */
  get canTakeBlocks(): boolean {
    return !this.#closed && this.protocol.uploads.waiting > 0 && this.sender.hasRoom;
  }

  /** How long it has owed us blocks without delivering one. */
  get owingMs(): number {
    return this.#times.owingMs(this.#clock.nowMs());
  }

  /** How long it has given us nothing and taken nothing of us. */
  uselessMs(nowMs: number): number {
    return this.#times.uselessMs(nowMs);
  }

  /** Whether it is time to look for blocks that others hold up; the look is at everything on request, so it is not taken at each chunk. */
  mayAskTwice(nowMs: number): boolean {
    if (nowMs - this.#askedTwiceMs < askTwiceEveryMs) return false;
    this.#askedTwiceMs = nowMs;
    return true;
  }

  /** How many blocks to ask for now; 0 unless enough room has gathered to be worth a message. */
  get room(): number {
    if (this.#closed || !this.protocol.weAreInterested || !this.protocol.mayRequestAnything) return 0;
    if (this.#times.isResting(this.#clock.nowMs())) return 0;
    const size = this.isSnubbed ? 1 : this.window.size;
    const outstanding = this.protocol.outstanding.size;
    return outstanding > size * refillShare ? 0 : size - outstanding;
  }

  /** Takes back the requests that it is too slow to answer soon, and gives the blocks. */
  cancelExcess(): readonly BlockRequest[] {
    const { bearable } = this.window;
    if (this.protocol.outstanding.size <= bearable) return [];
    const excess = [...this.protocol.outstanding.values()].slice(bearable);
    for (const { pieceIndex, blockIndex } of excess) this.protocol.cancel(pieceIndex, blockIndex);
    return excess;
  }

  request(pieceIndex: number, blockIndex: number): void {
    const nowMs = this.#clock.nowMs();
    const isFirst = this.protocol.outstanding.size === 0;
    if (isFirst) this.window.started(nowMs);
    this.#times.requested(nowMs, isFirst);
    this.protocol.request(pieceIndex, blockIndex, nowMs);
  }

  /** The place of the block that this peer is sending was given to another peer. */
  takeAwayBlock(): void {
    this.#decoder.abandonBlock();
    this.protocol.blockTakenAway();
  }

  /** Sends what the protocol machine has gathered. */
  flush(): void {
    if (this.#closed || !this.sender.flush(this.#nowMs)) return;
    this.#sent();
  }

  /** Sends whole `piece` messages; see PeerSender. */
  sendBlocks(bytes: Uint8Array, payloadBytes: number, taken: () => void): void {
    this.#nowMs = this.#clock.nowMs();
    this.sender.sendBlocks(bytes, payloadBytes, this.#nowMs, taken);
    this.#times.served(this.#nowMs);
    this.#sent();
  }

  #sent(): void {
    this.#times.sent(this.#nowMs);
    if (!this.sender.isFull || this.#isSendFull) return;
    this.#isSendFull = true;
    this.#stream.pause();
  }

  /** Backpressure from the disk or a rate limit. */
  setPaused(paused: boolean): void {
    if (paused === this.#isPaused) return;
    this.#isPaused = paused;
    if (paused) {
      this.#times.paused(this.#clock.nowMs());
      this.#stream.pause();
    } else {
      this.#times.resumed(this.#clock.nowMs());
      if (!this.#isSendFull) this.#stream.resume();
    }
  }

  /** Checks the peer's times. Closes it when it has been silent for too long; gives its blocks back when it stalls. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#closed) return;
    if (this.#flood.floods(this.protocol, nowMs)) return this.close(new ProtocolError(`${this.name} floods us with messages`));
    if (this.sender.stuckMs(nowMs) > peerLimits.stuckTimeoutMs)
      return this.close(new NetworkError(`${this.name} took nothing that we sent for ${peerLimits.stuckTimeoutMs / 1000} s`));
    const owesBlocks = this.protocol.outstanding.size > 0;
    switch (this.#times.verdict(nowMs, this.protocol.isReady, owesBlocks, this.window.minRoundTripMs)) {
      case 'no-handshake':
        return this.close(new NetworkError(`${this.name} sent no handshake in ${formatDuration(peerLimits.handshakeTimeoutMs)}`));
      case 'silent':
        return this.close(new NetworkError(`${this.name} was silent for ${formatDuration(peerLimits.silenceTimeoutMs)}`));
      case 'owes-too-long':
        return this.close(new NetworkError(`${this.name} owed us a block for over ${formatDuration(peerLimits.snubDropMs)}`));
      case 'stalls':
        this.isSnubbed = true;
        this.#host.blocksReturned(this, this.protocol.cancelOutstanding());
        break;
      case 'fine':
        break;
    }
    if (this.protocol.isReady && this.#times.needsKeepAlive(nowMs)) this.protocol.sendKeepAlive();
    this.flush();
  }

  /** For so long we were not there to read. */
  slept(ms: number): void {
    this.#times.slept(ms);
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
    this.#nowMs = this.#clock.nowMs();
    this.#times.read(this.#nowMs, this.#decoder.isInsideBlock);
    this.#host.bytesRead(chunk.length);
    try {
      this.#decoder.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.close(error);
    }
    if (this.room > 0) this.#host.wantsRequests(this);
    if (this.canTakeBlocks) this.#host.wantsBlocks(this);
    this.flush();
  }

  drained(): void {
    this.sender.drained(this.#clock.nowMs());
    if (this.#isSendFull) {
      this.#isSendFull = false;
      if (!this.#isPaused) this.#stream.resume();
    }
    if (this.canTakeBlocks) this.#host.wantsBlocks(this);
  }

  closed(cause: TtorrentError | undefined): void {
    this.close(cause);
  }

  handshakeDone(): void {
    if (!this.isIncoming) this.window.handshakeAnswered(this.#nowMs - this.#times.startedMs);
    this.connectedMs = this.#nowMs;
    this.#host.peerReady(this);
  }

  piecesLearned(): void {
    this.#host.piecesLearned(this);
  }

  pieceLearned(pieceIndex: number): void {
    this.#host.pieceLearned(this, pieceIndex);
  }

  blocksReturned(blocks: readonly BlockRequest[]): void {
    if (this.protocol.outstanding.size === 0) this.#times.owesNothing();
    if (!this.protocol.peerChokesUs) this.#times.rejected(this.#nowMs);
    this.#host.blocksReturned(this, blocks);
  }

  extensionsLearned(handshake: ExtensionHandshake): void {
    this.#host.peerIntroduced(this, handshake);
    if (handshake.requestQueue !== undefined) this.window.setPeerLimit(handshake.requestQueue);
  }

  blockStarted(block: BlockRequest): Uint8Array | undefined {
    return this.#host.blockStarted(this, block);
  }

  blockReceived(arrival: BlockArrival): void {
    this.#times.delivered(this.#nowMs, this.protocol.outstanding.size > 0);
    this.isSnubbed = false;
    this.receivedBytes += arrival.length;
    this.firstBlockMs ??= this.#nowMs;
    this.window.blockArrived(arrival.length, this.#nowMs - arrival.block.sentMs, this.#nowMs);
    this.#host.blockReceived(this, arrival);
  }

  blockUnasked(length: number): void {
    this.#host.blockUnasked(length);
  }

  pexReceived(payload: Uint8Array): void {
    this.#host.pexReceived(this, payload);
  }

  mayHave(pieceIndex: number): boolean {
    return this.#host.mayHave(this, pieceIndex);
  }

  interestChanged(): void {
    this.#host.interestChanged(this);
  }
}
