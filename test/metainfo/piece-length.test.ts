import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { checkPieceCount, checkPieceLength, choosePieceLength } from '../../src/metainfo/piece-length.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

test('chooses a power of two for 1 000 to 2 000 pieces, from 16 KiB to 16 MiB', () => {
  const cases: readonly [totalLength: number, pieceLength: number][] = [
    [1, 16 * KiB],
    [32 * MiB, 16 * KiB],
    [32 * MiB + 1, 32 * KiB],
    [700 * MiB, 512 * KiB],
    [4 * GiB, 2 * MiB],
    [32 * GiB, 16 * MiB],
    [32 * GiB + 1, 16 * MiB],
    [2 ** 48 - 1, 16 * MiB],
  ];
  for (const [totalLength, pieceLength] of cases) assert.equal(choosePieceLength(totalLength), pieceLength, String(totalLength));
  for (let totalLength = 33 * MiB; totalLength < 32 * GiB; totalLength *= 1.37) {
    const pieceCount = Math.ceil(totalLength / choosePieceLength(totalLength));
    assert.ok(pieceCount > 1024 && pieceCount <= 2048, `${totalLength}: ${pieceCount}`);
  }
});

test('takes powers of two from 16 KiB to 256 MiB', () => {
  for (let pieceLength = 16 * KiB; pieceLength <= 256 * MiB; pieceLength *= 2) checkPieceLength(pieceLength);
  for (const bad of [0, 1, 8 * KiB, 16 * KiB + 1, 48 * KiB, 512 * MiB, -16 * KiB, 1.5, Number.NaN]) {
    assert.throws(
      () => checkPieceLength(bad),
      (error) => error instanceof InputError && error.code === 'bad-argument' && error.message.includes('16K to 256M'),
      String(bad),
    );
  }
});

test('says which length would do when pieces are too many', () => {
  checkPieceCount(2_097_152 * 16 * KiB, 16 * KiB);
  assert.throws(() => checkPieceCount(2_097_152 * 16 * KiB + 1, 16 * KiB), /2097153 pieces of 16.0 KiB .* pieces of 32.0 KiB would do/);
  checkPieceCount(2_097_152 * 32 * KiB, 32 * KiB);
  assert.throws(() => checkPieceCount(2 ** 50, 16 * MiB), /make several torrents/);
});
