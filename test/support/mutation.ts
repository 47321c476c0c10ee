// Makes bad input from good, the same at every run.

/** Numbers in [0, 1) that a seed determines (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that bencode gives a meaning to: more telling than any byte. */
const tellingInBencode = Buffer.from('deli:-0123456789');

/** `input` with one to three bytes changed, put in or left out, a part said twice, or an end cut off. `telling`: bytes that mean something. */
export function mutate(input: Uint8Array, random: () => number, telling: Uint8Array = tellingInBencode): Uint8Array {
  const below = (limit: number): number => Math.floor(random() * limit);
  const anyByte = (): number => (random() < 0.7 ? (telling[below(telling.length)] as number) : below(256));
  const bytes = [...input];
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const at = below(bytes.length + 1);
    switch (below(5)) {
      case 0:
        bytes.splice(at, 1, anyByte());
        break;
      case 1:
        bytes.splice(at, 0, anyByte());
        break;
      case 2:
        bytes.splice(at, 1 + below(4));
        break;
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + below(20)));
        break;
      default:
        if (random() < 0.3) bytes.length = at;
    }
  }
  return Uint8Array.from(bytes);
}
