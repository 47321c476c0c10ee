// The datagrams of UDP trackers (BEP 15, with BEP 41's URL data), written and read. A connection id is 8 bytes that are the tracker's own
// business. Pure.
//
//     connect   <magic: u64><0: u32><transaction: u32>                          answer <0: u32><transaction: u32><connection: 8 bytes>
//     announce  <connection><1: u32><transaction: u32><infohash><peer id><downloaded: u64><left: u64><uploaded: u64><event: u32>
//               <address: u32><key: u32><numwant: u32><port: u16>[<2: u8><length: u8><URL data>]...
//               answer <1: u32><transaction: u32><interval: i32><leechers: i32><seeders: i32>[<address><port: u16>]...
//     scrape    <connection><2: u32><transaction: u32><infohash>                answer <2: u32><transaction: u32>
//                                                                                      <seeders: i32><downloads: i32><leechers: i32>
//     any answer may instead be an error: <3: u32><transaction: u32><words>

import { peerLimits, trackerLimits } from '../config.ts';
import { ProtocolError } from '../errors.ts';
import { concatBytes, fromText, readU32, writeU16, writeU32 } from '../support/bytes.ts';
import { decodeCompactIpv4, decodeCompactIpv6 } from '../support/endpoint.ts';
import { printable } from '../support/printable.ts';
import { clampedIntervalMs } from './announce-reply.ts';
import type { AnnounceEvent, AnnounceRequest, AnnounceResponse, ScrapeResponse } from './tracker-client.ts';

/** What a datagram asks for, or answers. */
export const udpActions = { connect: 0, announce: 1, scrape: 2, error: 3 } as const;

/** One of the actions that a request has. */
export type UdpRequestAction = 0 | 1 | 2;

/** The shortest answer to each action, by its number; what is shorter is none. */
const leastBytes: readonly number[] = [16, 20, 20, 8];

/** The events by their numbers. BEP 21's `paused` has none: a partial seed is told by what it has left. */
const eventNumbers: Readonly<Record<AnnounceEvent, number>> = { completed: 1, started: 2, stopped: 3, paused: 0 };

/** Asks for a connection id. `transaction` is 0 to 2^32 - 1. */
export function connectRequest(transaction: number): Uint8Array {
  const bytes = new Uint8Array(16);
  writeU32(bytes, 0, 0x417);
  writeU32(bytes, 4, 0x27101980);
  writeU32(bytes, 12, transaction);
  return bytes;
}

/** Announces what `request` says. `urlData` is the path and query of the tracker's URL (BEP 41): nothing is said of an empty one. */
export function announceRequest(connection: Uint8Array, transaction: number, request: AnnounceRequest, urlData: string): Uint8Array {
  const bytes = new Uint8Array(98);
  bytes.set(connection);
  writeU32(bytes, 8, udpActions.announce);
  writeU32(bytes, 12, transaction);
  bytes.set(request.infohash, 16);
  bytes.set(request.peerId, 36);
  writeU64(bytes, 56, request.downloaded);
  writeU64(bytes, 64, request.left);
  writeU64(bytes, 72, request.uploaded);
  writeU32(bytes, 80, request.event === undefined ? 0 : eventNumbers[request.event]);
  // 84: our address as the tracker sees it.
  writeU32(bytes, 88, Number.parseInt(request.key, 16));
  writeU32(bytes, 92, request.numwant);
  writeU16(bytes, 96, request.port);
  return concatBytes([bytes, ...urlDataOptions(fromText(urlData))]);
}

/** Asks how many have the torrent. `infohash`: 20 bytes. */
export function scrapeRequest(connection: Uint8Array, transaction: number, infohash: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(36);
  bytes.set(connection);
  writeU32(bytes, 8, udpActions.scrape);
  writeU32(bytes, 12, transaction);
  bytes.set(infohash, 16);
  return bytes;
}

/** The transaction that a datagram claims to belong to; undefined when it is too short to say. */
export function transactionOf(bytes: Uint8Array): number | undefined {
  return bytes.length < 8 ? undefined : readU32(bytes, 4);
}

/** Whether a datagram is an answer to `action`, or an error, and long enough to be one. */
export function answers(bytes: Uint8Array, action: UdpRequestAction): boolean {
  if (bytes.length < 8) return false;
  const found = readU32(bytes, 0);
  return (found === action || found === udpActions.error) && bytes.length >= (leastBytes[found] ?? Infinity);
}

/** The words of an error, made printable and short; undefined for any other answer. `bytes` passed `answers`. */
export function errorWords(bytes: Uint8Array): string | undefined {
  if (readU32(bytes, 0) !== udpActions.error) return undefined;
  // Some trackers end their words with the zero byte of a C string.
  const end = bytes.indexOf(0, 8);
  const words = printable(bytes.subarray(8, end === -1 ? undefined : end), trackerLimits.failureReasonChars);
  return words === '' ? 'it gives no reason' : words;
}

/** The 8 bytes of the connection id. `bytes` passed `answers`. */
export function readConnection(bytes: Uint8Array): Uint8Array {
  return bytes.slice(8, 16);
}

/**
 * The answer to an announce, which has IPv6 addresses when the tracker was asked over IPv6. `bytes` passed `answers`. Throws ProtocolError
 * when its peers are of another size.
 */
export function readAnnounce(bytes: Uint8Array, isIpv6: boolean): Omit<AnnounceResponse, 'isLocal'> {
  const entryBytes = isIpv6 ? 18 : 6;
  const peers = bytes.subarray(20);
  if (peers.length % entryBytes !== 0) {
    throw new ProtocolError(`its peers are ${peers.length} bytes long, expected a multiple of ${entryBytes}`);
  }
  const kept = peers.subarray(0, peerLimits.addresses * entryBytes);
  return {
    peers: isIpv6 ? decodeCompactIpv6(kept) : decodeCompactIpv4(kept),
    intervalMs: clampedIntervalMs(readI32(bytes, 8)),
    minIntervalMs: undefined,
    trackerId: undefined,
    leechers: count(bytes, 12),
    seeders: count(bytes, 16),
    warning: undefined,
  };
}

/** The answer to a scrape of one torrent. `bytes` passed `answers`. */
export function readScrape(bytes: Uint8Array): ScrapeResponse {
  return { seeders: count(bytes, 8), downloads: count(bytes, 12), leechers: count(bytes, 16) };
}

/** At most 255 bytes each; the tracker puts them together. */
function urlDataOptions(data: Uint8Array): Uint8Array[] {
  const options: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += 255) {
    const part = data.subarray(at, at + 255);
    options.push(Uint8Array.of(2, part.length), part);
  }
  return options;
}

/** A number of peers; undefined when it is negative, which says nothing. */
function count(bytes: Uint8Array, offset: number): number | undefined {
  const value = readI32(bytes, offset);
  return value < 0 ? undefined : value;
}

function readI32(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset) | 0;
}

/** `value` is a safe integer, 0 or more. */
function writeU64(bytes: Uint8Array, offset: number, value: number): void {
  writeU32(bytes, offset, Math.floor(value / 2 ** 32));
  writeU32(bytes, offset + 4, value % 2 ** 32);
}
