import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { printable, redactUrl } from '../../src/support/printable.ts';

const table: readonly (readonly [given: string | Uint8Array, shown: string])[] = [
  ['plain text, ünïcode – 日本語 🎉', 'plain text, ünïcode – 日本語 🎉'],
  ['', ''],
  ['\x1b[31mred\x1b]8;;http://x\x07', '\\x1b[31mred\\x1b]8;;http://x\\x07'],
  ['a\r\nb\tc\0', 'a\\x0d\\x0ab\\x09c\\x00'],
  ['\x7f\x80\x9b2J', '\\x7f\\x80\\x9b2J'],
  ['gpj\u202eexe.\u2066', 'gpj\\u{202e}exe.\\u{2066}'],
  ['a\u200bb\ufeffc\u061cd\u00ade', 'a\\u{200b}b\\u{feff}c\\u{61c}d\\xade'],
  ['\u2028\u2029', '\\u{2028}\\u{2029}'],
  ['\u{e0041}', '\\u{e0041}'],
  ['lone \ud83d end', 'lone \\u{d83d} end'],
  ['back\\slash', 'back\\slash'],
  [Uint8Array.from([0x61, 0xff, 0x62]), 'a\ufffdb'],
  [Uint8Array.from([0xc2, 0x9b, 0x41]), '\\x9bA'],
  [Buffer.from('日本'), '日本'],
];
for (const [given, shown] of table) test(`shows ${JSON.stringify(shown)}`, () => assert.equal(printable(given), shown));

test('caps the length, with a mark where it cut', () => {
  assert.equal(printable('abcdef', 6), 'abcdef');
  assert.equal(printable('abcdefg', 6), 'abcde…');
  assert.equal(printable('a\x1b\x1b', 6), 'a\\x1b…');
  assert.equal(printable('abcd🎉🎉', 6), 'abcd…');
  assert.equal(printable('x'.repeat(5000)).length, 1024);
  assert.equal(printable('abc', 0), '');
  assert.equal(printable(Buffer.from('日'.repeat(10)), 5), '日日日日…');
});

test('looks at the head of megabytes only', () => {
  const begun = performance.now();
  assert.equal(printable(new Uint8Array(50_000_000), 41), `${'\\x00'.repeat(10)}…`);
  assert.equal(printable('\x1b'.repeat(50_000_000), 41), `${'\\x1b'.repeat(10)}…`);
  assert.ok(performance.now() - begun < 500);
});

test('whatever comes in, what goes out is one line that a terminal only shows', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.uint8Array(),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
  );
  fc.assert(
    fc.property(anything, fc.integer({ min: 0, max: 50 }), (text, maxChars) => {
      const shown = printable(text, maxChars);
      assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      assert.ok(shown.length <= maxChars);
    }),
    { seed: 9 },
  );
});

const urls: readonly (readonly [given: string, shown: string])[] = [
  ['http://tracker.example:6969/announce', 'http://tracker.example:6969/announce'],
  ['udp://tracker.example:80', 'udp://tracker.example:80'],
  ['https://user:secret@tracker.example/announce', 'https://***@tracker.example/announce'],
  ['https://us@er:se@cret@tracker.example/', 'https://***@tracker.example/'],
  ['http://t.example/0123456789abcdef0123456789abcdef/announce', 'http://t.example/***/announce'],
  ['http://t.example/announce/a1b2c3d4e5', 'http://t.example/announce/***'],
  ['http://t.example/QWxhZGRpbjpvcGVuIHNlc2FtZQ==/announce', 'http://t.example/***/announce'],
  ['http://t.example/announce.php?passkey=abc&x=1&flag', 'http://t.example/announce.php?passkey=***&x=***&***'],
  ['http://t.example/announce?key=a?b=c#token', 'http://t.example/announce?key=***'],
  ['http://t.example/tracker.php/0123456789abcdef0123456789abcdef.x', 'http://t.example/tracker.php/***.x'],
  ['https://cdn.example/debian-12.5.0-amd64-netinst.iso', 'https://cdn.example/debian-12.5.0-amd64-netinst.iso'],
  ['http://[2001:db8::1]:80/announce', 'http://[2001:db8::1]:80/announce'],
  ['http://t.example/\x1b[2J', 'http://t.example/\\x1b[2J'],
  ['not a url', '(not a URL)'],
  ['', '(not a URL)'],
];
for (const [given, shown] of urls) test(`shows ${JSON.stringify(given)} without its secrets`, () => assert.equal(redactUrl(given), shown));

test('caps the length of a URL', () => assert.ok(redactUrl(`http://t.example/${'x./'.repeat(1000)}`).length <= 256));
