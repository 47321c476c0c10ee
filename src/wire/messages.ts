// The messages of the peer protocol after the handshake (BEP 3, BEP 6, BEP 10): ids, their one legal length each, and their bytes.
//
//   <length: u32><id: u8><payload: length - 1 bytes>          a length of 0 is a keep-alive

import { wireLimits } from '../config.ts';
import { readU32, writeU32 } from '../support/bytes.ts';

/** The ids of the messages, by name. */
export const messageId = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  port: 9,
  suggestPiece: 13,
  haveAll: 14,
  haveNone: 15,
  rejectRequest: 16,
  allowedFast: 17,
  extended: 20,
} as const;

/** Bytes before a block in a `piece` message: length, id, piece index, offset. */
export const pieceHeaderBytes = 13;

/** A block as the wire names it: `<piece index: u32><offset in the piece: u32><length: u32>`. Numbers are as received, unchecked. */
export interface BlockRange {
  readonly pieceIndex: number;
  readonly blockOffset: number;
  readonly length: number;
}

/** A message other than `piece`, whose bytes take a way of their own (decoder.ts). Indexes are as received, unchecked. */
export type Message =
  | { readonly kind: 'keep-alive' }
  | { readonly kind: 'choke' | 'unchoke' | 'interested' | 'not-interested' }
  | { readonly kind: 'have-all' | 'have-none' }
  | { readonly kind: 'have' | 'suggest-piece' | 'allowed-fast'; readonly pieceIndex: number }
  | { readonly kind: 'bitfield'; readonly bytes: Uint8Array }
  | { readonly kind: 'request' | 'cancel' | 'reject-request'; readonly block: BlockRange }
  | { readonly kind: 'port'; readonly port: number }
  | { readonly kind: 'extended'; readonly extensionId: number; readonly payload: Uint8Array };

/** The legal lengths of a payload, in bytes. */
export interface PayloadBounds {
  readonly min: number;
  readonly max: number;
}

/** The shortest and longest legal payload of each message, by id, in a torrent of `pieceCount` pieces; ids that are not known are left out. */
export function payloadBounds(pieceCount: number): ReadonlyMap<number, PayloadBounds> {
  const exactly = (length: number): PayloadBounds => ({ min: length, max: length });
  return new Map([
    ...[messageId.choke, messageId.unchoke, messageId.interested, messageId.notInterested].map((id) => [id, exactly(0)] as const),
    ...[messageId.haveAll, messageId.haveNone].map((id) => [id, exactly(0)] as const),
    ...[messageId.have, messageId.suggestPiece, messageId.allowedFast].map((id) => [id, exactly(4)] as const),
    ...[messageId.request, messageId.cancel, messageId.rejectRequest].map((id) => [id, exactly(12)] as const),
    [messageId.bitfield, exactly(Math.ceil(pieceCount / 8))],
    [messageId.piece, { min: 9, max: 8 + wireLimits.blockBytes }],
    [messageId.port, exactly(2)],
    [messageId.extended, { min: 1, max: wireLimits.extensionBytes }],
  ]);
}

/** A message without payload. */
export function encodeBare(id: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 1, id);
}

/** The message without id that only says that we are there. */
export function encodeKeepAlive(): Uint8Array {
  return new Uint8Array(4);
}

/** A `have`, `suggestPiece` or `allowedFast`. */
export function encodeIndexed(id: number, pieceIndex: number): Uint8Array {
  const bytes = Uint8Array.of(0, 0, 0, 5, id, 0, 0, 0, 0);
  writeU32(bytes, 5, pieceIndex);
  return bytes;
}

/** A `bitfield` or `extended` message around its payload. */
export function encodeWithPayload(id: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + payload.length);
  writeU32(bytes, 0, 1 + payload.length);
  bytes[4] = id;
  bytes.set(payload, 5);
  return bytes;
}

/** Bytes of a `request`, `cancel` or `rejectRequest`. */
export const blockMessageBytes = 17;

/** Writes a `request`, `cancel` or `rejectRequest` (17 bytes) into `bytes` at `at`: requests go out by the dozen in one buffer. */
export function writeBlockMessage(bytes: Uint8Array, at: number, id: number, block: BlockRange): void {
  writeU32(bytes, at, 13);
  bytes[at + 4] = id;
  writeU32(bytes, at + 5, block.pieceIndex);
  writeU32(bytes, at + 9, block.blockOffset);
  writeU32(bytes, at + 13, block.length);
}

/** Writes what comes before the bytes of a block in a `piece` message: 13 bytes into `bytes` at `at`. */
export function writePieceHeader(bytes: Uint8Array, at: number, block: BlockRange): void {
  writeU32(bytes, at, pieceHeaderBytes - 4 + block.length);
  bytes[at + 4] = messageId.piece;
  writeU32(bytes, at + 5, block.pieceIndex);
  writeU32(bytes, at + 9, block.blockOffset);
}

/** The block that the 12 bytes at `at` name. */
export function readBlockRange(bytes: Uint8Array, at: number): BlockRange {
  return { pieceIndex: readU32(bytes, at), blockOffset: readU32(bytes, at + 4), length: readU32(bytes, at + 8) };
}
