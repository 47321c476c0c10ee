// Files and pieces in every alignment, many files, and files larger than 32 bits can count.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readlinkSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { digestOfZeros } from '../../src/storage/piece-hasher.ts';
import { makeScratchDirectory, removeScratchDirectory, scratchDirectory } from '../support/scratch.ts';
import { allFiles, assertOnDisk, download, makeContent, makeMetainfo, open, piecesOf, writePieces } from './fixture.ts';

test('every alignment of files, pad files and pieces ends with the right bytes, in one go or in two', { timeout: 120_000 }, async () => {
  const sketch = fc.record({
    length: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 400 })),
    pad: fc.boolean(),
  });
  const shape = fc.record({ sketches: fc.array(sketch, { minLength: 1, maxLength: 12 }), pieceLength: fc.integer({ min: 1, max: 64 }) });
  await fc.assert(
    fc.asyncProperty(
      shape,
      fc.constantFrom('sparse', 'none', 'prealloc'),
      fc.array(fc.nat(100)),
      async ({ sketches, pieceLength }, allocation, chosen) => {
        const content = makeContent(
          'z',
          pieceLength,
          sketches.map((file, i) => ({ ...file, path: `${i % 3}/f${i}`, pad: file.pad && i > 0 })),
        );
        const pieces = piecesOf(content, allFiles(content));
        const dir = makeScratchDirectory();
        try {
          const { storage } = await open(content, dir, { allocation });
          await writePieces(storage, content, new Set(chosen.flatMap((at) => pieces[at % pieces.length] ?? [])));
          await storage.close();
          const told = await download(content, dir, { allocation });
          assert.equal(told.checkedBytes, 0);
          assertOnDisk(content, dir, allFiles(content));
          const again = await open(content, dir);
          assert.ok(
            pieces.every((piece) => again.storage.verified.has(piece)),
            'every piece is found again by its hash',
          );
          await again.storage.finish();
        } finally {
          removeScratchDirectory(dir);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('2000 small files, some hundred to a piece, are complete in a few seconds', { timeout: 60_000 }, async (t) => {
  const sketches = Array.from({ length: 2_000 }, (_, i) => ({ path: `d${i % 20}/f${i}`, length: (i * 37) % 300 }));
  const content = makeContent('small', 65_536, sketches);
  const dir = scratchDirectory(t);
  const told = await download(content, dir);
  assert.equal(told.completed.length, 2_000);
  assertOnDisk(content, dir, allFiles(content));
});

test('at most 64 descriptors are open below the output directory, however many files are written to at a time', async (t) => {
  const lengths = { 'two pieces each': 6_000, 'many to a piece': 500 };
  for (const [name, length] of Object.entries(lengths)) {
    const content = makeContent(
      name,
      4_096,
      Array.from({ length: 300 }, (_, i) => ({ path: `d${i}/f`, length })),
    );
    const dir = scratchDirectory(t);
    const { storage } = await open(content, dir);
    let most = 0;
    const counting = setInterval(() => {
      most = Math.max(most, descriptorsBelow(dir));
    }, 0);
    t.after(() => clearInterval(counting));
    await writePieces(storage, content, piecesOf(content, allFiles(content)));
    await storage.finish();
    clearInterval(counting);
    assert.ok(most <= 64, `${name}: ${most}`);
    assertOnDisk(content, dir, allFiles(content));
  }
});

/** How many of our descriptors lead below `dir`; 0 where the system does not tell. */
function descriptorsBelow(dir: string): number {
  if (!existsSync('/proc/self/fd')) return 0;
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(dir);
    } catch {
      return false; // closed meanwhile
    }
  }).length;
}

test('offsets beyond 2^31 and 2^32 are exact, and what was not written takes no room', { timeout: 60_000 }, async (t) => {
  const dir = scratchDirectory(t);
  const pieceLength = 2 ** 20;
  const length = 5 * 2 ** 30 + 7;
  const pieceCount = Math.ceil(length / pieceLength);
  const islands = [0, 2_047, 2_048, 4_095, 4_096, pieceCount - 1];
  const source = makeContent('islands', pieceLength, [{ length: islands.length * pieceLength }]);
  const bytesOf = (piece: number): Uint8Array =>
    source.piece(islands.indexOf(piece)).subarray(0, piece === pieceCount - 1 ? 7 : pieceLength);
  const hashes = Buffer.concat(Array.from({ length: pieceCount }, () => digestOfZeros(1)));
  for (const piece of islands)
    createHash('sha1')
      .update(bytesOf(piece))
      .digest()
      .copy(hashes, piece * 20);
  const file = { index: 0, path: ['large'], length, torrentOffset: 0, pad: false, executable: false };
  const metainfo = makeMetainfo({
    name: 'large',
    files: [file],
    totalLength: length,
    pieceLength,
    pieceCount,
    pieceHashes: hashes,
    isMultiFile: false,
  });

  const { storage } = await open({ metainfo }, dir);
  for (const piece of islands) await storage.writePiece(piece, bytesOf(piece));
  await storage.close();
  const part = path.join(dir, 'large.part');
  assert.equal(statSync(part).size, length);
  assert.ok(statSync(part).blocks * 512 < 16 * pieceLength);
  const fd = openSync(part, 'r');
  t.after(() => closeSync(fd));
  for (const piece of islands) {
    const found = Buffer.alloc(bytesOf(piece).length);
    readSync(fd, found, 0, found.length, piece * pieceLength);
    assert.ok(found.equals(bytesOf(piece)), `piece ${piece}`);
  }
  const again = await open({ metainfo }, dir);
  assert.equal(again.storage.verified.count, islands.length);
  const into = Buffer.alloc(7);
  await again.storage.read(pieceCount - 1, 0, into);
  assert.ok(into.equals(bytesOf(pieceCount - 1)));
  await again.storage.close();
});

test('a process that may open few files only downloads, resumes and completes', { timeout: 60_000 }, (t) => {
  const program = fileURLToPath(new URL('./few-descriptors.js', import.meta.url));
  const dir = scratchDirectory(t);
  const result = spawnSync('sh', ['-c', 'ulimit -n 128; exec "$0" "$1" "$2"', process.execPath, program, dir], { encoding: 'utf8' });
  assert.equal(result.stderr, '');
  assert.equal(result.stdout, 'complete\n');
});
