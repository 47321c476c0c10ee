// Torrents that must be refused, each with the code and the field that the message names; and mutations of good ones.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { InputError } from '../../src/errors.ts';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { bencode } from '../support/make-torrent.ts';
import { mutate, seededRandom } from '../support/mutation.ts';
import { filesAt, multiFile, singleFile } from './torrent-text.ts';

function refusesAs(code: 'not-bencode' | 'bad-torrent', title: string, bytes: Uint8Array, message: RegExp): void {
  test(`refuses ${title}`, () => {
    assert.throws(
      () => parseTorrent(bytes),
      (error) => {
        assert.ok(error instanceof InputError, String(error));
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\p{Cc}|\p{Cf}/u, 'one printable line');
        assert.equal(error.code, code);
        return true;
      },
    );
  });
}

const notBencode: readonly (readonly [title: string, bytes: Uint8Array | string, message: RegExp])[] = [
  ['an empty file', '', /the file is empty/],
  ['one byte', 'd', /bencode error at byte 1/],
  ['an HTML page', '<!DOCTYPE html>\n<html>', /looks like an HTML page/],
  ['an HTML page behind blanks and a byte order mark', '\ufeff \n<HTML>', /looks like an HTML page/],
  ['a gzip archive', gzipSync('x'), /looks like a gzip archive/],
  ['a zip archive', 'PK\x03\x04rest', /looks like a zip archive/],
  ['a playlist', '#EXTM3U\n#EXTINF', /looks like an m3u playlist/],
  ['a magnet link', 'magnet:?xt=urn:btih:00', /looks like a magnet link/],
  ['lists nested 101 deep', 'l'.repeat(101) + 'e'.repeat(101), /nesting exceeds 100/],
  ['lists nested a million deep', 'l'.repeat(1_000_000), /nesting exceeds 100/],
  ['dictionaries nested too deep in info', `d4:info${'d1:a'.repeat(100)}`, /nesting exceeds 100/],
  ['too many tokens', `l${'le'.repeat(2_000_000)}e`, /more than 2000000 keys and values/],
  ['a string that ends beyond the file', 'd4:infod4:name1000000:', /a string of 1000000 bytes where 0 are left/],
  ['a string of 10^18 bytes', 'd4:name1000000000000000000:', /beyond/],
  ['an integer above 2^53 - 1', 'd4:infod6:lengthi9007199254740992eee', /beyond 9007199254740991/],
  ['a negative zero', 'd4:infod6:lengthi-0eee', /-0/],
  ['a duplicate key', 'd4:infod6:pieces0:6:pieces0:ee', /the key "pieces" twice/],
  ['two info dictionaries', 'd4:infode4:infodee', /the key "info" twice/],
  ['a key that is no string', 'di1ei1ee', /expected a key/],
];
for (const [title, bytes, message] of notBencode) refusesAs('not-bencode', title, Buffer.from(bytes), message);

test('refuses a file beyond the size limit without reading it', () => {
  assert.throws(() => parseTorrent(Buffer.alloc(48 * 1024 * 1024 + 1)), /more than the 50331648 bytes allowed/);
});

const huge = 2 ** 44; // the largest file allowed
const badTorrents: readonly (readonly [title: string, bytes: Uint8Array, message: RegExp])[] = [
  ['a string', bencode('torrent'), /the torrent: expected a dictionary with "info", found the string "torrent"/],
  ['a dictionary without info', bencode({ announce: 'http://t.example/' }), /"info" of the torrent: expected a dictionary, found nothing/],
  ['an info that is a list', bencode({ info: [] }), /"info" of the torrent: expected a dictionary, found a list/],

  [
    'no piece length',
    singleFile({ 'piece length': undefined }),
    /"piece length" of info: expected an integer from 1 to 536854528, found nothing/,
  ],
  ['a piece length of 0', singleFile({ 'piece length': 0 }), /"piece length" of info: .* found the integer 0/],
  ['a negative piece length', singleFile({ 'piece length': -16_384 }), /"piece length" of info: .* found the integer -16384/],
  ['a piece length in words', singleFile({ 'piece length': '16384' }), /"piece length" of info: .* found the string "16384"/],
  ['a piece length beyond the limit', singleFile({ 'piece length': 536_854_529 }), /"piece length" of info/],

  ['no pieces', singleFile({ pieces: undefined }), /"pieces" of info: expected a string, found nothing/],
  ['pieces that are a list', singleFile({ pieces: [] }), /"pieces" of info: expected a string, found a list/],
  [
    'pieces that are no multiple of 20',
    singleFile({ pieces: 'x'.repeat(21) }),
    /"pieces" of info: expected 1 hashes of 20 bytes .* found 21 bytes/,
  ],
  ['too few pieces', singleFile({ length: 16_385 }), /"pieces" of info: expected 2 hashes .* found 20 bytes/],
  ['too many pieces', singleFile({ pieces: Buffer.alloc(40) }), /"pieces" of info: expected 1 hashes .* found 40 bytes/],
  ['pieces for no byte', singleFile({ length: 0 }), /"pieces" of info: expected 0 hashes .* found 20 bytes/],
  ['a length that overflows any disk', singleFile({ length: huge }), /expected at most 2097152 pieces/],

  ['no length', singleFile({ length: undefined }), /"length" of info: expected an integer from 0 .* found nothing/],
  ['a negative length', singleFile({ length: -1 }), /"length" of info: .* found the integer -1/],
  ['a length in words', singleFile({ length: '20' }), /"length" of info: .* found the string "20"/],
  ['a file beyond 16 TiB', singleFile({ length: huge + 1 }), /"length" of info: expected an integer from 0 to 17592186044416/],
  [
    'a negative length in a list',
    multiFile([
      { length: 1, path: ['a'] },
      { length: -1, path: ['b'] },
    ]),
    /"length" of file 2: .* found the integer -1/,
  ],
  [
    'files beyond 2^48 - 1 bytes together',
    multiFile(
      Array.from({ length: 16 }, (_, i) => ({ length: huge, path: [`f${i}`] })),
      { pieces: '' },
    ),
    /expected at most 281474976710655 bytes together/,
  ],

  ['no name', singleFile({ name: undefined }), /"name" of info: expected a string, found nothing/],
  ['an empty name', singleFile({ name: '' }), /"name" of info: expected a name, found an empty string/],
  ['a name that is a number', singleFile({ name: 5 }), /"name" of info: expected a string, found the integer 5/],
  ['a multi-file torrent without a name', multiFile([{ length: 1, path: ['a'] }], { name: undefined }), /"name" of info/],

  ['an empty file list', multiFile([], {}), /"files" of info: expected at least one file, found none/],
  ['a file list that is a dictionary', singleFile({ files: {} }), /"files" of info: expected a list, found a dictionary/],
  ['a file that is a string', singleFile({ files: ['a'] }), /file 1: expected a dictionary, found the string "a"/],
  ['nothing but pad files', multiFile([{ attr: 'p', length: 5, path: ['.pad', '5'] }]), /expected at least one file/],
  ['a file without a path', multiFile([{ length: 1 }]), /"path" of file 1: expected a list, found nothing/],
  ['an empty path', multiFile([{ length: 1, path: [] }]), /"path" of file 1: expected a list of one string or more, found a list of 0/],
  ['a path that is a string', multiFile([{ length: 1, path: 'a/b' }]), /"path" of file 1: expected a list, found the string "a\/b"/],
  [
    'a path with a number in it',
    multiFile([{ length: 1, path: ['a', 5] }]),
    /"path" of file 1: expected a list of strings, found the integer 5/,
  ],
  ['a path of empty elements', filesAt(['', '.']), /expected a path, found one without a name/],
  [
    'a path with ".."',
    filesAt(['a', '..', '..', 'b']),
    /"path" of a file, "a\/\.\.\/\.\.\/b": expected a path inside the torrent, found one with "\.\."/,
  ],
  ['".." hidden by an invisible character', filesAt(['.\u200b.', 'b']), /found one with "\.\."/],
  ['a path of 101 levels', filesAt(Array<string>(101).fill('d')), /expected at most 100 levels, found 101/],
  ['a path of 10 000 levels', filesAt(Array<string>(10_000).fill('d')), /expected at most 100 levels, found 10000/],
  ['a path beyond 4096 bytes', filesAt(Array<string>(50).fill('d'.repeat(100))), /expected a path of at most 4096 bytes/],
  ['".." in path.utf-8 beside an honest path', multiFile([{ length: 1, path: ['a'], 'path.utf-8': ['..', 'a'] }]), /found one with "\.\."/],
  ['600 files of one name', filesAt(...Array.from({ length: 600 }, () => ['same'])), /expected at most 500 clashing names/],
  ['attributes that are a number', multiFile([{ attr: 1, length: 1, path: ['a'] }]), /"attr" of file 1: expected a string/],
  ['a symbolic link with bytes', multiFile([{ attr: 'l', length: 5, path: ['a'] }]), /"length" of file 1: expected an integer from 0 to 0/],
  ['private in words', singleFile({ private: 'yes' }), /"private" of info: expected an integer, found the string "yes"/],
  ['a name in a message that would move the cursor', filesAt(['\x1b[2J', '..']), /\\x1b\[2J/],

  ['meta version 3', singleFile({ 'meta version': 3 }), /"meta version" of info: expected 2 at most, found 3/],
  [
    'a v2-only torrent',
    bencode({ info: { 'file tree': {}, 'meta version': 2, name: 'x', 'piece length': 16_384 } }),
    /v2-only torrents are not supported yet/,
  ],
];
for (const [title, bytes, message] of badTorrents) refusesAs('bad-torrent', title, bytes, message);

const fixtures = new URL('../../../fixtures/metainfo/', import.meta.url);
const good = readdirSync(fixtures)
  .filter((file) => file.endsWith('.torrent'))
  .map((file) => readFileSync(new URL(file, fixtures)));

test('refuses every beginning of every fixture', () => {
  for (const bytes of good) {
    for (let length = 0; length < bytes.length; length++) assert.throws(() => parseTorrent(bytes.subarray(0, length)), InputError);
  }
});

test('a mutated torrent is read safely or refused with an InputError', () => {
  const random = seededRandom(11);
  const begun = performance.now();
  const seeds = [...good, singleFile({}, { announce: 'http://t.example/', 'url-list': ['http://w.example/'], nodes: [['h', 1]] })];
  let readCount = 0;
  for (let round = 0; round < 20_000 && performance.now() - begun < 1500; round++) {
    const bytes = mutate(seeds[round % seeds.length] as Uint8Array, random);
    try {
      for (const { path } of parseTorrent(bytes).files) {
        for (const element of path) assert.doesNotMatch(element, /^\.{0,2}$|[/\\\p{Cc}]/u);
      }
      readCount++;
    } catch (error) {
      assert.ok(error instanceof InputError, `${Buffer.from(bytes).toString('latin1')}: ${String(error)}`);
    }
  }
  assert.ok(readCount > 100, `${readCount} were read`);
});

test('no key of a torrent reaches the prototype of an object', () => {
  const metainfo = parseTorrent(Buffer.from(`d9:__proto__d8:pollutedi1ee${singleFile().toString('latin1').slice(1)}`, 'latin1'));
  assert.equal(metainfo.name, 'file.bin');
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});
