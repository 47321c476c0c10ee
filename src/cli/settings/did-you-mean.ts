// The word that was probably meant. Pure.

/** The words of `candidates` that differ from `word` by little, as ` (Did you mean a or b?)`; nothing when there is none. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = nearest(word, candidates);
  return near.length === 0 ? '' : ` (Did you mean ${near.join(' or ')}?)`;
}

/** The words of `candidates` nearest to `word`: at most three letters away, and less than half of the longer one. */
export function nearest(word: string, candidates: Iterable<string>): string[] {
  let bestDistance = Math.min(3, longestWord);
  let best: string[] = [];
  // What is longer than any word of ours is not one of them; and the distance costs its square.
  if (word.length > longestWord) return best;
  for (const candidate of new Set(candidates)) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance > bestDistance || distance * 2 >= Math.max(word.length, candidate.length)) continue;
    if (distance < bestDistance) best = [];
    bestDistance = distance;
    best.push(candidate);
  }
  return best;
}

const longestWord = 64;

/** Letters to insert, remove, replace or swap with a neighbour (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const at = (line: readonly number[], index: number): number => line[index] ?? Number.POSITIVE_INFINITY;
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + (isSame ? 0 : 1),
          isSwap ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
