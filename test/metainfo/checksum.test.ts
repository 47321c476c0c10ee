import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { parseTypedChecksum } from '../../src/metainfo/checksum.ts';

const digits = { md5: 32, sha1: 40, sha224: 56, sha256: 64, sha384: 96, sha512: 128 };

test('reads ALGORITHM:HEX for every algorithm', () => {
  for (const [algorithm, count] of Object.entries(digits)) {
    const hex = 'aB'.repeat(count / 2);
    assert.deepEqual(parseTypedChecksum(`${algorithm}:${hex}`), { checksum: { algorithm, hex: hex.toLowerCase() }, path: undefined });
  }
});

test('reads the path of a file behind it, whatever it holds, and the spellings of others', () => {
  const hex = '0'.repeat(64);
  const checksum = { algorithm: 'sha256', hex };
  assert.deepEqual(parseTypedChecksum(`sha256:${hex}:a/b: c=d\n`), { checksum, path: 'a/b: c=d\n' });
  for (const text of [`SHA256:${hex}`, `sha-256=${hex}`, `SHA2-256=${hex}`]) assert.deepEqual(parseTypedChecksum(text).checksum, checksum);
});

test('refuses what is no checksum and says what is expected', () => {
  const hex = '0'.repeat(64);
  for (const text of [
    '',
    hex,
    'sha256',
    'sha256:',
    `sha256:${hex}0`,
    `sha256:${hex.slice(1)}g`,
    `sha256:${hex}:`,
    `crc32:${hex}`,
    `md5:${hex}`,
    `toString:${hex}`,
  ]) {
    assert.throws(
      () => parseTypedChecksum(text),
      (error: unknown) => error instanceof InputError && error.code === 'bad-argument' && /expected ALGORITHM:HEX/.test(error.message),
      text,
    );
  }
});
