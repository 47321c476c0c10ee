import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { editTorrent, type TorrentEdits } from '../../src/metainfo/edit-torrent.ts';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { type Bencodable, bencode } from '../support/make-torrent.ts';

const info = { length: 5, name: 'song', 'piece length': 16_384, pieces: Buffer.alloc(20, 7) };

function torrent(root: Readonly<Record<string, Bencodable>> = {}): Buffer {
  return bencode({ info, ...root });
}

function edited(root: Readonly<Record<string, Bencodable>>, edits: TorrentEdits): Buffer {
  return Buffer.from(editTorrent(torrent(root), edits));
}

const two = { announce: 'http://a/', 'announce-list': [['http://a/'], ['http://b/']] };

test('replaces, adds and removes trackers in tiers', () => {
  const cases: readonly [before: Readonly<Record<string, Bencodable>>, edits: TorrentEdits, after: Readonly<Record<string, Bencodable>>][] =
    [
      [{}, { trackers: [['http://a/']] }, { announce: 'http://a/' }],
      [two, { trackers: [['http://c/']] }, { announce: 'http://c/' }],
      [two, { trackers: [] }, {}],
      [two, { removeTrackers: ['http://a/'] }, { announce: 'http://b/' }],
      [two, { removeTrackers: ['http://a/', 'http://b/'] }, {}],
      [{ announce: 'http://a/' }, { addTrackers: [['http://b/']] }, two],
      [two, { addTrackers: [['http://a/', 'http://b/']] }, two],
      [two, { trackers: [], addTrackers: [['http://b/']] }, { announce: 'http://b/' }],
      [
        two,
        { removeTrackers: ['http://b/'], addTrackers: [['http://c/', 'http://b/']] },
        { announce: 'http://a/', 'announce-list': [['http://a/'], ['http://c/', 'http://b/']] },
      ],
      // An empty list names no tracker, so that `announce` counts (BEP 12).
      [{ announce: 'http://a/', 'announce-list': [] }, { addTrackers: [['http://b/']] }, two],
    ];
  for (const [before, edits, after] of cases) assert.deepEqual(edited(before, edits), torrent(after), JSON.stringify(edits));
});

test('keeps trackers that it has no use for, byte for byte', () => {
  const odd = Buffer.from([0x77, 0x73, 0xff, 0x80]);
  const before = { announce: 'http://a/', 'announce-list': [['wss://w/', odd], ['http://a/']] };
  const after = { announce: 'wss://w/', 'announce-list': [['wss://w/', odd], ['http://a/'], ['http://b/']] };
  assert.deepEqual(edited(before, { addTrackers: [['http://b/']] }), torrent(after));
  assert.deepEqual(
    edited(after, { removeTrackers: ['wss://w/'] }),
    torrent({ announce: odd, 'announce-list': [[odd], ['http://a/'], ['http://b/']] }),
  );
});

test('replaces, adds and removes web seeds, whether there was a list or one string', () => {
  const one = { 'url-list': 'http://w/1' };
  const list = { 'url-list': ['http://w/1', 'http://w/2'] };
  assert.deepEqual(edited(one, { addWebSeeds: ['http://w/2', 'http://w/1'] }), torrent(list));
  assert.deepEqual(edited(list, { removeWebSeeds: ['http://w/2'] }), torrent({ 'url-list': ['http://w/1'] }));
  assert.deepEqual(edited(list, { webSeeds: ['http://w/3'] }), torrent({ 'url-list': ['http://w/3'] }));
  assert.deepEqual(edited(list, { webSeeds: [] }), torrent());
});

test('changes the comment, in the place where readers look first', () => {
  assert.deepEqual(edited({}, { comment: 'hé' }), torrent({ comment: 'hé' }));
  assert.deepEqual(edited({ comment: 'a', 'comment.utf-8': 'b' }, { comment: 'c' }), torrent({ comment: 'c' }));
  assert.deepEqual(edited({ comment: 'a' }, { comment: '' }), torrent());
});

test('leaves every other byte as it is, canonical or not', () => {
  // Keys that are not sorted, in info too, unknown and binary keys, and bytes behind the end.
  const rawInfo = 'd4:name4:song6:lengthi5e12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaa3:\xff\xfe\x00i1ee';
  const head = 'd5:zzzzzi1e';
  const tail = '8:azureusld1:ai0eeee\n';
  const bytes = Buffer.from(`${head}4:info${rawInfo}${tail}`, 'latin1');
  const after = Buffer.from(editTorrent(bytes, { comment: 'x', addTrackers: [['http://a/']] })).toString('latin1');
  assert.ok(after.includes(`4:info${rawInfo}`));
  for (const added of ['7:comment1:x', '8:announce9:http://a/']) assert.ok(after.includes(added), added);
  assert.equal(after.replace('7:comment1:x', '').replace('8:announce9:http://a/', ''), bytes.toString('latin1'));
  assert.equal(parseTorrent(Buffer.from(after, 'latin1')).infohashHex, parseTorrent(bytes).infohashHex);
});

test('an edit that changes nothing gives the same bytes', () => {
  assert.deepEqual(edited(two, {}), torrent(two));
  assert.deepEqual(edited(two, { removeTrackers: [], addTrackers: [], addWebSeeds: [] }), torrent(two));
});

test('refuses what is no torrent, what is not there to remove, and URLs that make no sense', () => {
  const cases: readonly [bytes: Uint8Array, edits: TorrentEdits, code: string, complaint: RegExp][] = [
    [Buffer.from('hello'), {}, 'not-bencode', /not a torrent/],
    [bencode({ info: 1 }), {}, 'bad-torrent', /info/],
    [torrent(two), { removeTrackers: ['http://c/'] }, 'bad-argument', /no tracker http:\/\/c\/ to remove/],
    [torrent(), { removeWebSeeds: ['http://c/'] }, 'bad-argument', /no web seed/],
    [torrent(), { addTrackers: [['ftp://c/']] }, 'bad-argument', /scheme/],
    [torrent(), { webSeeds: ['x'] }, 'bad-argument', /not a URL/],
    [torrent(), { addTrackers: Array.from({ length: 65 }, (_, i) => [`http://a/${i}`]) }, 'bad-argument', /65 trackers/],
  ];
  for (const [bytes, edits, code, complaint] of cases) {
    assert.throws(
      () => editTorrent(bytes, edits),
      (error) => error instanceof InputError && error.code === code && complaint.test(error.message),
      String(complaint),
    );
  }
});
