import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { InvariantError } from '../../src/errors.ts';
import { Geometry } from '../../src/metainfo/geometry.ts';
import type { TorrentFile } from '../../src/metainfo/metainfo.ts';

function geometryOf(lengths: readonly number[], pieceLength: number): { geometry: Geometry; files: TorrentFile[]; totalLength: number } {
  let torrentOffset = 0;
  const files = lengths.map((length, index) => {
    const file = { index, path: ['x', String(index)], length, torrentOffset, pad: false, executable: false };
    torrentOffset += length;
    return file;
  });
  const totalLength = torrentOffset;
  return {
    geometry: new Geometry({ pieceCount: Math.ceil(totalLength / pieceLength), pieceLength, totalLength, files }),
    files,
    totalLength,
  };
}

test('only whole numbers below the piece count are pieces', () => {
  const { geometry } = geometryOf([50_000], 20_000);
  assert.equal(geometry.pieceCount, 3);
  for (const index of [0, 1, 2]) assert.ok(geometry.isPiece(index));
  for (const index of [-1, 3, 0.5, Number.NaN, Infinity, 2 ** 32, -0.5]) assert.ok(!geometry.isPiece(index), String(index));
});

test('the last piece and the last block of a piece are shorter', () => {
  const { geometry } = geometryOf([50_000], 20_000);
  assert.deepEqual(
    [0, 1, 2].map((index) => geometry.lengthOf(index)),
    [20_000, 20_000, 10_000],
  );
  assert.deepEqual(
    [0, 1, 2].map((index) => geometry.blockCountOf(index)),
    [2, 2, 1],
  );
  assert.deepEqual([geometry.blockLength(0, 0), geometry.blockLength(0, 1), geometry.blockLength(2, 0)], [16_384, 3616, 10_000]);
  assert.deepEqual(
    [0, 1, 2].map((index) => geometry.offsetOf(index)),
    [0, 20_000, 40_000],
  );
});

test('a last piece of one byte and an exact multiple', () => {
  assert.equal(geometryOf([32_769], 16_384).geometry.lengthOf(2), 1);
  assert.equal(geometryOf([32_768], 16_384).geometry.lengthOf(1), 16_384);
});

test('offsets beyond 2^32 and 2^40 are exact', () => {
  const { geometry, files } = geometryOf([2 ** 41 + 1, 5], 2 ** 20);
  assert.equal(geometry.offsetOf(2 ** 21), 2 ** 41);
  assert.equal(geometry.lengthOf(2 ** 21), 6);
  assert.deepEqual(geometry.slices(2 ** 41, 6), [
    { file: files[0], fileOffset: 2 ** 41, rangeOffset: 0, length: 1 },
    { file: files[1], fileOffset: 0, rangeOffset: 1, length: 5 },
  ]);
});

test('a range covers parts of files in order, empty files left out', () => {
  const { geometry, files } = geometryOf([0, 5, 0, 0, 3, 10, 0], 4);
  assert.deepEqual(geometry.slices(3, 8), [
    { file: files[1], fileOffset: 3, rangeOffset: 0, length: 2 },
    { file: files[4], fileOffset: 0, rangeOffset: 2, length: 3 },
    { file: files[5], fileOffset: 0, rangeOffset: 5, length: 3 },
  ]);
  assert.deepEqual(geometry.slices(5, 0), []);
  assert.deepEqual(geometry.slices(18, 0), []);
});

test('a range beyond the torrent is our own mistake', () => {
  const { geometry } = geometryOf([10], 4);
  assert.throws(() => geometry.slices(5, 6), InvariantError);
  assert.throws(() => geometry.slices(-1, 1), InvariantError);
});

test('the pieces of a file are those that hold a byte of it', () => {
  const { geometry, files } = geometryOf([5, 3, 0, 8, 1], 4);
  assert.deepEqual(
    files.map((file) => geometry.piecesOf(file)),
    [
      { begin: 0, end: 2 },
      { begin: 1, end: 2 },
      { begin: 2, end: 2 },
      { begin: 2, end: 4 },
      { begin: 4, end: 5 },
    ],
  );
});

const layout = fc.record({
  lengths: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 50 })), { minLength: 1, maxLength: 12 }),
  pieceLength: fc.integer({ min: 1, max: 40 }),
});

test('the slices of any range tile it, within files that follow each other', () => {
  fc.assert(
    fc.property(layout, fc.nat(), fc.nat(), ({ lengths, pieceLength }, a, b) => {
      const { geometry, totalLength } = geometryOf(lengths, pieceLength);
      const begin = a % (totalLength + 1);
      const length = b % (totalLength - begin + 1);
      let at = begin;
      for (const slice of geometry.slices(begin, length)) {
        assert.equal(slice.rangeOffset, at - begin);
        assert.equal(slice.file.torrentOffset + slice.fileOffset, at);
        assert.ok(slice.length > 0 && slice.fileOffset + slice.length <= slice.file.length);
        at += slice.length;
      }
      assert.equal(at, begin + length);
    }),
    { seed: 2 },
  );
});

test('the pieces tile the torrent, their blocks tile them, and piecesOf agrees with slices', () => {
  fc.assert(
    fc.property(layout, ({ lengths, pieceLength }) => {
      const { geometry, files, totalLength } = geometryOf(lengths, pieceLength);
      const piecesByFile = files.map((): number[] => []);
      let at = 0;
      for (let index = 0; index < geometry.pieceCount; index++) {
        assert.equal(geometry.offsetOf(index), at);
        let blocks = 0;
        for (let block = 0; block < geometry.blockCountOf(index); block++) blocks += geometry.blockLength(index, block);
        assert.equal(blocks, geometry.lengthOf(index));
        for (const { file } of geometry.slices(at, geometry.lengthOf(index))) piecesByFile[file.index]?.push(index);
        at += geometry.lengthOf(index);
      }
      assert.equal(at, totalLength);
      for (const file of files) {
        const { begin, end } = geometry.piecesOf(file);
        assert.deepEqual(
          piecesByFile[file.index],
          Array.from({ length: end - begin }, (_, i) => begin + i),
        );
      }
    }),
    { seed: 3 },
  );
});
