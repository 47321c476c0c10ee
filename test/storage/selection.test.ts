// Downloads of some files of a torrent, and later ones of more.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { makeScratchDirectory, removeScratchDirectory, scratchDirectory } from '../support/scratch.ts';
import { verifyFiles } from '../../src/storage/verify-files.ts';
import { allFiles, assertOnDisk, download, listFiles, makeContent, open, piecesOf, writePieces } from './fixture.ts';

// Pieces of 1000 bytes: piece 1 covers a and b, piece 3 covers b, c and d.
const content = makeContent('set', 1_000, [
  { path: 'a', length: 1_500 },
  { path: 'b', length: 1_700 },
  { path: 'c', length: 100 },
  { path: 'd', length: 2_000 },
]);
const state = 'set.ttorrent';

test('only selected files are written, not a byte of their neighbours', async (t) => {
  const dir = scratchDirectory(t);
  const told = await download(content, dir, { selection: new Set([1]) });
  assert.deepEqual(told.completed, ['set/b']);
  assertOnDisk(content, dir, [1], [state]);
});

test('a partial download that is complete is known at once, by its state and without a change', async (t) => {
  const dir = scratchDirectory(t);
  await download(content, dir, { selection: new Set([1]) });
  const before = statSync(path.join(dir, state)).mtimeMs;
  const { storage, told } = await open(content, dir, { selection: new Set([1]) });
  assert.equal(told.checkedBytes, 0);
  assert.deepEqual(told.completed, ['set/b']);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].filter((piece) => storage.verified.has(piece)),
    [1, 2, 3],
  );
  assert.ok(storage.holds(2));
  assert.ok(!storage.holds(1), 'bytes of a are not there');
  await assert.rejects(storage.read(1, 0, new Uint8Array(10)), { code: 'read-write-failed' });
  await storage.read(1, 500, new Uint8Array(10));
  await storage.finish();
  assert.equal(statSync(path.join(dir, state)).mtimeMs, before);
});

test('a larger selection later fetches just what is missing and does not touch files that are complete', async (t) => {
  const dir = scratchDirectory(t);
  await download(content, dir, { selection: new Set([1]) });
  const before = statSync(path.join(dir, 'set/b')).mtimeMs;
  const { storage } = await open(content, dir);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].filter((piece) => storage.verified.has(piece)),
    [2],
  );
  await writePieces(storage, content, [0, 1, 3, 4, 5]);
  await storage.finish();
  assertOnDisk(content, dir, [0, 1, 2, 3]);
  assert.equal(statSync(path.join(dir, 'set/b')).mtimeMs, before);
});

test('what an earlier selection left unfinished is not forgotten, and never taken for more than it is', async (t) => {
  const dir = scratchDirectory(t);
  const first = await open(content, dir, { selection: new Set([0]) });
  await writePieces(first.storage, content, [0]);
  await first.storage.close();
  // Piece 1 is verified in this run without the bytes of a that are in it.
  await download(content, dir, { selection: new Set([1]) });
  const third = await open(content, dir, { selection: new Set([0]) });
  assert.equal(third.told.checkedBytes, 0);
  assert.ok(third.storage.verified.has(0));
  assert.ok(!third.storage.verified.has(1));
  await writePieces(third.storage, content, [1]);
  await third.storage.finish();
  assertOnDisk(content, dir, [0, 1], [state]);
});

test('without its state a partial download is checked as far as its pieces can be, and repaired', async (t) => {
  const dir = scratchDirectory(t);
  const large = makeContent('large', 1_000, [
    { path: 'a', length: 500 },
    { path: 'b', length: 9_000 },
  ]);
  await download(large, dir, { selection: new Set([1]) });
  rmSync(path.join(dir, 'large.ttorrent'));
  const { storage } = await open(large, dir, { selection: new Set([1]) });
  assert.equal(storage.verified.count, 9);
  assert.ok(!storage.verified.has(0), 'its first piece needs bytes of a');
  await writePieces(storage, large, [0]);
  await storage.finish();
  assertOnDisk(large, dir, [1], ['large.ttorrent']);
});

test('whatever has the name of a file that is not selected is left alone', async (t) => {
  const dir = scratchDirectory(t);
  mkdirSync(path.join(dir, 'set/a'), { recursive: true });
  writeFileSync(path.join(dir, 'set/c'), 'mine');
  await download(content, dir, { selection: new Set([1]) });
  assert.equal(readFileSync(path.join(dir, 'set/c'), 'utf8'), 'mine');
  assert.deepEqual(listFiles(dir), ['set.ttorrent', 'set/b', 'set/c']);
});

test('verify tells of selected files alone, and takes the state at its word only where no hash can tell', async (t) => {
  const dir = scratchDirectory(t);
  await download(content, dir, { selection: new Set([1]) });
  const request = { outputDir: dir, selection: new Set([1]), signal: new AbortController().signal, onProgress: () => {} };
  const whole = await verifyFiles(content.metainfo, request);
  assert.ok(whole.complete);
  assert.deepEqual([whole.verifiedPieces, whole.pieceCount], [3, 3]);
  const file = path.join(dir, 'set/b');
  const edited = readFileSync(file);
  edited[900] = (edited[900] ?? 0) ^ 1;
  writeFileSync(file, edited);
  const damaged = await verifyFiles(content.metainfo, request);
  assert.ok(!damaged.complete);
  assert.equal(damaged.files[0]?.state, 'partial');
  assert.equal(damaged.files[0]?.verifiedBytes, 0);
});

test('any sequence of selections, stopped anywhere, ends with the right bytes', { timeout: 60_000 }, async () => {
  const step = fc.record({
    selection: fc.uniqueArray(fc.nat(3), { minLength: 1 }),
    pieces: fc.uniqueArray(fc.nat(5)),
    resume: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 4 }), async (steps) => {
      const dir = makeScratchDirectory();
      try {
        for (const { selection, pieces, resume } of steps) {
          const { storage } = await open(content, dir, { selection: new Set(selection), resume });
          const wanted = new Set(piecesOf(content, selection));
          await writePieces(
            storage,
            content,
            pieces.filter((piece) => wanted.has(piece)),
          );
          await storage.close();
        }
        await download(content, dir);
        assertOnDisk(content, dir, allFiles(content));
      } finally {
        removeScratchDirectory(dir);
      }
    }),
    { numRuns: 150 },
  );
});
