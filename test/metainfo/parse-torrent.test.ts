import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { bencode } from '../support/make-torrent.ts';
import { multiFile, singleFile } from './torrent-text.ts';

const fixtures = new URL('../../../fixtures/metainfo/', import.meta.url);

interface Facts {
  readonly infohash: string;
  readonly name: string;
  readonly totalLength: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly files: readonly { readonly path: string; readonly length: number }[];
  readonly padFiles: number;
}

const facts = JSON.parse(readFileSync(new URL('facts.json', fixtures), 'utf8')) as Readonly<Record<string, Facts>>;

for (const [file, expected] of Object.entries(facts)) {
  test(`reads in ${file} what libtorrent reads`, () => {
    const metainfo = parseTorrent(readFileSync(new URL(file, fixtures)));
    const written = metainfo.files.filter(({ pad }) => !pad);
    assert.deepEqual(
      {
        infohash: metainfo.infohashHex,
        name: metainfo.name,
        totalLength: metainfo.totalLength,
        pieceLength: metainfo.pieceLength,
        pieceCount: metainfo.pieceCount,
        files: written.map(({ path, length }) => ({ path: path.join('/'), length })),
        padFiles: metainfo.files.length - written.length,
      },
      expected,
    );
    assert.equal(metainfo.pieceHashes.length, 20 * metainfo.pieceCount);
    assert.deepEqual(metainfo.warnings, []);
  });
}

test('every fixture but the v2-only one has its facts', () => {
  const torrents = readdirSync(fixtures).filter((file) => file.endsWith('.torrent'));
  assert.deepEqual(
    torrents.filter((file) => !(file in facts)),
    ['libtorrent-v2-only.torrent'],
  );
});

test('says that a v2-only torrent is not supported yet', () => {
  assert.throws(
    () => parseTorrent(readFileSync(new URL('libtorrent-v2-only.torrent', fixtures))),
    (error) => error instanceof InputError && error.code === 'bad-torrent' && /v2-only torrents are not supported yet/.test(error.message),
  );
});

test('reads what mktorrent writes beside the info dictionary', () => {
  const single = parseTorrent(readFileSync(new URL('mktorrent-single.torrent', fixtures)));
  assert.deepEqual(single.trackers, [
    ['http://tracker.example/announce', 'http://second.example/announce'],
    ['http://third.example:8080/announce'],
  ]);
  assert.equal(single.comment, 'a comment');
  assert.equal(single.createdBy, 'mktorrent 1.1');
  assert.ok((single.creationDate ?? 0) > 1_500_000_000);
  assert.equal(single.private, false);
  const tree = parseTorrent(readFileSync(new URL('mktorrent-tree.torrent', fixtures)));
  assert.deepEqual(tree.webSeeds, ['http://seed.example/files/']);
  assert.equal(tree.source, 'SOURCE');
  assert.equal(tree.private, true);
});

test('reads what transmission-create and libtorrent write beside the info dictionary', () => {
  const transmission = parseTorrent(readFileSync(new URL('transmission-tree.torrent', fixtures)));
  assert.equal(transmission.comment, 'ein Kommentar: äöü');
  assert.deepEqual(transmission.trackers.flat(), ['http://tracker.example/announce', 'udp://tracker.example:6969']);
  const libtorrent = parseTorrent(readFileSync(new URL('libtorrent-v1-tree.torrent', fixtures)));
  assert.deepEqual(libtorrent.nodes, [{ host: 'node.example', port: 6881 }]);
  assert.deepEqual(libtorrent.webSeeds, ['http://seed.example/']);
});

test('reads a minimal single-file torrent', () => {
  const metainfo = parseTorrent(singleFile());
  assert.deepEqual(metainfo.files, [{ index: 0, path: ['file.bin'], length: 20, torrentOffset: 0, pad: false, executable: false }]);
  assert.equal(metainfo.isMultiFile, false);
  assert.equal(metainfo.pieceCount, 1);
  assert.deepEqual(metainfo.pieceHashes, new Uint8Array(20).fill(1));
  assert.deepEqual([metainfo.trackers, metainfo.webSeeds, metainfo.nodes, metainfo.warnings], [[], [], [], []]);
  assert.deepEqual(
    [metainfo.comment, metainfo.createdBy, metainfo.creationDate, metainfo.source, metainfo.private],
    [undefined, undefined, undefined, undefined, false],
  );
});

test('reads a multi-file torrent with offsets, attributes and pad files', () => {
  const bytes = multiFile(
    [
      { length: 5, path: ['a', 'b.txt'] },
      { attr: 'p', length: 16_379, path: ['.pad', '16379'] },
      { attr: 'xh', length: 7, path: ['run'] },
      { length: 0, path: ['empty'] },
    ],
    { name: 'set' },
  );
  const metainfo = parseTorrent(bytes);
  assert.equal(metainfo.totalLength, 16_391);
  assert.deepEqual(metainfo.files, [
    { index: 0, path: ['set', 'a', 'b.txt'], length: 5, torrentOffset: 0, pad: false, executable: false },
    { index: 1, path: ['set', '.pad', '16379'], length: 16_379, torrentOffset: 5, pad: true, executable: false },
    { index: 2, path: ['set', 'run'], length: 7, torrentOffset: 16_384, pad: false, executable: true },
    { index: 3, path: ['set', 'empty'], length: 0, torrentOffset: 16_391, pad: false, executable: false },
  ]);
});

test('makes the infohash over the raw bytes, sorted or not', () => {
  const info = 'd4:name1:x6:lengthi20e12:piece lengthi16384e6:pieces20:abcdefghijabcdefghije';
  const metainfo = parseTorrent(Buffer.from(`d4:info${info}e`));
  assert.equal(metainfo.infohashHex, createHash('sha1').update(info).digest('hex'));
  assert.match(metainfo.warnings.join(), /unsorted keys/);
});

test('takes a newline behind the torrent, and warns of anything else', () => {
  assert.deepEqual(parseTorrent(Buffer.concat([singleFile(), Buffer.from('\r\n')])).warnings, []);
  const odd = parseTorrent(Buffer.concat([singleFile(), Buffer.from('\nxyz')]));
  assert.deepEqual(odd.warnings, ['4 bytes behind the end of the torrent: ignored']);
  assert.equal(odd.infohashHex, parseTorrent(singleFile()).infohashHex);
});

test('private is anything but 0, and counts in info only', () => {
  assert.equal(parseTorrent(singleFile({ private: 1 })).private, true);
  assert.equal(parseTorrent(singleFile({ private: 2 })).private, true);
  assert.equal(parseTorrent(singleFile({ private: 0 })).private, false);
  assert.equal(parseTorrent(singleFile({}, { private: 1 })).private, false);
});

test('leaves out informative fields of a wrong type, with a warning', () => {
  const metainfo = parseTorrent(singleFile({ source: 5 }, { comment: ['x'], 'created by': 1, 'creation date': 'today', encoding: 7 }));
  assert.deepEqual(
    [metainfo.comment, metainfo.createdBy, metainfo.creationDate, metainfo.source],
    [undefined, undefined, undefined, undefined],
  );
  assert.deepEqual(metainfo.warnings, [
    '"source" is not a string: left out',
    '"comment" is not a string: left out',
    '"created by" is not a string: left out',
    '"creation date" is not a number of seconds: left out',
  ]);
});

test('prefers the UTF-8 forms of names, path and comment', () => {
  const gbk = Buffer.from([0xd6, 0xd0]);
  const metainfo = parseTorrent(
    multiFile(
      [{ length: 1, path: [gbk], 'path.utf-8': ['中', 'x'] }],
      { name: gbk, 'name.utf-8': '中文' },
      { encoding: 'GBK', comment: gbk, 'comment.utf-8': '好' },
    ),
  );
  assert.equal(metainfo.name, '中文');
  assert.deepEqual(metainfo.files[0]?.path, ['中文', '中', 'x']);
  assert.equal(metainfo.comment, '好');
  assert.deepEqual(metainfo.warnings, []);
});

test('uses the plain forms when the UTF-8 ones are unusable', () => {
  const metainfo = parseTorrent(
    multiFile(
      [
        { length: 1, path: ['a'], 'path.utf-8': [] },
        { length: 1, path: ['b'], 'path.utf-8': 'b' },
      ],
      { 'name.utf-8': 5 },
    ),
  );
  assert.deepEqual(
    metainfo.files.map(({ path }) => path.join('/')),
    ['dir/a', 'dir/b'],
  );
});

test('takes empty files anywhere, and torrents without a byte', () => {
  const lengths = [0, 5, 0, 3, 0];
  const metainfo = parseTorrent(multiFile(lengths.map((length, i) => ({ length, path: [`f${i}`] }))));
  assert.deepEqual(
    metainfo.files.map(({ torrentOffset }) => torrentOffset),
    [0, 0, 5, 5, 8],
  );
  for (const empty of [
    singleFile({ length: 0, pieces: '' }),
    multiFile([
      { length: 0, path: ['a'] },
      { length: 0, path: ['b'] },
    ]),
  ]) {
    const { totalLength, pieceCount } = parseTorrent(empty);
    assert.deepEqual([totalLength, pieceCount], [0, 0]);
  }
});

test('leaves symbolic links out, with a warning', () => {
  const metainfo = parseTorrent(
    multiFile([
      { attr: 'l', path: ['link'], 'symlink path': ['..', '..', 'etc', 'passwd'] },
      { length: 4, path: ['real'] },
      { attr: 'lx', length: 0, path: ['loop'], 'symlink path': ['loop'] },
    ]),
  );
  assert.deepEqual(
    metainfo.files.map(({ index, path }) => [index, path.join('/')]),
    [[0, 'dir/real']],
  );
  assert.deepEqual(metainfo.warnings, ['file 1 is a symbolic link: left out', 'file 3 is a symbolic link: left out']);
});

test('knows pad files by attribute or by name, with or without a path, longer than a piece too', () => {
  const metainfo = parseTorrent(
    multiFile([
      { length: 3, path: ['a'] },
      { attr: 'p', length: 5 },
      { length: 7, path: ['_____padding_file_0_if you see this file'] },
      { attr: 'p', length: 100_000, path: ['..', 'evil'] },
      { length: 1, path: ['b'] },
    ]),
  );
  assert.deepEqual(
    metainfo.files.map(({ pad }) => pad),
    [false, true, true, true, false],
  );
  assert.deepEqual(metainfo.files[3]?.path, ['dir', '.pad', '100000']);
});

test('the name of a single file keeps its attributes out of what is fetched', () => {
  const [file] = parseTorrent(singleFile({ attr: 'plx' })).files;
  assert.deepEqual([file?.pad, file?.executable], [false, true]);
});

test('takes the largest piece length that libtorrent takes', () => {
  assert.equal(parseTorrent(singleFile({ 'piece length': 536_854_528 })).pieceLength, 536_854_528);
});

test('does not keep the file in memory through what it returns', () => {
  const bytes = Buffer.from(singleFile());
  const metainfo = parseTorrent(bytes);
  assert.notEqual(metainfo.pieceHashes.buffer, bytes.buffer);
  bytes.fill(0);
  assert.equal(metainfo.pieceHashes[0], 1);
});

test('reads 100 000 files', () => {
  const files = Array.from({ length: 100_000 }, (_, i) => ({ length: 1000, path: [`dir${i % 100}`, `file-${i}.txt`] }));
  const bytes = multiFile(files);
  assert.equal(parseTorrent(bytes).files.length, 100_000);
});

test('reads 2 097 152 pieces, and refuses one more', () => {
  const torrent = (pieces: number): Buffer =>
    bencode({ info: { length: pieces * 16_384, name: 'x', 'piece length': 16_384, pieces: Buffer.alloc(pieces * 20, 1) } });
  const most = torrent(2_097_152);
  assert.equal(parseTorrent(most).pieceCount, 2_097_152);
  assert.throws(() => parseTorrent(torrent(2_097_153)), /expected at most 2097152 pieces, found 2097153/);
});
