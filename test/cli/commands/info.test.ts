import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoJson, infoLines, infoText } from '../../../src/cli/commands/info.ts';
import { paintFor } from '../../../src/cli/paint.ts';
import type { Metainfo } from '../../../src/index.ts';

const plain = paintFor({ isTerminal: false }, { noColor: false, forceColor: false, dumbTerminal: false }, { color: true });
const infohashHex = '0123456789abcdef0123456789abcdef01234567';

const metainfo: Metainfo = {
  infohash: Buffer.from(infohashHex, 'hex') as unknown as Metainfo['infohash'],
  infohashHex,
  name: 'album',
  isMultiFile: true,
  files: [
    { index: 0, path: ['album', 'one.flac'], length: 5000, torrentOffset: 0, pad: false, executable: false },
    { index: 1, path: ['.pad', '11384'], length: 11_384, torrentOffset: 5000, pad: true, executable: false },
    { index: 2, path: ['album', 'art', 'cover.png'], length: 0, torrentOffset: 16_384, pad: false, executable: false },
  ],
  totalLength: 16_384,
  pieceLength: 16_384,
  pieceCount: 1,
  pieceHashes: new Uint8Array(20),
  private: true,
  trackers: [['http://a/announce', 'http://b/announce'], ['http://c/announce']],
  webSeeds: ['http://w/'],
  nodes: [],
  comment: undefined,
  createdBy: 'test',
  creationDate: 1_600_000_000,
  source: undefined,
  warnings: [],
};

test('prints one JSON object on one line, pad files left out, null for what is absent', () => {
  const json = infoJson(metainfo);
  assert.match(json, /^[^\n]+\n$/);
  assert.deepEqual(JSON.parse(json), {
    infohash: infohashHex,
    name: 'album',
    totalLength: 5000,
    pieceLength: 16_384,
    pieceCount: 1,
    private: true,
    files: [
      { path: 'album/one.flac', length: 5000 },
      { path: 'album/art/cover.png', length: 0 },
    ],
    trackers: [['http://a/announce', 'http://b/announce'], ['http://c/announce']],
    webSeeds: ['http://w/'],
    comment: null,
    createdBy: 'test',
    creationDate: 1_600_000_000,
    source: null,
  });
});

test('escapes invisible characters in JSON without changing the value', () => {
  const comment = 'a\u001b[2J\u009b\u007f\u202e\u{e0041}\u2028é😀';
  const json = infoJson({ ...metainfo, comment });
  assert.doesNotMatch(json.trimEnd(), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  assert.match(json, /é😀/);
  assert.equal((JSON.parse(json) as { comment: string }).comment, comment);
});

test('prints labels and values for people', () => {
  assert.equal(
    infoText(metainfo, plain),
    [
      'name:         album',
      `infohash:     ${infohashHex}`,
      'size:         4.88 KiB (5000 bytes) in 2 files',
      'pieces:       1 of 16.0 KiB',
      'private:      yes',
      'created:      2020-09-13T12:26:40Z',
      'created by:   test',
      'trackers:     http://a/announce, http://b/announce',
      '              http://c/announce',
      'web seeds:    http://w/',
      'files:',
      '  4.88 KiB  album/one.flac',
      '       0 B  album/art/cover.png',
      '',
    ].join('\n'),
  );
});

test('prints a comment full of control sequences as one harmless line', () => {
  const text = infoText({ ...metainfo, comment: 'x\u001b[2J\r\nname: forged\u202e' }, plain);
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  assert.equal(text.split('\n').filter((line) => line.startsWith('name:')).length, 1);
});

test('prints a date that no calendar reaches as the number it is', () => {
  assert.match(infoText({ ...metainfo, creationDate: 9_007_199_254_740_991 }, plain), /^created: {6}9007199254740991$/m);
});

test('prints key and value for scripts, secrets and control characters made harmless', () => {
  const lines = infoLines({
    ...metainfo,
    comment: 'a\tb\nname\tforged',
    trackers: [['http://a/announce'], ['http://b/0123456789abcdef0123/announce']],
  });
  assert.equal(
    lines,
    [
      `infohash\t${infohashHex}`,
      'name\talbum',
      'totalLength\t5000',
      'pieceLength\t16384',
      'pieceCount\t1',
      'private\ttrue',
      'comment\ta\\x09b\\x0aname\\x09forged',
      'createdBy\ttest',
      'creationDate\t1600000000',
      'tracker\thttp://a/announce\t1',
      'tracker\thttp://b/***/announce\t2',
      'webSeed\thttp://w/',
      'file\talbum/one.flac\t5000',
      'file\talbum/art/cover.png\t0',
      '',
    ].join('\n'),
  );
});
