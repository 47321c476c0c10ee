// Which pieces a peer may have while we choke it (BEP 6, "Allowed Fast Set Generation"): the same for everybody of one network, so that
// it gains nothing by coming with many addresses.

import { createHash } from 'node:crypto';
import { concatBytes, readU32 } from '../support/bytes.ts';

/** How many pieces (BEP 6 takes 10 in its example). */
export const allowedFastCount = 10;

/** The pieces for a peer at `ip`, the four bytes of an IPv4 address. `infohash`: 20 bytes. */
export function allowedFastSet(ip: Uint8Array, infohash: Uint8Array, pieceCount: number, count: number = allowedFastCount): Set<number> {
  const pieces = new Set<number>();
  let digest: Uint8Array = concatBytes([Uint8Array.of(ip[0] ?? 0, ip[1] ?? 0, ip[2] ?? 0, 0), infohash]);
  while (pieces.size < Math.min(count, pieceCount)) {
    digest = createHash('sha1').update(digest).digest();
    for (let at = 0; at < 20 && pieces.size < count; at += 4) pieces.add(readU32(digest, at) % pieceCount);
  }
  return pieces;
}
