// Whose is a file that has a final name and is not complete? A part of this download is replaced by the verified result; somebody else's is
// left alone. Pure: verdicts in, a decision out. The rule: fewer than half of its pieces that are not all zeros are valid: somebody else's.

import { StorageError } from '../errors.ts';

/**
 * What is known of one piece of such a file. `empty`: all zeros or behind the file's end, as in a download by another client; it says
 * nothing. `unknown`: shared with other files, which may be at fault or missing.
 */
export type ExistingPiece = 'valid' | 'wrong' | 'unknown' | 'empty';

/** What to do with the file. `undecided`: compare when its verified bytes are there. */
export interface ExistingFileJudgement {
  readonly decision: 'replace' | 'refuse' | 'undecided';
  /** Pieces that match, of how many that count. */
  readonly matching: number;
  readonly counted: number;
}

/** Decides about one file from its pieces. */
export function judgeExistingFile(pieces: Iterable<ExistingPiece>): ExistingFileJudgement {
  const count = { valid: 0, wrong: 0, unknown: 0, empty: 0 };
  for (const piece of pieces) count[piece]++;
  const counted = count.valid + count.wrong + count.unknown;
  const judgement = (decision: ExistingFileJudgement['decision']): ExistingFileJudgement => ({ decision, matching: count.valid, counted });
  if (count.valid * 2 >= counted) return judgement('replace');
  return (count.valid + count.unknown) * 2 < counted ? judgement('refuse') : judgement('undecided');
}

/** The refusal to replace the file at `path`. */
export function somebodyElses(path: string, judgement: Pick<ExistingFileJudgement, 'matching' | 'counted'>): StorageError {
  const { matching, counted } = judgement;
  return new StorageError(
    'in-the-way',
    `${path} exists and differs (${matching} of ${counted} pieces match); it is left untouched (--overwrite replaces it)`,
  );
}
