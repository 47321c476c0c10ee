// Bytes of a connection in, messages out (BEP 3). A block's bytes are copied once, straight to where the listener says they belong;
// every other message is small and gathered here. A length is compared with its limit before anything is kept for it.
// No I/O and no knowledge of what a message means: that is peer-protocol.ts.

import { wireLimits } from '../config.ts';
import { ProtocolError } from '../errors.ts';
import { readU16, readU32 } from '../support/bytes.ts';
import { type Handshake, canBeHandshake, decodeHandshake, handshakeBytes } from './handshake.ts';
import { type Message, messageId, type PayloadBounds, payloadBounds, pieceHeaderBytes, readBlockRange } from './messages.ts';

/** Whoever wants the messages. Each method may throw ProtocolError, which `push` passes on. */
export interface DecoderListener {
  handshakeReceived(handshake: Handshake): void;
  messageReceived(message: Message): void;
  /** A block begins. Gives the place for its `length` bytes, or undefined when they are not wanted: they are then skipped. */
  blockStarted(pieceIndex: number, blockOffset: number, length: number): Uint8Array | undefined;
  /** The block's last byte is in the place that `blockStarted` gave (or was skipped). */
  blockReceived(): void;
}

const prefixBytes = 4;
const idEnd = 5;

/** Decodes one connection. */
export class WireDecoder {
  readonly #listener: DecoderListener;
  readonly #bounds: ReadonlyMap<number, PayloadBounds>;
  readonly #longestMessage: number;
  /** What the bytes at hand belong to; `gather` collects `#needed` bytes in `#gathered` before they are looked at. */
  #stage: 'handshake' | 'prefix' | 'id' | 'payload' | 'piece-header' | 'block' | 'skip' = 'handshake';
  #gathered = new Uint8Array(128);
  #gatheredLength = 0;
  #needed = handshakeBytes;
  /** Payload bytes of a block or of a skipped message that are still to come, and where a block's go. */
  #remaining = 0;
  #block: Uint8Array | undefined;
  #blockAt = 0;
  #unknownMessages = 0;
  #closed = false;

  constructor(pieceCount: number, listener: DecoderListener) {
    this.#bounds = payloadBounds(pieceCount);
    this.#longestMessage = 1 + Math.max(...[...this.#bounds.values()].map(({ max }) => max));
    this.#listener = listener;
  }

  /** Whether a block is half received. */
  get isInsideBlock(): boolean {
    return this.#stage === 'block';
  }

  /** Takes the next bytes, which may be cut anywhere; keeps none of `chunk`. Throws ProtocolError when they break the protocol. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#closed) {
      if (this.#stage === 'block' || this.#stage === 'skip') at = this.#passOn(chunk, at);
      else at = this.#gather(chunk, at);
    }
  }

  /** Stops in the middle of whatever it was: no listener call comes after this one. */
  close(): void {
    this.#closed = true;
    this.#block = undefined;
  }

  /** The place of the block that is being received is no longer free: its remaining bytes are skipped. */
  abandonBlock(): void {
    this.#block = undefined;
  }

  /** Bytes of a block go to their place, bytes of a skipped message go nowhere. */
  #passOn(chunk: Uint8Array, at: number): number {
    const length = Math.min(this.#remaining, chunk.length - at);
    if (this.#block !== undefined) {
      this.#block.set(at === 0 && length === chunk.length ? chunk : chunk.subarray(at, at + length), this.#blockAt);
      this.#blockAt += length;
    }
    this.#remaining -= length;
    if (this.#remaining === 0) {
      const wasBlock = this.#stage === 'block';
      this.#block = undefined;
      this.#expect('prefix', prefixBytes);
      if (wasBlock) this.#listener.blockReceived();
    }
    return at + length;
  }

  #gather(chunk: Uint8Array, at: number): number {
    const length = Math.min(this.#needed - this.#gatheredLength, chunk.length - at);
    // A handful of bytes is copied faster here than by a call into the engine.
    if (length <= 16) for (let i = 0; i < length; i++) this.#gathered[this.#gatheredLength + i] = chunk[at + i] as number;
    else this.#gathered.set(chunk.subarray(at, at + length), this.#gatheredLength);
    this.#gatheredLength += length;
    if (this.#gatheredLength === this.#needed) this.#look();
    else if (this.#stage === 'handshake' && !canBeHandshake(this.#gathered.subarray(0, this.#gatheredLength)))
      throw new ProtocolError('the peer does not speak BitTorrent');
    return at + length;
  }

  /** All bytes that the stage needed are gathered. */
  #look(): void {
    switch (this.#stage) {
      case 'handshake': {
        const handshake = decodeHandshake(this.#gathered.subarray(0, handshakeBytes));
        this.#expect('prefix', prefixBytes);
        return this.#listener.handshakeReceived(handshake);
      }
      case 'prefix':
        return this.#lookAtPrefix(readU32(this.#gathered, 0));
      case 'id':
        return this.#lookAtId(readU32(this.#gathered, 0) - 1, this.#gathered[prefixBytes] as number);
      case 'payload':
        return this.#deliver(this.#gathered[prefixBytes] as number, this.#gathered.subarray(idEnd, this.#needed));
      case 'piece-header':
        return this.#startBlock();
      case 'block':
      case 'skip':
        return undefined;
    }
  }

  #lookAtPrefix(length: number): void {
    if (length === 0) {
      this.#expect('prefix', prefixBytes);
      return this.#listener.messageReceived({ kind: 'keep-alive' });
    }
    if (length > this.#longestMessage)
      throw new ProtocolError(`the peer announced a message of ${length} bytes; the longest allowed has ${this.#longestMessage}`);
    this.#stage = 'id';
    this.#needed = idEnd;
  }

  #lookAtId(payloadLength: number, id: number): void {
    const bounds = this.#bounds.get(id);
    if (bounds === undefined) {
      if (++this.#unknownMessages > wireLimits.unknownMessages)
        throw new ProtocolError(`the peer sent over ${wireLimits.unknownMessages} unknown messages`);
      this.#expect('prefix', prefixBytes);
      if (payloadLength > 0) this.#skip(payloadLength);
      return;
    }
    if (payloadLength < bounds.min || payloadLength > bounds.max)
      throw new ProtocolError(`the peer sent message ${id} with ${payloadLength} bytes, expected ${bounds.min} to ${bounds.max}`);
    if (id === messageId.piece) {
      this.#stage = 'piece-header';
      this.#needed = pieceHeaderBytes;
      return;
    }
    if (payloadLength === 0) return this.#deliver(id, new Uint8Array(0));
    this.#stage = 'payload';
    this.#needed = idEnd + payloadLength;
    if (this.#gathered.length < this.#needed) {
      const larger = new Uint8Array(this.#needed);
      larger.set(this.#gathered.subarray(0, idEnd));
      this.#gathered = larger;
    }
  }

  #startBlock(): void {
    const length = readU32(this.#gathered, 0) - 9;
    this.#remaining = length;
    this.#blockAt = 0;
    this.#stage = 'block';
    this.#block = this.#listener.blockStarted(readU32(this.#gathered, 5), readU32(this.#gathered, 9), length);
  }

  #skip(length: number): void {
    this.#stage = 'skip';
    this.#remaining = length;
  }

  #expect(stage: 'prefix', needed: number): void {
    this.#stage = stage;
    this.#needed = needed;
    this.#gatheredLength = 0;
  }

  #deliver(id: number, payload: Uint8Array): void {
    // What the listener may keep is copied: the gathering buffer is used again.
    const message = toMessage(id, payload);
    this.#expect('prefix', prefixBytes);
    this.#listener.messageReceived(message);
  }
}

function toMessage(id: number, payload: Uint8Array): Message {
  switch (id) {
    case messageId.choke:
      return { kind: 'choke' };
    case messageId.unchoke:
      return { kind: 'unchoke' };
    case messageId.interested:
      return { kind: 'interested' };
    case messageId.notInterested:
      return { kind: 'not-interested' };
    case messageId.haveAll:
      return { kind: 'have-all' };
    case messageId.haveNone:
      return { kind: 'have-none' };
    case messageId.have:
      return { kind: 'have', pieceIndex: readU32(payload, 0) };
    case messageId.suggestPiece:
      return { kind: 'suggest-piece', pieceIndex: readU32(payload, 0) };
    case messageId.allowedFast:
      return { kind: 'allowed-fast', pieceIndex: readU32(payload, 0) };
    case messageId.bitfield:
      return { kind: 'bitfield', bytes: payload.slice() };
    case messageId.request:
      return { kind: 'request', block: readBlockRange(payload, 0) };
    case messageId.cancel:
      return { kind: 'cancel', block: readBlockRange(payload, 0) };
    case messageId.rejectRequest:
      return { kind: 'reject-request', block: readBlockRange(payload, 0) };
    case messageId.port:
      return { kind: 'port', port: readU16(payload, 0) };
    case messageId.extended:
      return { kind: 'extended', extensionId: payload[0] as number, payload: payload.slice(1) };
    default:
      throw new ProtocolError(`the peer sent message ${id}, which has no reader`);
  }
}
