// A tiny codec of the peer protocol (BEP 3, 6, 10) for scripted peers in tests. Written apart from src/wire, so that a mistake there cannot
// hide behind the same mistake here.

/** A message of a peer: `id` and payload; a keep-alive has no id. */
export interface Frame {
  readonly id: number | undefined;
  readonly payload: Buffer;
}

/** A block that is asked for, cancelled or rejected. `offset` is within the piece. */
export interface BlockRequest {
  readonly pieceIndex: number;
  readonly offset: number;
  readonly length: number;
}

export const messageIds = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  extended: 20,
} as const;

export const handshakeLength = 68;
const protocol = Buffer.from('\x13BitTorrent protocol', 'latin1');

/** The 68 bytes that open a connection. `fast` and `extended` set the bits of BEP 6 and BEP 10. */
export function encodeHandshake(infohash: Uint8Array, peerId: Uint8Array, flags: { fast: boolean; extended: boolean }): Buffer {
  const reserved = Buffer.alloc(8);
  if (flags.extended) reserved[5] = 0x10;
  if (flags.fast) reserved[7] = 0x04;
  return Buffer.concat([protocol, reserved, infohash, peerId]);
}

/** What the 68 bytes say; undefined when they are of another protocol. */
export function decodeHandshake(bytes: Buffer): { fast: boolean; extended: boolean; infohash: Buffer; peerId: Buffer } | undefined {
  if (!bytes.subarray(0, 20).equals(protocol)) return undefined;
  return {
    fast: (bytes.readUInt8(27) & 0x04) !== 0,
    extended: (bytes.readUInt8(25) & 0x10) !== 0,
    infohash: Buffer.from(bytes.subarray(28, 48)),
    peerId: Buffer.from(bytes.subarray(48, 68)),
  };
}

/** `<length: u32><id: u8><payload>` */
export function encodeFrame(id: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + payload.length);
  head.writeUInt8(id, 4);
  return Buffer.concat([head, payload]);
}

/** A message whose payload is a few u32: `have`, `request`, `cancel`, `reject`. */
export function encodeNumbers(id: number, ...numbers: number[]): Buffer {
  const payload = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, i) => payload.writeUInt32BE(number, 4 * i));
  return encodeFrame(id, payload);
}

/** The head of a `piece` message; the block's bytes follow it. */
export function encodePieceHead(pieceIndex: number, offset: number, length: number): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(9 + length);
  head.writeUInt8(messageIds.piece, 4);
  head.writeUInt32BE(pieceIndex, 5);
  head.writeUInt32BE(offset, 9);
  return head;
}

/** The three numbers of `request`, `cancel` and `reject`. */
export function decodeRequest(payload: Buffer): BlockRequest {
  return { pieceIndex: payload.readUInt32BE(0), offset: payload.readUInt32BE(4), length: payload.readUInt32BE(8) };
}

/** A bitfield payload that has the pieces for which `has` says so. */
export function encodeBitfield(pieceCount: number, has: (pieceIndex: number) => boolean): Buffer {
  const bits = Buffer.alloc(Math.ceil(pieceCount / 8));
  for (let i = 0; i < pieceCount; i++) {
    if (has(i)) bits.writeUInt8(bits.readUInt8(i >> 3) | (0x80 >> (i & 7)), i >> 3);
  }
  return bits;
}

/** Cuts a byte stream into the handshake and the messages after it. */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
  }

  /** The next `length` bytes; undefined until they have come. */
  takeBytes(length: number): Buffer | undefined {
    if (this.#held.length < length) return undefined;
    const bytes = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return bytes;
  }

  /** The next whole message; undefined until it has come. */
  takeFrame(): Frame | undefined {
    if (this.#held.length < 4) return undefined;
    const length = this.#held.readUInt32BE(0);
    const bytes = this.takeBytes(4 + length);
    if (bytes === undefined) return undefined;
    return length === 0 ? { id: undefined, payload: bytes.subarray(4) } : { id: bytes.readUInt8(4), payload: bytes.subarray(5) };
  }
}
