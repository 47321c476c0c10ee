import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { BufferPool } from '../../src/storage/buffer-pool.ts';
import { PieceWriter } from '../../src/storage/piece-writer.ts';
import { makeContent } from './fixture.ts';

const content = makeContent('pieces', 1_000, [{ length: 9_500 }]);

/** A writer over a disk whose writes end when the test says so. */
function writerOverSlowDisk(maxBytesInFlight: number, pieceHashes = content.metainfo.pieceHashes, signal = new AbortController().signal) {
  const log: string[] = [];
  const writes: { readonly piece: number; readonly end: (error?: Error) => void }[] = [];
  const given: Uint8Array[] = [];
  const writer = new PieceWriter({
    storage: {
      writePiece: (piece) =>
        new Promise((resolve, reject) => {
          writes.push({ piece, end: (error) => (error === undefined ? resolve() : reject(error)) });
        }),
    },
    pieceHashes,
    maxBytesInFlight,
    signal,
    onVerified: (piece, bytes) => {
      given.push(bytes);
      log.push(`verified ${piece}`);
    },
    onCorrupt: (piece, bytes) => {
      given.push(bytes);
      log.push(`corrupt ${piece}`);
    },
    onRoom: () => log.push('room'),
    onError: (error) => log.push(`error ${(error as Error).message}`),
  });
  const land = async (at: number, error?: Error): Promise<void> => {
    writes[at]?.end(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { writer, log, writes, given, land };
}

test('a piece of the right hash is written and then told as verified, with its own buffer', async () => {
  const { writer, log, writes, given, land } = writerOverSlowDisk(10_000);
  const bytes = content.piece(3);
  writer.submit(3, bytes);
  assert.deepEqual(log, []);
  assert.equal(writes[0]?.piece, 3);
  await land(0);
  assert.deepEqual(log, ['verified 3']);
  assert.equal(given[0], bytes);
});

test('a piece of the wrong hash is told as corrupt at once and never written', () => {
  const { writer, log, writes, given } = writerOverSlowDisk(10_000);
  const bytes = content.piece(4);
  writer.submit(3, bytes);
  assert.deepEqual(log, ['corrupt 3']);
  assert.equal(given[0], bytes);
  assert.equal(writes.length, 0);
  assert.ok(!writer.isFull);
});

test('it is full while the bytes under way reach the bound, and tells once when there is room again', async () => {
  const { writer, log, land } = writerOverSlowDisk(2_000);
  writer.submit(0, content.piece(0));
  assert.ok(!writer.isFull);
  writer.submit(1, content.piece(1));
  assert.ok(writer.isFull);
  writer.submit(9, content.piece(9)); // the short last piece: taken nevertheless
  await land(2);
  assert.ok(writer.isFull);
  await land(0);
  assert.ok(!writer.isFull);
  await land(1);
  assert.deepEqual(log, ['verified 9', 'verified 0', 'room', 'verified 1']);
});

test('a failure of the disk is told once', async () => {
  const { writer, log, land } = writerOverSlowDisk(1_500);
  for (const piece of [0, 1, 2]) writer.submit(piece, content.piece(piece));
  await land(0, new Error('full'));
  await land(1, new Error('full'));
  await land(2);
  assert.deepEqual(log, ['error full', 'room', 'verified 2']);
});

test('a pool gives buffers of the length asked for, uses them again, and keeps no more than it may', () => {
  const pool = new BufferPool(1_000, false, 2_500);
  const taken = [pool.take(1_000), pool.take(500), pool.take(1)];
  assert.deepEqual(
    taken.map((bytes) => bytes.length),
    [1_000, 500, 1],
  );
  assert.equal(new Set(taken.map((bytes) => bytes.buffer)).size, 3);
  for (const bytes of taken) pool.give(bytes);
  const again = [pool.take(1_000), pool.take(1_000), pool.take(1_000)];
  assert.deepEqual(
    again.map((bytes) => bytes.length),
    [1_000, 1_000, 1_000],
  );
  assert.equal(again.filter((bytes) => taken.some((old) => old.buffer === bytes.buffer)).length, 2);
  assert.throws(() => pool.take(1_001));
});

test('a large piece is hashed in turns, to the same verdict, and not to the end when all is over', async () => {
  const bytes = Buffer.alloc(9 * 1024 * 1024 + 1, 7);
  const hashes = Buffer.concat([createHash('sha1').update(bytes).digest(), Buffer.alloc(20)]);
  const over = new AbortController();
  const { writer, log, writes } = writerOverSlowDisk(10_000, hashes, over.signal);
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  writer.submit(0, bytes);
  assert.equal(writes.length, 0);
  assert.ok(writer.isFull);
  await turns();
  assert.deepEqual(
    writes.map(({ piece }) => piece),
    [0],
  );
  writer.submit(1, bytes);
  await turns();
  assert.deepEqual(log, ['corrupt 1']);
  writer.submit(1, bytes);
  over.abort();
  await turns();
  assert.deepEqual(log, ['corrupt 1']);
});
