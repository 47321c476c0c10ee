import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PieceTimes } from '../../../src/cli/report/piece-times.ts';

function file(index: number, torrentOffset: number, length: number) {
  return { index, path: [String(index)], length, torrentOffset, pad: false, executable: false };
}

test('says of each piece whether it came in this run, was there before, or is missing', () => {
  const times = new PieceTimes({ pieceCount: 3, pieceLength: 10, files: [file(0, 0, 30)] }, undefined);
  times.came(2, 1234.6);
  const one = { count: 1, wanted: 1 };
  assert.deepEqual(
    times.cells((piece) => piece !== 1),
    [
      { ...one, first: 0, before: 1, fetched: 0, atMs: null },
      { ...one, first: 1, before: 0, fetched: 0, atMs: null },
      { ...one, first: 2, before: 0, fetched: 1, atMs: 1235 },
    ],
  );
});

test('counts the pieces that the selected files reach into', () => {
  const files = [file(0, 0, 15), file(1, 15, 0), file(2, 15, 10), file(3, 25, 15)];
  const wanted = (selection: number[]): number[] =>
    new PieceTimes({ pieceCount: 4, pieceLength: 10, files }, new Set(selection)).cells(() => false).map((cell) => cell.wanted);
  assert.deepEqual(
    [wanted([0]), wanted([1]), wanted([2]), wanted([2, 3])],
    [
      [1, 1, 0, 0],
      [0, 0, 0, 0],
      [0, 1, 1, 0],
      [0, 1, 1, 1],
    ],
  );
});

test('draws two million pieces together into 1 440 cells, none left out', () => {
  const pieceCount = 2_097_151;
  const times = new PieceTimes({ pieceCount, pieceLength: 1, files: [] }, undefined);
  for (let piece = 0; piece < pieceCount; piece += 2) times.came(piece, piece);
  const cells = times.cells(() => false);
  assert.equal(cells.length, 1440);
  assert.equal(
    cells.reduce((sum, { count }) => sum + count, 0),
    pieceCount,
  );
  assert.equal(
    cells.reduce((sum, { fetched }) => sum + fetched, 0),
    Math.ceil(pieceCount / 2),
  );
  cells.forEach(({ first, count, atMs }) => assert.ok(Math.abs((atMs ?? 0) - first - count / 2) <= 2));
});
