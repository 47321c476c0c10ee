import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseChecksumList } from '../../src/metainfo/checksum-list.ts';
import { mutate, seededRandom } from '../support/mutation.ts';

const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
const sha1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709';
const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const sha512 = sha256 + sha256;

/** `ALGORITHM NAME` of each entry. */
const read = (text: string): string[] => parseChecksumList(text).map(({ checksum, name }) => `${checksum.algorithm} ${name}`);

test('reads what coreutils, BSD and OpenSSL write', () => {
  const lines: [line: string, entry: string][] = [
    [`${sha256}  a file.iso`, 'sha256 a file.iso'],
    [`${sha256} *a.iso`, 'sha256 a.iso'],
    [`${sha256} a.iso`, 'sha256 a.iso'],
    [`${sha256}\ta.iso`, 'sha256 a.iso'],
    [`${sha256}   led by a blank`, 'sha256  led by a blank'],
    [`${sha256}  *starred`, 'sha256 *starred'],
    [`${md5}  dir/a`, 'md5 dir/a'],
    [`${sha1}  a`, 'sha1 a'],
    [`${sha512}  a`, 'sha512 a'],
    [`${sha256.toUpperCase()}  a`, 'sha256 a'],
    [`SHA256 (a.iso) = ${sha256}`, 'sha256 a.iso'],
    [`SHA256 (a) = b (c).iso) = ${sha256}`, 'sha256 a) = b (c).iso'],
    [`MD5 (a) = ${md5}`, 'md5 a'],
    [`SHA1(a)= ${sha1}`, 'sha1 a'],
    [`SHA2-512(a)= ${sha512}`, 'sha512 a'],
    [`\\${sha256}  a\\nb\\\\c\\rd`, 'sha256 a\nb\\c\rd'],
    [`\\SHA256 (a\\nb) = ${sha256}`, 'sha256 a\nb'],
    [`${sha256}  a\\nb`, 'sha256 a\\nb'],
  ];
  for (const [line, entry] of lines) assert.deepEqual(read(line), [entry], line);
  assert.deepEqual(
    read(lines.map(([line]) => `${line}\r\n`).join('')),
    lines.map(([, entry]) => entry),
  );
});

test('gives digits in lower case', () => {
  assert.deepEqual(parseChecksumList(`${sha256.toUpperCase()}  a`), [{ checksum: { algorithm: 'sha256', hex: sha256 }, name: 'a' }]);
});

test('passes over what is no checksum', () => {
  const text = [
    '\uFEFF-----BEGIN PGP SIGNED MESSAGE-----',
    'Hash: SHA256',
    '',
    '# a.iso: 1234 bytes',
    `SHA256 (a.iso) = ${sha256}`,
    `BLAKE2b (a.iso) = ${sha512}`,
    `SHA512/256 (a.iso) = ${sha256}`,
    `SHA256 (short) = ${md5}`,
    sha256,
    `${sha256}  `.trimEnd(),
    `${sha256.slice(1)}  odd number of digits`,
    `${sha256.replace('e', 'g')}  no hex`,
    `\\${sha256}  a\\x escaped`,
    `\\${sha256}  ends in a backslash\\`,
    '-----BEGIN PGP SIGNATURE-----',
    'iQIzBAEBCAAdFiEE6f7RGAxDsRU0vJhuZ1vCvQn3lJsFAmU',
    '-----END PGP SIGNATURE-----',
  ].join('\n');
  assert.deepEqual(read(text), ['sha256 a.iso']);
});

test('a byte order mark before the first line is no part of it', () => {
  assert.deepEqual(read(`\uFEFF${sha256}  a`), ['sha256 a']);
});

test('whatever the names are, what coreutils would write is read back', () => {
  const name = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !text.includes('\0'));
  const entries = fc.array(fc.tuple(name, fc.constantFrom(md5, sha1, sha256, sha512), fc.boolean()), { maxLength: 5 });
  fc.assert(
    fc.property(entries, (listed) => {
      const text = listed.map(([file, hex, isTagged]) => coreutilsLine(file, hex, isTagged)).join('');
      const expected = listed.map(([file, hex]) => ({ name: file, hex }));
      assert.deepEqual(
        parseChecksumList(text).map(({ checksum, name: found }) => ({ name: found, hex: checksum.hex })),
        expected,
      );
    }),
  );
});

function coreutilsLine(name: string, hex: string, isTagged: boolean): string {
  const escaped = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  const mark = escaped === name ? '' : '\\';
  const tag = { 32: 'MD5', 40: 'SHA1', 64: 'SHA256', 128: 'SHA512' }[hex.length];
  return isTagged ? `${mark}${tag} (${escaped}) = ${hex}\n` : `${mark}${hex}  ${escaped}\n`;
}

test('no damaged list makes a checksum that is none', () => {
  const good = Buffer.from(`${sha256}  a.iso\nSHA512 (b) = ${sha512}\n\\${md5} *c\\n\n`);
  const random = seededRandom(1);
  for (let i = 0; i < 5_000; i++) {
    for (const { checksum, name } of parseChecksumList(Buffer.from(mutate(good, random)).toString('utf8'))) {
      assert.match(
        `${checksum.algorithm}:${checksum.hex}`,
        /^(md5:[0-9a-f]{32}|sha1:[0-9a-f]{40}|sha224:[0-9a-f]{56}|sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/,
      );
      assert.ok(name.length > 0);
    }
  }
});

test('a list without line ends, or of brackets alone, takes no longer than its length', () => {
  for (const text of ['('.repeat(2_000_000), `a (${') = '.repeat(500_000)}`, `\\${sha256}  ${'\\'.repeat(1_999_999)}`]) {
    assert.deepEqual(read(text), []);
  }
});
