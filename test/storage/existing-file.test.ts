import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExistingPiece, judgeExistingFile } from '../../src/storage/existing-file.ts';

const cases: readonly { readonly pieces: string; readonly decision: string }[] = [
  { pieces: '', decision: 'replace' },
  { pieces: 'ee', decision: 'replace' },
  { pieces: 'w', decision: 'refuse' },
  { pieces: 'vw', decision: 'replace' },
  { pieces: 'vww', decision: 'refuse' },
  { pieces: 'vwweee', decision: 'refuse' },
  { pieces: 'veeee', decision: 'replace' },
  { pieces: 'u', decision: 'undecided' },
  { pieces: 'uww', decision: 'refuse' },
  { pieces: 'uvw', decision: 'undecided' },
  { pieces: 'uvv', decision: 'replace' },
  { pieces: 'uwvw', decision: 'undecided' },
];

for (const { pieces, decision } of cases) {
  test(`a file of pieces "${pieces}" (valid, wrong, unknown, empty): ${decision}`, () => {
    const names = { v: 'valid', w: 'wrong', u: 'unknown', e: 'empty' } as const;
    const kinds = Array.from(pieces, (letter): ExistingPiece => names[letter as keyof typeof names]);
    const judgement = judgeExistingFile(kinds);
    assert.equal(judgement.decision, decision);
    assert.equal(judgement.matching, kinds.filter((kind) => kind === 'valid').length);
    assert.equal(judgement.counted, kinds.filter((kind) => kind !== 'empty').length);
  });
}
