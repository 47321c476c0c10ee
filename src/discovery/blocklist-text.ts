// Blocklists as they are published, each line by itself:
//   PeerGuardian p2p   Some name:1.2.3.0-1.2.3.255
//   eMule .dat         001.002.003.000 - 001.002.003.255 , 000 , some name     (a level above 127 allows)
//   CIDR               1.2.3.0/24     2001:db8::/32     1.2.3.4                (with `# ...` or `; ...` behind it)
// Pure. Numbers with leading zeros are decimal everywhere: that is how the .dat lists are padded.

import { blocklistLimits } from '../config.ts';
import { InputError } from '../errors.ts';
import { addressLiteral, ipBytes } from '../support/endpoint.ts';
import type { BlocklistBuilder } from './blocklist.ts';

/** What a list held. */
export interface ListReading {
  readonly ranges: number;
  /** Lines that are neither ranges nor comments; `firstBad` counts from 1. */
  readonly badLines: number;
  readonly firstBad: number | undefined;
}

/** Puts the ranges of the list `bytes` into `builder`. Throws InputError `bad-argument` when there are more than we keep. */
export function readBlocklist(bytes: Uint8Array, builder: BlocklistBuilder): ListReading {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [ranges, badLines, lineNumber] = [0, 0, 0];
  let firstBad: number | undefined;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf(0x0a, at);
    const end = newline === -1 ? text.length : newline;
    lineNumber++;
    // Names are in any encoding; addresses are ASCII. What is longer than a line may be is not looked at.
    const line = end - at > blocklistLimits.lineBytes ? undefined : text.toString('latin1', at, end).trim();
    at = end + 1;
    const kind = line === undefined ? 'bad' : readLine(line, builder);
    if (kind === 'range') ranges++;
    else if (kind === 'bad') {
      badLines++;
      firstBad ??= lineNumber;
    }
    if (builder.rangeCount > blocklistLimits.ranges) {
      throw new InputError('bad-argument', `there are more than ${blocklistLimits.ranges} ranges in the blocklists`);
    }
  }
  return { ranges, badLines, firstBad };
}

type LineKind = 'range' | 'nothing' | 'bad';

const ipv4 = String.raw`(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})`;
/** p2p and .dat in IPv4, the many lines of the large lists: one look each. */
const ipv4Range = new RegExp(`^(?:.*:)?\\s*${ipv4}\\s*-\\s*${ipv4}\\s*(?:,\\s*(\\d{1,5})\\s*(?:,.*)?)?$`);
const anyRange = /^(.*[0-9a-f:.])\s*-\s*([0-9a-f:.]{2,45})\s*(?:,\s*(\d{1,5})\s*(?:,.*)?)?$/i;
const block = /^([0-9a-f:.]{2,45})(?:\/(\d{1,3}))?\s*(?:[#;].*)?$/i;
/** The level from which on a .dat list allows. */
const allowedFrom = 128;

function readLine(line: string, builder: BlocklistBuilder): LineKind {
  if (line === '' || /^(?:[#;]|\/\/)/.test(line)) return 'nothing';
  const quick = ipv4Range.exec(line);
  if (quick !== null) return addIpv4Range(paddedIpv4(quick[1]), paddedIpv4(quick[2]), Number(quick[3] ?? 0), builder);
  const [, base, length] = block.exec(line) ?? [];
  if (base !== undefined) return addBlock(base, length, builder);
  const [, start, end, level] = anyRange.exec(line) ?? [];
  if (start === undefined || end === undefined) return 'bad';
  return addIpv6Range(start, end, Number(level ?? 0), builder);
}

function addIpv4Range(first: number | undefined, last: number | undefined, level: number, builder: BlocklistBuilder): LineKind {
  if (first === undefined || last === undefined || first > last) return 'bad';
  if (level >= allowedFrom) return 'nothing';
  builder.addIpv4(first, last);
  return 'range';
}

/** The number of `001.2.3.255`; undefined when a part is above 255. */
function paddedIpv4(text = ''): number | undefined {
  let number = 0;
  for (const part of text.split('.')) {
    if (Number(part) > 255) return undefined;
    number = number * 256 + Number(part);
  }
  return number;
}

/** An address alone is a block of one. */
function addBlock(base: string, length: string | undefined, builder: BlocklistBuilder): LineKind {
  if (new RegExp(`^${ipv4}$`).test(base)) {
    const bits = Number(length ?? 32);
    const address = paddedIpv4(base);
    if (address === undefined || bits > 32) return 'bad';
    const size = 2 ** (32 - bits);
    const first = Math.floor(address / size) * size;
    return addIpv4Range(first, first + size - 1, 0, builder);
  }
  const first = ipv6Bytes(base);
  const bits = Number(length ?? 128);
  if (first === undefined || bits > 128) return 'bad';
  const last = first.slice();
  for (let bit = bits; bit < 128; bit++) {
    const mask = 0x80 >> (bit & 7);
    first[bit >> 3] = (first[bit >> 3] ?? 0) & ~mask;
    last[bit >> 3] = (last[bit >> 3] ?? 0) | mask;
  }
  builder.addIpv6(first, last);
  return 'range';
}

/**
 * `start` is an address, or one behind a name and a colon, and the name may look like the beginning of an address: of several readings the
 * narrowest holds. A line with a reading that goes down is left out: blocking half of the network by mistake would be worse.
 */
function addIpv6Range(start: string, end: string, level: number, builder: BlocklistBuilder): LineKind {
  const last = ipv6Bytes(end);
  const readings = endings(start).flatMap((ending) => ipv6Bytes(ending) ?? []);
  const first = readings.toSorted((a, b) => Buffer.compare(b, a))[0];
  if (first === undefined || last === undefined || Buffer.compare(first, last) > 0) return 'bad';
  if (level >= allowedFrom) return 'nothing';
  builder.addIpv6(first, last);
  return 'range';
}

/** What stands behind each of the last colons: an IPv6 literal has eight at most. */
function endings(start: string): string[] {
  const found: string[] = [];
  let colon = start.length;
  for (let count = 0; count < 9 && colon > 0; count++) {
    colon = start.lastIndexOf(':', colon - 1);
    found.push(start.slice(colon + 1).trim());
    if (colon === -1) break;
  }
  return found;
}

/** The 16 bytes of an IPv6 literal; undefined for anything else. */
function ipv6Bytes(text: string): Uint8Array | undefined {
  if (text.length > 45 || !text.includes(':')) return undefined;
  const literal = addressLiteral(text);
  return literal?.includes(':') === true ? ipBytes(literal) : undefined;
}
