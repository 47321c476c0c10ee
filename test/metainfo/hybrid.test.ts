import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import type { Bencodable } from '../support/make-torrent.ts';
import { multiFile } from './torrent-text.ts';

const root = Buffer.alloc(32, 7);
const v1 = [
  { length: 20_000, path: ['a', 'one'] },
  { attr: 'p', length: 12_768, path: ['.pad', '12768'] },
  { length: 0, path: ['b'] },
  { length: 5, path: ['c'] },
];

function leaf(length: number, fields: Readonly<Record<string, Bencodable>> = { 'pieces root': root }): Bencodable {
  return { '': { length, ...fields } };
}

function tree(changes: Readonly<Record<string, Bencodable>> = {}): Bencodable {
  return { a: { one: leaf(20_000) }, b: leaf(0, {}), c: leaf(5), ...changes };
}

function hybrid(fileTree: Bencodable, info: Readonly<Record<string, Bencodable>> = {}): Buffer {
  return multiFile(v1, { 'file tree': fileTree, 'meta version': 2, ...info });
}

test('a hybrid whose sides agree is read by its v1 side', () => {
  const { files } = parseTorrent(hybrid(tree()));
  assert.deepEqual(
    files.map(({ path, pad }) => (pad ? 'pad' : path.join('/'))),
    ['dir/a/one', 'pad', 'dir/b', 'dir/c'],
  );
});

test('a link on both sides agrees', () => {
  const link = { attr: 'l', 'symlink path': ['a', 'one'] };
  const bytes = multiFile([...v1, { ...link, path: ['d'] }], { 'file tree': tree({ d: { '': link } }), 'meta version': 2 });
  assert.equal(parseTorrent(bytes).files.length, 4);
});

test('a v1 torrent with a file tree but no version is a v1 torrent', () => {
  assert.equal(parseTorrent(multiFile(v1, { 'file tree': 'whatever' })).files.length, 4);
});

const mismatches: readonly (readonly [title: string, bytes: Buffer, message: RegExp])[] = [
  ['without a file tree', multiFile(v1, { 'meta version': 2 }), /"file tree" of info: expected a dictionary, found nothing/],
  ['with a file more in the tree', hybrid(tree({ d: leaf(1) })), /expected the 3 files of "files", found 4/],
  ['with a file less in the tree', hybrid({ a: { one: leaf(20_000) }, b: leaf(0, {}) }), /expected the 3 files of "files", found 2/],
  ['with another length', hybrid(tree({ c: leaf(6) })), /expected file 3 as in "files", "c" of 5 bytes, found "c" of 6 bytes/],
  ['with another name', hybrid({ a: { one: leaf(20_000) }, b: leaf(0, {}), d: leaf(5) }), /expected file 3 .* found "d" of 5 bytes/],
  ['with a file that is a directory too', hybrid(tree({ c: { '': { length: 5, 'pieces root': root }, x: leaf(1) } })), /found both/],
  ['whose root is a file', hybrid({ '': { length: 5, 'pieces root': root } }), /found both/],
  ['without a hash of a file', hybrid(tree({ c: leaf(5, {}) })), /"pieces root" of "c" of "file tree": expected a string, found nothing/],
  ['with a short hash', hybrid(tree({ c: leaf(5, { 'pieces root': 'x' }) })), /expected 32 bytes, found 1/],
  ['with a hash of zeros', hybrid(tree({ c: leaf(5, { 'pieces root': Buffer.alloc(32) }) })), /expected a hash, found zeros/],
  ['with a negative length', hybrid(tree({ c: leaf(-5) })), /"length" of "c" of "file tree": expected an integer of at least 0/],
  ['with an element that is no dictionary', hybrid(tree({ c: 5 })), /"c" of "file tree"/],
  [
    'with pieces of no power of 2',
    hybrid(tree(), { 'piece length': 20_000, pieces: Buffer.alloc(40) }),
    /"piece length" of info: expected a power of 2/,
  ],
  [
    'with pieces below 16 KiB',
    hybrid(tree(), { 'piece length': 8192, pieces: Buffer.alloc(100) }),
    /"piece length" of info: expected a power of 2 of at least 16384 in a hybrid torrent, found 8192/,
  ],
  [
    'with a file that begins within a piece',
    multiFile(
      [
        { length: 5, path: ['a'] },
        { length: 5, path: ['b'] },
      ],
      { 'file tree': { a: leaf(5), b: leaf(5) }, 'meta version': 2 },
    ),
    /file 2: expected to begin with a piece in a hybrid torrent, found byte 5/,
  ],
];

for (const [title, bytes, message] of mismatches) {
  test(`refuses a hybrid ${title}`, () => {
    assert.throws(
      () => parseTorrent(bytes),
      (error) => {
        assert.ok(error instanceof InputError);
        assert.equal(error.code, 'bad-torrent');
        assert.match(error.message, message);
        return true;
      },
    );
  });
}
