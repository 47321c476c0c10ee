import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Geometry } from '../../src/metainfo/geometry.ts';
import {
  bitsOf,
  decodeState,
  EncodedRecords,
  encodeState,
  type FileRecord,
  longestState,
  vouchesFor,
} from '../../src/storage/state-codec.ts';
import { Bitfield } from '../../src/support/bitfield.ts';
import { makeContent } from './fixture.ts';

const { metainfo } = makeContent('state', 16, [
  { path: 'a', length: 100 },
  { path: 'pad', length: 12, pad: true },
  { path: 'b', length: 500 },
  { path: 'c', length: 3 },
]);
const geometry = new Geometry(metainfo);
const stays = { isToBeRenamed: false };

/** Any 16 bytes. */
const boot = Buffer.from('a run of systems');

function sample(): Buffer {
  const verified = new Bitfield(metainfo.pieceCount);
  for (const piece of [0, 3, 7, 20]) verified.add(piece);
  const records: FileRecord[] = [
    {
      fileIndex: 0,
      size: 100,
      mtimeNs: 1_700_000_000_123_456_789n,
      ctimeNs: 12n,
      ino: 2n ** 64n - 1n,
      bits: bitsOf(verified, file(0), geometry),
      ...stays,
    },
    { fileIndex: 2, size: 2 ** 44, mtimeNs: -5n, ctimeNs: -6n, ino: 7n, bits: bitsOf(verified, file(2), geometry), ...stays },
    { fileIndex: 3, size: 3, mtimeNs: 0n, ctimeNs: 0n, ino: 0n, bits: undefined, isToBeRenamed: true },
  ];
  return Buffer.from(encodeState(metainfo.infohash, boot, new EncodedRecords(records)));
}

function file(index: number) {
  const found = metainfo.files[index];
  assert.ok(found !== undefined);
  return found;
}

/** `body` with a right checksum behind it. */
function sealed(body: Uint8Array): Buffer {
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

test('a state is read as it was written', () => {
  const decoded = decodeState(sample(), metainfo, geometry);
  assert.ok(decoded.kind === 'state');
  const [a, b, c] = [decoded.records.get(0), decoded.records.get(2), decoded.records.get(3)];
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  assert.deepEqual(Buffer.from(decoded.boot), boot);
  assert.equal(a.mtimeNs, 1_700_000_000_123_456_789n);
  assert.equal(a.ino, 2n ** 64n - 1n);
  assert.equal(b.size, 2 ** 44);
  assert.equal(b.mtimeNs, -5n);
  assert.deepEqual([a.ctimeNs, b.ctimeNs, c.ctimeNs], [12n, -6n, 0n]);
  assert.deepEqual([a.isToBeRenamed, b.isToBeRenamed, c.isToBeRenamed], [false, false, true]);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6].filter((piece) => vouchesFor(a, file(0), geometry, piece)),
    [0, 3],
  );
  assert.deepEqual(
    [7, 8, 19, 20, 21, 38].filter((piece) => vouchesFor(b, file(2), geometry, piece)),
    [7, 20],
  );
  assert.ok(vouchesFor(c, file(3), geometry, 38));
});

test('bits of a file are those of its own pieces only, whatever its place in the torrent', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.boolean(), { minLength: 200, maxLength: 200 }),
      (lengths, coin) => {
        const torrent = makeContent(
          'bits',
          8,
          lengths.map((length, i) => ({ path: `f${i}`, length })),
        ).metainfo;
        const shape = new Geometry(torrent);
        const verified = new Bitfield(torrent.pieceCount);
        for (let piece = 0; piece < torrent.pieceCount; piece++) if (coin[piece]) verified.add(piece);
        const records = torrent.files.map((entry) => ({
          fileIndex: entry.index,
          size: 1,
          mtimeNs: 1n,
          ctimeNs: 1n,
          ino: 1n,
          bits: bitsOf(verified, entry, shape),
          isToBeRenamed: false,
        }));
        const bytes = encodeState(torrent.infohash, boot, new EncodedRecords(records));
        assert.ok(bytes.length <= longestState(torrent));
        const decoded = decodeState(bytes, torrent, shape);
        assert.ok(decoded.kind === 'state');
        for (const entry of torrent.files) {
          const record = decoded.records.get(entry.index);
          assert.ok(record?.bits !== undefined);
          const { begin, end } = shape.piecesOf(entry);
          let ones = 0;
          for (let piece = begin; piece < end; piece++) {
            assert.equal(vouchesFor(record, entry, shape, piece), verified.has(piece));
            if (verified.has(piece)) ones++;
          }
          assert.equal(
            [...record.bits].reduce((count, byte) => count + byte.toString(2).replaceAll('0', '').length, 0),
            ones,
            'no bit of another piece',
          );
        }
      },
    ),
  );
});

test('every truncation and every flipped bit is noticed', () => {
  const bytes = sample();
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(decodeState(bytes.subarray(0, length), metainfo, geometry).kind, 'unusable', `first ${length} bytes`);
  }
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >>> 3] = (flipped[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(decodeState(flipped, metainfo, geometry).kind, 'unusable', `bit ${bit}`);
  }
  assert.equal(decodeState(Buffer.concat([bytes, Buffer.alloc(1)]), metainfo, geometry).kind, 'unusable');
});

test("a newer or older version and another torrent's state are named as such", () => {
  const newer = Buffer.from(sample());
  newer.writeUInt32BE(4, 8);
  assert.match(JSON.stringify(decodeState(newer, metainfo, geometry)), /newer ttorrent \(format 4, expected 3\)/);
  newer.writeUInt32BE(2, 8);
  assert.match(JSON.stringify(decodeState(newer, metainfo, geometry)), /older ttorrent \(format 2, expected 3\)/);
  const other = encodeState(new Uint8Array(20), boot);
  assert.match(JSON.stringify(decodeState(other, metainfo, geometry)), /another torrent/);
});

test('a state with a right checksum that does not fit the torrent is refused, whatever it says', () => {
  const body = sample().subarray(0, -20);
  const wrongs: ((copy: Buffer) => void)[] = [
    (copy) => copy.writeUInt32BE(2 ** 32 - 1, 32), // count
    (copy) => copy.writeUInt32BE(1, 52), // a pad file
    (copy) => copy.writeUInt32BE(99, 52), // no such file
    (copy) => copy.writeUInt32BE(2, 52), // the same file twice, and other bits
    (copy) => copy.writeUInt8(1, 56), // complete: then no bits are expected
  ];
  for (const wrong of wrongs) {
    const copy = Buffer.from(body);
    wrong(copy);
    assert.match(JSON.stringify(decodeState(sealed(copy), metainfo, geometry)), /does not fit the torrent/);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (junk) => {
      decodeState(sealed(Buffer.concat([body.subarray(0, 32), junk])), metainfo, geometry);
    }),
  );
});
