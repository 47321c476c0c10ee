// The first 68 bytes each side sends (BEP 3, "peer protocol"), and the reserved bits that announce extensions (BEP 6, BEP 10).
//
//   <19: u8><"BitTorrent protocol"><reserved: 8 bytes><infohash: 20 bytes><peer id: 20 bytes>

import { ProtocolError } from '../errors.ts';
import { equalBytes, fromText } from '../support/bytes.ts';

/** How long a handshake is. */
export const handshakeBytes = 68;

const protocolHeader = fromText('\x13BitTorrent protocol');
/** The length of what every handshake begins with. */
export const protocolHeaderBytes = protocolHeader.length;
const reservedOffset = 20;
const infohashOffset = 28;
const peerIdOffset = 48;

/** What a handshake says. */
export interface Handshake {
  /** 20 bytes. */
  readonly infohash: Uint8Array;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** BEP 6. */
  readonly supportsFast: boolean;
  /** BEP 10. */
  readonly supportsExtensions: boolean;
}

/** The 68 bytes of a handshake. */
export function encodeHandshake(handshake: Handshake): Uint8Array {
  const bytes = new Uint8Array(handshakeBytes);
  bytes.set(protocolHeader);
  if (handshake.supportsExtensions) bytes[reservedOffset + 5] = 0x10;
  if (handshake.supportsFast) bytes[reservedOffset + 7] = 0x04;
  bytes.set(handshake.infohash, infohashOffset);
  bytes.set(handshake.peerId, peerIdOffset);
  return bytes;
}

/** Whether `bytes`, the first ones of a connection (any number), can still become a handshake. */
export function canBeHandshake(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, protocolHeader.length);
  return equalBytes(bytes.subarray(0, length), protocolHeader.subarray(0, length));
}

/** How much of a handshake tells the torrent. */
export const infohashEnd = peerIdOffset;

/** The infohash of a handshake of which at least `infohashEnd` bytes are there: part of `bytes`. */
export function infohashOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(infohashOffset, infohashEnd);
}

/** Reads 68 bytes (copies what it keeps). Throws ProtocolError when they are no BitTorrent handshake. */
export function decodeHandshake(bytes: Uint8Array): Handshake {
  if (bytes.length !== handshakeBytes || !canBeHandshake(bytes)) throw new ProtocolError('the peer did not send a BitTorrent handshake');
  return {
    infohash: bytes.slice(infohashOffset, peerIdOffset),
    peerId: bytes.slice(peerIdOffset, handshakeBytes),
    supportsExtensions: ((bytes[reservedOffset + 5] as number) & 0x10) !== 0,
    supportsFast: ((bytes[reservedOffset + 7] as number) & 0x04) !== 0,
  };
}
