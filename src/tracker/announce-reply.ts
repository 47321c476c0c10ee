// What a tracker's reply says (BEP 3, 7, 23, 24, 31): read strictly where it shapes what we do, leniently where it only
// informs. Pure.

import { BencodeError, isBytes, isDict, isList, type BencodeDict, type BencodeValue } from '../bencode/bencode-value.ts';
import { decodeFirst } from '../bencode/decode.ts';
import { messageLimits, peerLimits, trackerLimits } from '../config.ts';
import { ProtocolError } from '../errors.ts';
import { toLatin1 } from '../support/bytes.ts';
import { decodeCompactIpv4, decodeCompactIpv6, hostOfBytes, makeEndpoint, type Endpoint } from '../support/endpoint.ts';
import { printable } from '../support/printable.ts';
import type { AnnounceResponse } from './tracker-client.ts';
import { TrackerRefusal } from './tracker-refusal.ts';

/** A body within `trackerLimits.bodyBytes` may be nothing but dictionaries of peers, 8 tokens of 45 bytes or more each. */
const replyLimits = { ...messageLimits, bytes: trackerLimits.bodyBytes, tokens: 200_000 };

/**
 * The reply in `body`. Throws TrackerRefusal when it holds a failure reason, ProtocolError when it is no tracker's reply. Intervals are
 * clamped, entries of peers that make no sense are left out, and peers beyond what a torrent keeps are not read.
 */
export function parseAnnounceReply(body: Uint8Array): Omit<AnnounceResponse, 'isLocal'> {
  const reply = decodeReply(body);
  const refused = refusalOf(reply);
  if (refused !== undefined) throw refused;

  const minIntervalMs = clampedMs(reply.get('min interval'));
  const intervalMs = clampedMs(reply.get('interval')) ?? trackerLimits.defaultIntervalMs;
  const warning = reply.get('warning message');
  const trackerId = reply.get('tracker id');
  const ours = reply.get('external ip');
  const externalIp = isBytes(ours) ? hostOfBytes(ours) : undefined;
  return {
    peers: [...readPeers(reply.get('peers')), ...readPeers6(reply.get('peers6'))].slice(0, peerLimits.addresses),
    intervalMs: Math.max(intervalMs, minIntervalMs ?? 0),
    minIntervalMs,
    trackerId: isBytes(trackerId) && trackerId.length <= trackerLimits.trackerIdBytes ? trackerId.slice() : undefined,
    seeders: count(reply.get('complete')),
    leechers: count(reply.get('incomplete')),
    ...(externalIp !== undefined && { externalIp }),
    warning: isBytes(warning) ? printable(warning, trackerLimits.failureReasonChars) : undefined,
  };
}

/** The refusal that `body` states; undefined when it states none, whatever else it is. */
export function refusalIn(body: Uint8Array): TrackerRefusal | undefined {
  try {
    return refusalOf(decodeReply(body));
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** The dictionary in `body`. Throws ProtocolError when it is no tracker's reply. */
export function decodeReply(body: Uint8Array): BencodeDict {
  if (body.length === 0) throw new ProtocolError('expected a bencoded dictionary, got an empty answer');
  if (/^\s*</.test(toLatin1(body.subarray(0, 64)))) throw new ProtocolError('expected a bencoded dictionary, got a web page');
  try {
    // What follows the dictionary, a newline mostly, harms nobody.
    const { value } = decodeFirst(body, replyLimits);
    if (isDict(value)) return value;
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    throw new ProtocolError(`expected a bencoded dictionary, got something else (${error.message})`, { cause: error });
  }
  throw new ProtocolError('expected a bencoded dictionary, got another value');
}

/** BEP 3 `failure reason`, with BEP 31 `retry in`: minutes as a number or its digits, or `never`. */
export function refusalOf(reply: BencodeDict): TrackerRefusal | undefined {
  const reason = reply.get('failure reason');
  if (!isBytes(reason)) return undefined;
  const words = printable(reason, trackerLimits.failureReasonChars);
  return new TrackerRefusal(words === '' ? 'it gives no reason' : words, retryAfterMs(reply.get('retry in')));
}

function retryAfterMs(retryIn: BencodeValue | undefined): number | undefined {
  const stated = isBytes(retryIn) ? toLatin1(retryIn) : retryIn;
  if (stated === 'never') return Infinity;
  const minutes = typeof stated === 'string' && /^\d{1,9}$/.test(stated) ? Number(stated) : stated;
  return typeof minutes === 'number' && minutes >= 0 ? Math.min(minutes * 60_000, trackerLimits.maxIntervalMs) : undefined;
}

/** Seconds as milliseconds within our bounds; undefined when `value` is no number. */
function clampedMs(value: BencodeValue | undefined): number | undefined {
  return typeof value === 'number' ? clampedIntervalMs(value) : undefined;
}

/** An interval that a tracker states, within our bounds. */
export function clampedIntervalMs(seconds: number): number {
  return Math.min(Math.max(seconds * 1000, trackerLimits.minIntervalMs), trackerLimits.maxIntervalMs);
}

/** A count that can be shown to people. */
export function count(value: BencodeValue | undefined): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

/** `peers`: 6 bytes each (BEP 23), or a list of dictionaries (BEP 3). */
function readPeers(peers: BencodeValue | undefined): Endpoint[] {
  if (peers === undefined) return [];
  if (isBytes(peers)) return decodeCompactIpv4(compactPart(peers, 'peers', 6));
  if (!isList(peers)) throw new ProtocolError('"peers" is neither a string nor a list');
  return peers.slice(0, peerLimits.addresses).flatMap((peer) => readPeer(peer) ?? []);
}

/** `peers6`: 18 bytes each (BEP 7). */
function readPeers6(peers: BencodeValue | undefined): Endpoint[] {
  if (peers === undefined) return [];
  if (!isBytes(peers)) throw new ProtocolError('"peers6" is not a string');
  return decodeCompactIpv6(compactPart(peers, 'peers6', 18));
}

/** As many whole entries as a torrent keeps. */
function compactPart(bytes: Uint8Array, field: string, entryBytes: number): Uint8Array {
  if (bytes.length % entryBytes !== 0) {
    throw new ProtocolError(`"${field}" is ${bytes.length} bytes long, expected a multiple of ${entryBytes}`);
  }
  return bytes.subarray(0, peerLimits.addresses * entryBytes);
}

/** An entry of a peer list; undefined when its address is a host name, which we do not look up, or makes no sense. */
function readPeer(peer: BencodeValue): Endpoint | undefined {
  if (!isDict(peer)) return undefined;
  const ip = peer.get('ip');
  const port = peer.get('port');
  return isBytes(ip) && typeof port === 'number' ? makeEndpoint(toLatin1(ip), port) : undefined;
}
