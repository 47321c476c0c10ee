// Who sent the wrong bytes? A piece that failed with one sender proves it; one with several is evidence: the digest of each block with
// its sender is kept, the piece is fetched again from one peer alone, and once it is right each old block is compared with the good one.
// Whoever sent a different block is guilty; nobody is ever blamed for being near.

import { createHash } from 'node:crypto';
import { wireLimits } from '../config.ts';
import { equalBytes } from '../support/bytes.ts';
import { type PeerNumber, nobody } from './partial-piece.ts';

/** Evidence is kept for so many pieces and attempts of each; beyond, the oldest goes (a guilty peer is caught by its next bad piece). */
const piecesMax = 256;
const attemptsMax = 8;

interface Attempt {
  readonly senders: Int32Array;
  /** One per block. */
  readonly digests: readonly Uint8Array[];
}

/** The evidence of failed pieces. */
export class BlameBook {
  readonly #attempts = new Map<number, Attempt[]>();

  /**
   * The piece with these bytes failed its hash; `senders` tells who sent each block. Returns the guilty peer when only one sent,
   * else undefined, and remembers.
   */
  failed(piece: number, senders: Int32Array, bytes: Uint8Array): PeerNumber | undefined {
    const first = senders[0] ?? nobody;
    if (senders.every((sender) => sender === first)) return first;
    const attempts = this.#attempts.get(piece) ?? [];
    attempts.push({ senders: senders.slice(), digests: blockDigests(bytes) });
    if (attempts.length > attemptsMax) attempts.shift();
    this.#attempts.delete(piece);
    this.#attempts.set(piece, attempts);
    if (this.#attempts.size > piecesMax) {
      for (const oldest of this.#attempts.keys()) {
        this.#attempts.delete(oldest);
        break;
      }
    }
    return undefined;
  }

  /** The piece passed with these bytes. Returns every peer that had sent a different block of it. */
  passed(piece: number, bytes: Uint8Array): Set<PeerNumber> {
    const guilty = new Set<PeerNumber>();
    const attempts = this.#attempts.get(piece);
    if (attempts === undefined) return guilty;
    this.#attempts.delete(piece);
    const good = blockDigests(bytes);
    for (const attempt of attempts) {
      attempt.digests.forEach((digest, block) => {
        if (!equalBytes(digest, good[block] as Uint8Array)) guilty.add(attempt.senders[block] as PeerNumber);
      });
    }
    return guilty;
  }
}

function blockDigests(bytes: Uint8Array): Uint8Array[] {
  const digests: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += wireLimits.blockBytes) {
    digests.push(
      createHash('sha1')
        .update(bytes.subarray(at, at + wireLimits.blockBytes))
        .digest(),
    );
  }
  return digests;
}
