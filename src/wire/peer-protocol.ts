// One peer as the protocol sees it (BEP 3, 6, 10, 11, 20, 21): whether it chokes us, which pieces it has, what we asked of it. What it asks of
// us is upload-side.ts. A machine without I/O: decoded messages and time come in, calls on the listener and bytes to send go out. What to
// ask for is decided elsewhere.

import { userAgent, wireLimits } from '../config.ts';
import { ProtocolError } from '../errors.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import { Bitfield } from '../support/bitfield.ts';
import { equalBytes } from '../support/bytes.ts';
import type { DecoderListener } from './decoder.ts';
import {
  type ExtensionHandshake,
  type OurExtensions,
  decodeExtensionHandshake,
  encodeExtensionHandshake,
  extensionHandshakeId,
} from './extension.ts';
import { type Handshake, encodeHandshake } from './handshake.ts';
import { type BlockRange, type Message, encodeBare, encodeIndexed, encodeKeepAlive, encodeWithPayload, messageId } from './messages.ts';
import { OutgoingBytes } from './outgoing-bytes.ts';
import { ourPexId } from './pex.ts';
import { type BlockRequest, RequestBook } from './request-book.ts';
import { type UploadListener, UploadSide } from './upload-side.ts';

/** A block whose last byte has come. */
export interface BlockArrival {
  readonly block: BlockRequest;
  /** Bytes. */
  readonly length: number;
  /** It is in the place that `blockStarted` gave; else it was skipped. */
  readonly stored: boolean;
  /** We were still waiting for it; else it had been cancelled or given back before. */
  readonly wasOutstanding: boolean;
}

/** What the machine tells its torrent. Calls come while `push` of the decoder runs. */
export interface PeerProtocolListener extends UploadListener {
  /** The peer's handshake was right; ours has been written. */
  handshakeDone(): void;
  /** The set of pieces the peer has was told as a whole, once. */
  piecesLearned(): void;
  /** One more piece. */
  pieceLearned(pieceIndex: number): void;
  /** These will not come from this peer: it rejected them, or choked us, which is told even when there are none. */
  blocksReturned(blocks: readonly BlockRequest[]): void;
  /** A block that we asked for begins: its place, or undefined when it is no longer wanted. */
  blockStarted(block: BlockRequest): Uint8Array | undefined;
  blockReceived(arrival: BlockArrival): void;
  /** A block of so many bytes came that was not asked for; it is skipped. */
  blockUnasked(length: number): void;
  /** The peer said who it is (BEP 10). */
  extensionsLearned(handshake: ExtensionHandshake): void;
  /** A message of peer exchange came, not read as yet: what it says may not matter. May throw ProtocolError. */
  pexReceived(payload: Uint8Array): void;
}

/** What we say of ourselves that concerns others (BEP 10). */
export type Introduction = Pick<OurExtensions, 'listenPort' | 'takesPex' | 'yourIp'>;

/** Pieces a peer may allow us while it chokes us (BEP 6 sends about 10). */
const allowedFastMax = 128;
/** The protocol with one peer, from the handshake on. The listener's calls come from within the decoder's `push`. */
export class PeerProtocol implements DecoderListener {
  /** Bytes to send, in order. */
  readonly outgoing = new OutgoingBytes();
  /** What it wants of us. */
  readonly uploads: UploadSide;
  readonly #requests: RequestBook;
  /** Pieces that it gives while it chokes us (BEP 6). */
  readonly allowedFast = new Set<number>();
  readonly #geometry: Geometry;
  readonly #ours: Handshake;
  readonly #introduction: Introduction;
  readonly #listener: PeerProtocolListener;

  peerHas: Bitfield;
  peerChokesUs = true;
  weAreInterested = false;
  chokesReceived = 0;
  theirHandshake: Handshake | undefined;
  #messagesReceived = 0;
  #isFast = false;
  #piecesTold = false;
  #mayTellPieces = true;
  #handshakeSent = false;
  #unsolicited = 0;
  #solicited = 0;
  #arriving: BlockRequest | undefined;
  #arrivingLength = 0;
  #arrivingStored = false;
  #extensionHandshakes = 0;

  constructor(geometry: Geometry, ours: Handshake, introduction: Introduction, listener: PeerProtocolListener) {
    this.#geometry = geometry;
    this.#ours = ours;
    this.#introduction = introduction;
    this.#listener = listener;
    this.#requests = new RequestBook(geometry);
    this.uploads = new UploadSide(this.outgoing, listener);
    this.peerHas = new Bitfield(geometry.pieceCount);
  }

  /** Whether both handshakes are done. */
  get isReady(): boolean {
    return this.theirHandshake !== undefined;
  }

  /** A running count of messages that are neither blocks nor answered requests, for whoever bounds it. */
  get messagesReceived(): number {
    return this.#messagesReceived + this.uploads.refused;
  }

  /** What we asked for and still wait for, oldest first. */
  get outstanding(): ReadonlyMap<number, BlockRequest> {
    return this.#requests.outstanding;
  }

  /** Whether a request for `pieceIndex` is legal now. */
  mayRequest(pieceIndex: number): boolean {
    return !this.peerChokesUs || this.allowedFast.has(pieceIndex);
  }

  /** Whether any request is legal now. */
  get mayRequestAnything(): boolean {
    return !this.peerChokesUs || this.allowedFast.size > 0;
  }

  /** Speaks first, on a connection that we made. */
  sendHandshake(): void {
    this.#handshakeSent = true;
    this.outgoing.append(encodeHandshake(this.#ours));
  }

  /** After the handshakes: which pieces we have, which must come first (BEP 3, BEP 6), and who we are (BEP 10). */
  sendIntroduction(weHave: Bitfield, uploadOnly: boolean): void {
    this.#sendPieces(weHave);
    this.sendExtensionHandshake(uploadOnly);
  }

  /** Who we are, and whether we download nothing (any more; BEP 21). May be said again. */
  sendExtensionHandshake(uploadOnly: boolean): void {
    if (this.theirHandshake?.supportsExtensions !== true) return;
    const payload = encodeExtensionHandshake({
      client: userAgent,
      requestQueue: wireLimits.requestsWaiting,
      ...this.#introduction,
      uploadOnly,
    });
    this.sendExtended(extensionHandshakeId, payload);
  }

  /** A message of an extension, by the id that the peer gave it. */
  sendExtended(extensionId: number, payload: Uint8Array): void {
    this.outgoing.append(encodeWithPayload(messageId.extended, Uint8Array.of(extensionId, ...payload)));
  }

  #sendPieces(weHave: Bitfield): void {
    if (this.#isFast && weHave.count === 0) this.outgoing.append(encodeBare(messageId.haveNone));
    else if (this.#isFast && weHave.isFull) this.outgoing.append(encodeBare(messageId.haveAll));
    else if (weHave.count > 0) this.outgoing.append(encodeWithPayload(messageId.bitfield, weHave.bytes));
  }

  setInterested(interested: boolean): void {
    if (interested === this.weAreInterested) return;
    this.weAreInterested = interested;
    this.outgoing.append(encodeBare(interested ? messageId.interested : messageId.notInterested));
  }

  sendHave(pieceIndex: number): void {
    this.outgoing.append(encodeIndexed(messageId.have, pieceIndex));
  }

  sendKeepAlive(): void {
    this.outgoing.append(encodeKeepAlive());
  }

  /** Asks for a block. The caller has checked `mayRequest` and that the peer has the piece. */
  request(pieceIndex: number, blockIndex: number, nowMs: number): void {
    this.#requests.add({ pieceIndex, blockIndex, sentMs: nowMs });
    this.outgoing.appendBlockMessage(messageId.request, this.#requests.rangeOf(pieceIndex, blockIndex));
  }

  hasRequested(pieceIndex: number, blockIndex: number): boolean {
    return this.#requests.has(pieceIndex, blockIndex);
  }

  /** Takes a request back. The block may still come: it is then no surprise. */
  cancel(pieceIndex: number, blockIndex: number): void {
    if (!this.#requests.stopWaiting(pieceIndex, blockIndex)) return;
    const isArriving = this.#arriving?.pieceIndex === pieceIndex && this.#arriving.blockIndex === blockIndex;
    if (!isArriving) this.outgoing.appendBlockMessage(messageId.cancel, this.#requests.rangeOf(pieceIndex, blockIndex));
  }

  /** Takes every request back, and gives the blocks to whoever asks others for them. */
  cancelOutstanding(): BlockRequest[] {
    const blocks = [...this.outstanding.values()];
    for (const { pieceIndex, blockIndex } of blocks) this.cancel(pieceIndex, blockIndex);
    return blocks;
  }

  /** Stops waiting for everything that was asked for, without telling the peer, which is gone. */
  giveUpOutstanding(): BlockRequest[] {
    return this.#requests.giveUp(() => true);
  }

  handshakeReceived(handshake: Handshake): void {
    if (!equalBytes(handshake.infohash, this.#ours.infohash)) throw new ProtocolError('the peer answered for another torrent');
    if (equalBytes(handshake.peerId, this.#ours.peerId)) throw new ProtocolError('the address is our own');
    this.#isFast = handshake.supportsFast && this.#ours.supportsFast;
    this.uploads.isFast = this.#isFast;
    if (!this.#handshakeSent) this.sendHandshake();
    this.theirHandshake = handshake;
    this.#listener.handshakeDone();
  }

  messageReceived(message: Message): void {
    // A reject answers a request of ours; requests come as fast as we serve them, and those that we refuse count.
    if (message.kind !== 'reject-request' && message.kind !== 'request') this.#messagesReceived++;
    if (message.kind === 'choke') this.chokesReceived++;
    switch (message.kind) {
      case 'keep-alive':
      case 'port':
        return;
      case 'extended':
        return this.#extendedReceived(message.extensionId, message.payload);
      case 'bitfield':
      case 'have-all':
      case 'have-none':
        return this.#allPiecesTold(message);
      default:
        // BEP 3: a bitfield comes first. Clients in the field send their BEP 10 handshake and DHT port before it.
        this.#mayTellPieces = false;
        return this.#ordinaryMessageReceived(message);
    }
  }

  blockStarted(pieceIndex: number, blockOffset: number, length: number): Uint8Array | undefined {
    this.#mayTellPieces = false;
    const range = { pieceIndex, blockOffset, length };
    this.#checkRange(range, 'piece');
    this.#arriving = undefined;
    this.#arrivingLength = length;
    this.#arrivingStored = false;
    const block = this.#requests.find(range);
    if (block === undefined) return this.#unsolicitedBlock(length);
    const expected = this.#geometry.blockLength(block.pieceIndex, block.blockIndex);
    if (length !== expected) throw new ProtocolError(`the peer sent ${length} bytes for a request of ${expected}`);
    this.#arriving = block;
    const place = this.#listener.blockStarted(block);
    this.#arrivingStored = place !== undefined;
    return place;
  }

  blockReceived(): void {
    const block = this.#arriving;
    if (block === undefined) return;
    this.#arriving = undefined;
    this.#solicited++;
    const wasOutstanding = this.#requests.settle(block);
    this.#listener.blockReceived({ block, length: this.#arrivingLength, stored: this.#arrivingStored, wasOutstanding });
  }

  /** The block that is being received has been given to another peer: what comes of it here is skipped. */
  blockTakenAway(): void {
    this.#arrivingStored = false;
  }

  /** The block that is being received right now. */
  get arriving(): BlockRequest | undefined {
    return this.#arriving;
  }

  #ordinaryMessageReceived(
    message: Exclude<Message, { kind: 'keep-alive' | 'port' | 'extended' | 'bitfield' | 'have-all' | 'have-none' }>,
  ): void {
    switch (message.kind) {
      case 'choke':
        this.peerChokesUs = true;
        return this.#giveBackAll();
      case 'unchoke':
        this.peerChokesUs = false;
        return;
      case 'interested':
      case 'not-interested':
        return this.uploads.interestReceived(message.kind === 'interested');
      case 'have':
        return this.#haveReceived(message.pieceIndex);
      case 'suggest-piece':
        this.#requireFast(message.kind);
        return this.#checkPiece(message.pieceIndex, message.kind);
      case 'allowed-fast':
        this.#requireFast(message.kind);
        return this.#allowedFastReceived(message.pieceIndex);
      case 'request':
        this.#checkRange(message.block, message.kind);
        return this.uploads.requestReceived(message.block);
      case 'cancel':
        this.#checkRange(message.block, message.kind);
        return this.uploads.cancelReceived(message.block);
      case 'reject-request':
        this.#requireFast(message.kind);
        return this.#rejectReceived(message.block);
    }
  }

  #allPiecesTold(message: Extract<Message, { kind: 'bitfield' | 'have-all' | 'have-none' }>): void {
    if (message.kind !== 'bitfield') this.#requireFast(message.kind);
    const isFirst = !this.#piecesTold && this.#mayTellPieces;
    if (!isFirst && message.kind === 'have-none') throw new ProtocolError('the peer sent have-none after its first message');
    const { pieceCount } = this.#geometry;
    const pieces = piecesOf(message, pieceCount);
    if (pieces === undefined) throw new ProtocolError('the peer sent a bitfield with bits beyond the last piece');
    if (!isFirst) return this.#morePiecesTold(pieces);
    this.#piecesTold = true;
    this.peerHas = pieces;
    this.#listener.piecesLearned();
  }

  /** aria2 sends these instead of 20 or more `have`. They count as messages by their length. */
  #morePiecesTold(pieces: Bitfield): void {
    this.#messagesReceived += pieces.bytes.length >>> 3;
    for (const pieceIndex of pieces) this.#haveReceived(pieceIndex);
  }

  #haveReceived(pieceIndex: number): void {
    this.#checkPiece(pieceIndex, 'have');
    if (this.peerHas.add(pieceIndex)) this.#listener.pieceLearned(pieceIndex);
  }

  #allowedFastReceived(pieceIndex: number): void {
    this.#checkPiece(pieceIndex, 'allowed-fast');
    if (this.allowedFast.size >= allowedFastMax) return;
    this.allowedFast.add(pieceIndex);
  }

  #rejectReceived(range: BlockRange): void {
    this.#checkRange(range, 'reject-request');
    const block = this.#requests.find(range);
    if (block === undefined) this.#messagesReceived++;
    if (block === undefined || !this.#requests.settle(block)) return;
    if (this.peerChokesUs) this.allowedFast.delete(range.pieceIndex);
    this.#listener.blocksReturned([block]);
  }

  /** A choke takes back what was promised; with BEP 6 each block is rejected as well, which is then old news. */
  #giveBackAll(): void {
    this.#listener.blocksReturned(this.#requests.giveUp((pieceIndex) => !this.allowedFast.has(pieceIndex)));
  }

  #extendedReceived(extensionId: number, payload: Uint8Array): void {
    if (extensionId === ourPexId && this.#introduction.takesPex) return this.#listener.pexReceived(payload);
    if (extensionId !== extensionHandshakeId) return;
    // BEP 10 allows a second handshake that changes a value; a stream of them is an attack on our parser.
    if (++this.#extensionHandshakes > wireLimits.unknownMessages)
      throw new ProtocolError('the peer repeats its extension handshake without end');
    const handshake = decodeExtensionHandshake(payload);
    this.#listener.extensionsLearned(handshake);
  }

  /** Each block that was asked for makes up for one that was not: a peer that repeats itself is wasteful, not hostile. */
  #unsolicitedBlock(length: number): undefined {
    this.#listener.blockUnasked(length);
    if (++this.#unsolicited > wireLimits.unsolicitedBlocks + this.#solicited)
      throw new ProtocolError(`the peer sent ${this.#unsolicited} blocks that nobody asked for`);
    return undefined;
  }

  #checkPiece(pieceIndex: number, what: string): void {
    if (!this.#geometry.isPiece(pieceIndex))
      throw new ProtocolError(`the peer sent ${what} for piece ${pieceIndex}; the torrent has ${this.#geometry.pieceCount}`);
  }

  #checkRange(block: BlockRange, what: string): void {
    this.#checkPiece(block.pieceIndex, what);
    if (
      block.length === 0 ||
      block.length > wireLimits.requestBytes ||
      block.blockOffset + block.length > this.#geometry.lengthOf(block.pieceIndex)
    )
      throw new ProtocolError(
        `the peer sent ${what} for ${block.length} bytes at ${block.blockOffset} of piece ${block.pieceIndex}, which has ${this.#geometry.lengthOf(block.pieceIndex)}`,
      );
  }

  #requireFast(what: string): void {
    if (!this.#isFast) throw new ProtocolError(`the peer sent ${what} without having agreed on the fast extension`);
  }
}

/** Undefined when the bits do not fit the torrent. */
function piecesOf(message: Extract<Message, { kind: 'bitfield' | 'have-all' | 'have-none' }>, pieceCount: number): Bitfield | undefined {
  if (message.kind === 'bitfield') return Bitfield.fromBytes(pieceCount, message.bytes);
  return message.kind === 'have-all' ? Bitfield.full(pieceCount) : new Bitfield(pieceCount);
}
