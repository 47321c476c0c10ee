// Who sent the wrong bytes? A piece that failed with one sender proves it; one with several is evidence: the digest of each block with
// its sender is kept, the piece is fetched again from one peer alone, and once it is right each old block is compared with the good one.
// Whoever sent a different block is guilty; nobody is ever blamed for being near.

import { createHash } from 'node:crypto';
import { wireLimits } from '../config.ts';
import { equalBytes } from '../support/bytes.ts';
import { type PeerNumber, nobody } from './partial-piece.ts';

/** Evidence is kept up to so many bytes, and for so many attempts of a piece; beyond, the oldest goes: a guilty peer is caught next time. */
const evidenceBytesMax = 8 * 1024 * 1024;
const attemptsMax = 8;
const digestBytes = 20;

interface Attempt {
  readonly senders: Int32Array;
  /** 20 bytes per block. */
  readonly digests: Uint8Array;
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
    this.#forgetOldest();
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
      attempt.senders.forEach((sender, block) => {
        const at = block * digestBytes;
        if (!equalBytes(attempt.digests.subarray(at, at + digestBytes), good.subarray(at, at + digestBytes))) guilty.add(sender);
      });
    }
    return guilty;
  }

  #forgetOldest(): void {
    let bytes = 0;
    for (const attempts of this.#attempts.values())
      for (const { digests, senders } of attempts) bytes += digests.length + senders.byteLength;
    for (const [piece, attempts] of this.#attempts) {
      if (bytes <= evidenceBytesMax || this.#attempts.size === 1) return;
      for (const { digests, senders } of attempts) bytes -= digests.length + senders.byteLength;
      this.#attempts.delete(piece);
    }
  }
}

/** 20 bytes for each block of a piece. */
function blockDigests(bytes: Uint8Array): Uint8Array {
  const digests = new Uint8Array(Math.ceil(bytes.length / wireLimits.blockBytes) * digestBytes);
  for (let block = 0; block * wireLimits.blockBytes < bytes.length; block++) {
    const content = bytes.subarray(block * wireLimits.blockBytes, (block + 1) * wireLimits.blockBytes);
    digests.set(createHash('sha1').update(content).digest(), block * digestBytes);
  }
  return digests;
}
