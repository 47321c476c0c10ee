// Canonical peer priority (BEP 40): a number for two addresses that both sides compute alike, so that a swarm's connections spread evenly
// and nobody fills our places by having many addresses in one network. Pure.

import { compareBytes, concatBytes, writeU16 } from '../support/bytes.ts';
import { type Endpoint, ipBytes } from '../support/endpoint.ts';

/** From 0 to 2^32 - 1: the higher, the sooner the two are to connect; undefined when they are not of one family. */
export function canonicalPriority(a: Endpoint, b: Endpoint): number | undefined {
  const [ofA, ofB] = [ipBytes(a.host), ipBytes(b.host)];
  if (ofA.length !== ofB.length) return undefined;
  if (compareBytes(ofA, ofB) === 0) return crc32c(sorted(portBytes(a), portBytes(b)));
  // What two addresses share is kept, a byte more each time, from the second of IPv4 and the sixth of IPv6 on; of the rest every other bit.
  const whole = wholeBytes(ofA, ofB);
  for (const address of [ofA, ofB]) for (let at = whole; at < address.length; at++) address[at] = (address[at] as number) & 0x55;
  return crc32c(sorted(ofA, ofB));
}

/** How many leading bytes are not masked: FF.FF.55.55, in one /16 FF.FF.FF.55, in one /24 all; of IPv6 the same from a /48 on. */
function wholeBytes(a: Uint8Array, b: Uint8Array): number {
  let shared = 0;
  while (shared < a.length && a[shared] === b[shared]) shared++;
  const first = a.length === 4 ? 2 : 6;
  return shared < first ? first : shared + 1;
}

function portBytes({ port }: Endpoint): Uint8Array {
  const bytes = new Uint8Array(2);
  writeU16(bytes, 0, port);
  return bytes;
}

function sorted(a: Uint8Array, b: Uint8Array): Uint8Array {
  return concatBytes(compareBytes(a, b) <= 0 ? [a, b] : [b, a]);
}

/** CRC-32C (Castagnoli; RFC 3720, appendix B.4), bit by bit: 32 bytes at most. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
