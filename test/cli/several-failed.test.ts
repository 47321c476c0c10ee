import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bySeverity, exitCodes } from '../../src/cli/exit-codes.ts';
import { SeveralFailed } from '../../src/cli/several-failed.ts';

test('every failure has its place in the order of severity', () => {
  assert.deepEqual(
    bySeverity.toSorted((a, b) => a - b),
    exitCodes.map(({ number }) => number).filter((number) => number !== 0),
  );
});

test('the gravest failure is the exit code, whatever the order', () => {
  for (const codes of [
    [0, 40, 3, 7, 0],
    [7, 3, 40],
    [40, 7, 3, 3],
  ]) {
    assert.equal(new SeveralFailed(codes).exitCode, 3, codes.join());
  }
  assert.equal(new SeveralFailed([2, 1, 28]).exitCode, 1);
  assert.equal(new SeveralFailed([0, 2]).message, '1 of 2 torrents failed: exit code 2 (deadline reached)');
  assert.equal(
    new SeveralFailed([2, 3, 2, 0]).message,
    '3 of 4 torrents failed: exit code 3 (torrent not found), which is graver than 2 (deadline reached)',
  );
});
