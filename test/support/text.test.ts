import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toLatin1 } from '../../src/support/bytes.ts';
import { fromLatin1, toText } from '../../src/support/text.ts';

test('reads UTF-8, keeps a byte order mark, and marks what is ill-formed', () => {
  assert.equal(toText(Buffer.from('日本 🎉')), '日本 🎉');
  assert.equal(toText(Uint8Array.from([0xef, 0xbb, 0xbf, 0x61])), '\ufeffa');
  assert.equal(toText(Uint8Array.from([0x61, 0xff, 0xc0, 0xaf, 0xe6, 0x97, 0x62])), 'a\ufffd\ufffd\ufffd\ufffdb');
  assert.equal(toText(Buffer.from('abcdef').subarray(2, 4)), 'cd');
});

test('a string of one character per byte goes there and back', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.deepEqual(new Uint8Array(fromLatin1(toLatin1(bytes))), bytes);
});
