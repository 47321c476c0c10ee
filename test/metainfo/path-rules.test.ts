import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { InputError } from '../../src/errors.ts';
import { printable } from '../../src/support/printable.ts';
import { cleanName, cleanPath, nameKey, numberName } from '../../src/metainfo/path-rules.ts';

const plain = { portable: false };
const portable = { portable: true };
const fallback = 'f'.repeat(40);

function raw(text: string): Uint8Array {
  return Buffer.from(text);
}

/** The one element that `text` becomes within a path. */
function element(text: string | Uint8Array, rules = plain): string {
  const [first, ...rest] = cleanPath([typeof text === 'string' ? raw(text) : text], rules);
  assert.deepEqual(rest, []);
  return first as string;
}

const elements: readonly (readonly [title: string, given: string, becomes: string])[] = [
  ['keeps an ordinary name', 'Some File (2024) [x].tar.gz', 'Some File (2024) [x].tar.gz'],
  ['keeps letters of all scripts', 'ünïcode – 日本語 🎉', 'ünïcode – 日本語 🎉'],
  ['keeps what only Windows refuses', 'a:b*c?"<>|', 'a:b*c?"<>|'],
  ['keeps dots and blanks at the ends', ' .hidden. ', ' .hidden. '],
  ['keeps three dots', '...', '...'],
  ['replaces slashes', '../../etc/passwd', '.._.._etc_passwd'],
  ['replaces an absolute path', '/etc/passwd', '_etc_passwd'],
  ['replaces backslashes', 'C:\\Windows\\..\\x', 'C:_Windows_.._x'],
  ['replaces a UNC path', '\\\\host\\share', '__host_share'],
  ['replaces NUL, C0, DEL and C1 one by one', 'a\0b\x1b[2J\r\n\x7f\x9b', 'a_b_[2J____'],
  ['replaces line and paragraph separators', 'a\u2028b\u2029c', 'a_b_c'],
  ['removes bidi controls', 'photo\u202egpj.exe\u2066\u2069', 'photogpj.exe'],
  ['removes zero-width characters and byte order marks', 'a\u200bb\u200fc\u2060d\u2064e\ufefff\u061cg', 'abcdefg'],
  ['removes soft hyphens, Mongolian vowel separators and tags', 'a\u00adb\u180ec\u{e0041}\u{e007f}d', 'abcd'],
  ['makes something of a name that was all invisible', '\u200b\u200b', '_'],
];
for (const [title, given, becomes] of elements) test(`${title}: ${JSON.stringify(given)}`, () => assert.equal(element(given), becomes));

const badUtf8: readonly (readonly [title: string, given: readonly number[], becomes: string])[] = [
  ['a lone continuation byte', [0x61, 0x80, 0x62], 'a_b'],
  ['an overlong slash', [0xc0, 0xaf], '__'],
  ['an overlong NUL', [0xe0, 0x80, 0x80], '___'],
  ['a truncated character', [0x61, 0xe6, 0x97], 'a_'],
  ['a surrogate', [0xed, 0xa0, 0x80], '___'],
  ['a byte that never occurs', [0xff], '_'],
];
for (const [title, given, becomes] of badUtf8) test(`replaces ${title}`, () => assert.equal(element(Uint8Array.from(given)), becomes));

test('no name keeps a character that a person would be shown escaped', () => {
  for (let code = 1; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    if (printable(character) === character) continue;
    const clean = element(`x${character}y`);
    assert.ok(clean === 'xy' || /^x_+y$/.test(clean), `U+${code.toString(16)} becomes ${JSON.stringify(clean)}`);
  }
});

test('leaves out empty elements and single dots', () => {
  assert.deepEqual(cleanPath(['', 'a', '.', '', 'b', '.\u200b'].map(raw), plain), ['a', 'b']);
});

for (const parts of [['..'], ['a', '..', 'b'], ['a', '..'], ['.\u200b.'], ['..', '..', 'etc', 'passwd']]) {
  test(`refuses ${JSON.stringify(parts)}`, () => {
    for (const rules of [plain, portable]) assert.throws(() => cleanPath(parts.map(raw), rules), InputError);
  });
}

test('takes 100 levels and 4096 bytes, and no more', () => {
  assert.equal(cleanPath(Array(100).fill(raw('d')), plain).length, 100);
  assert.throws(() => cleanPath(Array(101).fill(raw('d')), plain), /at most 100 levels, found 101/);
  assert.throws(() => cleanPath(Array(21).fill(raw('d'.repeat(200))), plain), /at most 4096 bytes, found 4221/);
});

test('cuts a long name at 240 bytes and keeps a short extension', () => {
  assert.equal(element('x'.repeat(240)), 'x'.repeat(240));
  assert.equal(element('x'.repeat(241)), 'x'.repeat(240));
  assert.equal(element(`${'x'.repeat(300)}.mp4`), `${'x'.repeat(236)}.mp4`);
  assert.equal(element(`${'x'.repeat(300)}.${'y'.repeat(9)}`), `${'x'.repeat(230)}.${'y'.repeat(9)}`);
  assert.equal(element(`${'x'.repeat(300)}.${'y'.repeat(10)}`), 'x'.repeat(240));
});

test('cuts between characters', () => {
  assert.equal(element('日'.repeat(100)), '日'.repeat(80));
  assert.equal(element(`x${'日'.repeat(100)}.txt`), `x${'日'.repeat(78)}.txt`);
  assert.equal(element(`xx${'🎉'.repeat(100)}`), `xx${'🎉'.repeat(59)}`);
});

test('cuts a name of megabytes at once', () => {
  const begun = performance.now();
  assert.equal(element(`${'\x1b'.repeat(20_000_000)}.txt`), `${'_'.repeat(236)}.txt`);
  assert.ok(performance.now() - begun < 1000);
});

const portableNames: readonly (readonly [given: string, becomes: string])[] = [
  ['a:b*c?"<>|', 'a_b_c_____'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['com1', '_com1'],
  ['LPT9.tar.gz', '_LPT9.tar.gz'],
  ['COM¹', '_COM¹'],
  ['clock$', '_clock$'],
  ['con .txt', '_con .txt'],
  ['console', 'console'],
  ['com10', 'com10'],
  ['trailing. . ', 'trailing'],
  ['...', '_'],
  ['.. ', '_'],
];
for (const [given, becomes] of portableNames) {
  test(`makes ${JSON.stringify(given)} fit for Windows when asked to, and only then`, () => {
    assert.equal(element(given, portable), becomes);
    assert.equal(element(given, plain), given);
  });
}

test('gives the name of a torrent the same treatment', () => {
  assert.equal(cleanName(raw('a/b\x1b.txt'), fallback, plain), 'a_b_.txt');
  assert.equal(cleanName(raw('nul'), fallback, portable), '_nul');
  assert.equal(cleanName(raw(`${'x'.repeat(300)}.mp4`), fallback, plain), `${'x'.repeat(236)}.mp4`);
});

for (const name of ['.', '..', '...', '/', '//', '\\', '../..', '\0\0', '\u200b', '.\u200b.']) {
  test(`falls back where the name of a torrent is only ${JSON.stringify(name)}`, () => {
    for (const rules of [plain, portable]) assert.equal(cleanName(raw(name), fallback, rules), fallback);
  });
}

test('keeps an odd name that is somebody’s wish', () => {
  assert.equal(cleanName(raw('___'), fallback, plain), '___');
  assert.equal(cleanName(raw('.hidden'), fallback, plain), '.hidden');
});

for (const [name, becomes] of [
  ['x.ttorrent', 'x.ttorrent_'],
  ['x.TTorrent', 'x.TTorrent_'],
  ['x.ttorrent.lock', 'x.ttorrent.lock_'],
  ['x.ttorrent.lock.1.new', 'x.ttorrent.lock.1.new_'],
  ['ttorrent', 'ttorrent'],
  ['x.ttorrents', 'x.ttorrents'],
] as const) {
  test(`a torrent named ${name} cannot pose as the state of another`, () => assert.equal(cleanName(raw(name), fallback, plain), becomes));
}

test('no name of a torrent or of a file in it can pose as a lock being taken', () => {
  for (const rules of [plain, portable]) {
    assert.equal(cleanName(raw('.ttorrent-a.new'), fallback, rules), '_.ttorrent-a.new');
    assert.deepEqual(cleanPath([raw('.TTorrent-a'), raw('.ttorrent-b.claim'), raw('.ttorrent')], rules), [
      '_.TTorrent-a',
      '_.ttorrent-b.claim',
      '.ttorrent',
    ]);
  }
});

test('numbers a name before its extension, within the limit', () => {
  assert.equal(numberName('x.txt', 1), 'x.1.txt');
  assert.equal(numberName('x', 12), 'x.12');
  assert.equal(numberName('.hidden', 1), '.hidden.1');
  assert.equal(numberName('a.tar.gz', 1), 'a.tar.1.gz');
  assert.equal(numberName(`${'x'.repeat(236)}.txt`, 500), `${'x'.repeat(232)}.500.txt`);
});

test('names that some file system takes as equal have equal keys', () => {
  for (const [a, b] of [
    ['README', 'readme'],
    ['é', 'e\u0301'],
    ['É', 'e\u0301'],
    ['ΑΣ', 'ας'],
    ['straße', 'STRASSE'],
    ['ﬁ', 'fi'],
  ] as const)
    assert.equal(nameKey(a), nameKey(b));
  for (const [a, b] of [
    ['a', 'b'],
    ['e', 'é'],
    ['a ', 'a'],
  ] as const)
    assert.notEqual(nameKey(a), nameKey(b));
});

test('no path, whatever its bytes, leads out of the output directory or holds what a terminal or file system obeys', () => {
  const anyElement = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .string({
        unit: fc.constantFrom('.', '/', '\\', '\0', '\x1b', '\u200b', '\u202e', '\u00ad', '\u{e0020}', 'a', ' ', ':', 'é', '🎉', 'con'),
        maxLength: 12,
      })
      .map(raw),
  );
  fc.assert(
    fc.property(fc.array(anyElement, { maxLength: 8 }), fc.boolean(), (parts, isPortable) => {
      let path: readonly string[];
      try {
        path = [cleanName(parts[0] ?? raw('x'), fallback, { portable: isPortable }), ...cleanPath(parts, { portable: isPortable })];
      } catch (error) {
        assert.ok(error instanceof InputError);
        return;
      }
      for (const one of path) {
        assert.ok(one !== '' && one !== '.' && one !== '..');
        assert.doesNotMatch(one, /[/\\\p{Cc}\p{Cf}]/u);
        assert.ok(Buffer.byteLength(one) <= 240);
        assert.doesNotMatch(one, /\p{Cs}/u);
        if (isPortable) assert.doesNotMatch(one, /[:*?"<>|]|[. ]$/);
      }
    }),
    { numRuns: 3000, seed: 5 },
  );
});
