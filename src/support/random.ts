// The only place that makes random values, all from the operating system's CSPRNG: peer ids, keys, transaction ids, and choices.
// Core code takes a `Random` so that a test can repeat a run.

import { randomBytes } from 'node:crypto';

/** A source of random values. */
export interface Random {
  /** `length` fresh random bytes. */
  bytes(length: number): Uint8Array;
  /** A number in [0, 1). */
  fraction(): number;
}

/** Fractions are cut from a block of random bytes, since one call into the system per choice would be slow. */
const poolBytes = 4096;
let pool = new DataView(new ArrayBuffer(0));
let poolOffset = 0;

/** The operating system's CSPRNG. */
export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  fraction() {
    if (poolOffset + 4 > pool.byteLength) {
      const fresh = randomBytes(poolBytes);
      pool = new DataView(fresh.buffer, fresh.byteOffset, fresh.byteLength);
      poolOffset = 0;
    }
    const value = pool.getUint32(poolOffset);
    poolOffset += 4;
    return value / 2 ** 32;
  },
};

/** Shuffles `items` in place (Fisher-Yates) and returns them. */
export function shuffle<T>(items: T[], random: Random): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const chosen = Math.floor(random.fraction() * (last + 1));
    const held = items[last] as T;
    items[last] = items[chosen] as T;
    items[chosen] = held;
  }
  return items;
}
