import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedFastSet } from '../../src/wire/allowed-fast.ts';

const infohash = new Uint8Array(20).fill(0xaa);

test('the allowed fast sets of the examples in BEP 6', () => {
  const seven = [1059, 431, 808, 1217, 287, 376, 1188];
  assert.deepEqual([...allowedFastSet(Uint8Array.of(80, 4, 4, 200), infohash, 1313, 7)], seven);
  assert.deepEqual([...allowedFastSet(Uint8Array.of(80, 4, 4, 200), infohash, 1313, 9)], [...seven, 353, 508]);
});

test('the allowed fast set is the same for a whole /24, and ends in a torrent of few pieces', () => {
  assert.deepEqual(allowedFastSet(Uint8Array.of(80, 4, 4, 1), infohash, 1313), allowedFastSet(Uint8Array.of(80, 4, 4, 2), infohash, 1313));
  assert.deepEqual(new Set(allowedFastSet(Uint8Array.of(1, 2, 3, 4), infohash, 3)), new Set([0, 1, 2]));
});
