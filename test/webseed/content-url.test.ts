import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TorrentFile } from '../../src/metainfo/metainfo.ts';
import { fileUrl, pieceUrl, redirectTarget, requestFor } from '../../src/webseed/content-url.ts';

function file(...path: string[]): TorrentFile {
  return { index: 0, path, length: 1, torrentOffset: 0, pad: false, executable: false };
}

const direct = { target: ({ pathname, search }: URL) => pathname + search, headers: {} };

test('a file is at its URL or below it, several are below it in their directory', () => {
  const cases: readonly [base: string, isMultiFile: boolean, path: string[], url: string][] = [
    ['http://h/a.iso', false, ['b.iso'], 'http://h/a.iso'],
    ['http://h/pub/', false, ['b c.iso'], 'http://h/pub/b%20c.iso'],
    ['http://h', false, ['b'], 'http://h/b'],
    ['http://h/pub', true, ['t', 'd', 'f'], 'http://h/pub/t/d/f'],
    ['http://h/pub/?k=v#x', true, ['t', 'f'], 'http://h/pub/t/f?k=v'],
  ];
  for (const [base, isMultiFile, path, url] of cases) assert.equal(fileUrl(base, { isMultiFile }, file(...path)).href, url);
  assert.equal(fileUrl('http://h/', { isMultiFile: true }, { ...file('t', '_'), webPath: ['t', '%FF'] }).href, 'http://h/t/%FF');
});

test('W7: every name is escaped once and stays one element', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text !== '.' && text !== '..');
  fc.assert(
    fc.property(name, (text) => {
      const { pathname, search } = fileUrl('http://h/pub/', { isMultiFile: true }, file('t', text));
      assert.equal(search, '');
      assert.deepEqual(pathname.split('/').map(decodeURIComponent), ['', 'pub', 't', text]);
    }),
  );
});

test('BEP 17: the infohash byte for byte, the piece, and a range where it is not all of it', () => {
  const infohash = Uint8Array.of(0, 0x41, 0xff, 0x26);
  assert.equal(pieceUrl('http://h/s', infohash, 3, 0, 10, 10).href, 'http://h/s?info_hash=%00A%FF%26&piece=3');
  assert.equal(pieceUrl('http://h/s?k=1', infohash, 3, 2, 5, 10).href, 'http://h/s?k=1&info_hash=%00A%FF%26&piece=3&ranges=2-6');
});

test('no URL can put a line of its own into a request', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), fc.string(), (base, text) => {
      const url = fileUrl(`${base}/${text}`, { isMultiFile: true }, file('t', `a\r\nX: y ${text.replaceAll(/[^ -~]/g, '')}`));
      const lines = requestFor(url, { begin: 5, end: 8 }, direct).split('\r\n');
      assert.match(lines[0] ?? '', /^GET \/[!-~]* HTTP\/1\.1$/);
      assert.ok(lines.includes('Range: bytes=5-7'));
      assert.deepEqual(lines.slice(-2), ['', '']);
      assert.equal(lines.filter((line) => line === '').length, 2);
    }),
  );
});

test('a redirect keeps a password on its server, and TLS', () => {
  const from = new URL('https://u:p@h/a/b');
  const target = (location: string): string => String(redirectTarget(from, location));
  assert.equal(target('c'), 'https://u:p@h/a/c');
  assert.equal(target('https://other/c#x'), 'https://other/c');
  assert.equal(target('https://x:y@other/c'), 'https://other/c');
  assert.match(target('http://h/c'), /from https to http/);
  assert.match(target('ftp://h/c'), /not HTTP/);
});
