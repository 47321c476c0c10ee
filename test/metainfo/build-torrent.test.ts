// Expected bytes are made by the tests' own bencode encoder.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { buildTorrent, setPieceHashes, type TorrentContent, type TorrentFields, withPads } from '../../src/metainfo/build-torrent.ts';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { bencode } from '../support/make-torrent.ts';

const album: TorrentContent = {
  name: 'álbum',
  isMultiFile: true,
  files: [
    { path: ['a'], length: 10 },
    { path: ['sub', 'ü'], length: 20_000 },
  ],
  pieceLength: 16_384,
};
const song: TorrentContent = { name: 'song', isMultiFile: false, files: [{ path: [], length: 5 }], pieceLength: 16_384 };

test('writes a single-file torrent with nothing that was not asked for', () => {
  const info = { length: 5, name: 'song', 'piece length': 16_384, pieces: Buffer.alloc(20) };
  assert.deepEqual(Buffer.from(buildTorrent(song, {})), bencode({ info }));
  assert.deepEqual(
    Buffer.from(buildTorrent(song, { trackers: [], webSeeds: [], private: false, source: '', comment: '' })),
    bencode({ info }),
  );
});

test('writes every field, keys sorted by their bytes', () => {
  const fields: TorrentFields = {
    trackers: [['http://a/announce', 'udp://b:6969'], ['https://c/announce']],
    webSeeds: ['http://w/1', 'https://w/2'],
    private: true,
    source: 'SITE',
    comment: 'hé',
    createdBy: 'test/1',
    creationDate: 1_600_000_000,
  };
  const files = [
    { length: 10, path: ['a'] },
    { length: 20_000, path: ['sub', 'ü'] },
  ];
  const info = { files, name: 'álbum', 'piece length': 16_384, pieces: Buffer.alloc(40), private: 1, source: 'SITE' };
  const expected = bencode({
    announce: 'http://a/announce',
    'announce-list': [['http://a/announce', 'udp://b:6969'], ['https://c/announce']],
    comment: 'hé',
    'created by': 'test/1',
    'creation date': 1_600_000_000,
    info,
    'url-list': ['http://w/1', 'https://w/2'],
  });
  assert.deepEqual(Buffer.from(buildTorrent(album, fields)), expected);
});

test('names one tracker without a list, and no tracker twice', () => {
  const announceOf = (trackers: string[][]): string =>
    Buffer.from(buildTorrent(song, { trackers })).toString('latin1').split('4:info')[0] ?? '';
  assert.equal(announceOf([['http://a/']]), 'd8:announce9:http://a/');
  assert.equal(announceOf([['http://a/', 'http://a/'], ['http://a/']]), 'd8:announce9:http://a/');
  assert.equal(
    announceOf([[], ['http://a/'], ['http://b/', 'http://a/']]),
    'd8:announce9:http://a/13:announce-listll9:http://a/el9:http://b/ee',
  );
});

test('refuses URLs that nobody would read, without showing a passkey', () => {
  const cases: readonly [fields: TorrentFields, complaint: RegExp][] = [
    [{ trackers: [['ftp://a/']] }, /tracker ftp:\/\/a\/ has a scheme/],
    [{ trackers: [['wss://a/']] }, /scheme/],
    [{ trackers: [['http://a/\n']] }, /control character/],
    [{ trackers: [['a']] }, /is not a URL/],
    [{ trackers: [['']] }, /is not a URL/],
    [{ trackers: [['http://xn--e1afmkfd/']] }, /internationalised/],
    [{ trackers: [[`http://a/${'x'.repeat(2048)}`]] }, /longer than 2048/],
    [{ trackers: [['ftp://a/0123456789abcdef0123456789abcdef/announce']] }, /ftp:\/\/a\/\*\*\*\/announce/],
    [{ webSeeds: ['udp://a/'] }, /web seed udp:\/\/a\/ has a scheme/],
    [{ trackers: [Array.from({ length: 65 }, (_, i) => `http://a/${i}`)] }, /65 trackers are more than the 64/],
    [{ webSeeds: Array.from({ length: 33 }, (_, i) => `http://a/${i}`) }, /33 web seeds are more than the 32/],
  ];
  for (const [fields, complaint] of cases) {
    assert.throws(
      () => buildTorrent(song, fields),
      (error) => error instanceof InputError && error.code === 'bad-argument' && complaint.test(error.message),
      String(complaint),
    );
  }
});

test('takes the hashes later, and says the infohash then', () => {
  // A comment that looks like the field, and a file of its name, are not taken for it.
  const content = { ...album, files: [{ path: ['6:pieces40:'], length: 20_000 }] };
  const torrent = buildTorrent(content, { comment: '4:infod6:pieces40:', source: '6:pieces40:' });
  const hashes = Buffer.from(Array.from({ length: 40 }, (_, i) => i + 1));
  const infohash = setPieceHashes(torrent, hashes);
  const info = {
    files: [{ length: 20_000, path: ['6:pieces40:'] }],
    name: 'álbum',
    'piece length': 16_384,
    pieces: hashes,
    source: '6:pieces40:',
  };
  assert.deepEqual(Buffer.from(torrent), bencode({ comment: '4:infod6:pieces40:', info }));
  assert.deepEqual(Buffer.from(infohash), createHash('sha1').update(bencode(info)).digest());
  assert.equal(parseTorrent(torrent).infohashHex, Buffer.from(infohash).toString('hex'));
});

test('puts a pad file before each file that would begin within a piece', () => {
  const files = [5, 0, 16_384, 32_768, 1, 0, 2].map((length, i) => ({ path: [String(i)], length }));
  const lengths = withPads(files, 16_384).map(({ path, length, pad = false }) => (pad ? `${path.join('/')}=${length}` : path[0]));
  assert.deepEqual(lengths, ['0', '1', '.pad/16379=16379', '2', '3', '4', '5', '.pad/16383=16383', '6']);
  const torrent = buildTorrent({ ...album, files: withPads(files, 16_384) }, {});
  assert.match(Buffer.from(torrent).toString('latin1'), /d4:attr1:p6:lengthi16379e4:pathl4:\.pad5:16379ee/);
  assert.deepEqual(
    parseTorrent(torrent).files.flatMap((file) => (file.pad || file.length === 0 ? [] : [file.torrentOffset % 16_384])),
    [0, 0, 0, 0, 0],
  );
});
