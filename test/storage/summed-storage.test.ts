// Files summed up while they are written: in whatever order pieces come, and whatever was there before.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { storageLimits } from '../../src/config.ts';
import { StorageError } from '../../src/errors.ts';
import type { Checksum, ChecksumAlgorithm } from '../../src/metainfo/checksum.ts';
import { Geometry } from '../../src/metainfo/geometry.ts';
import { openStorage } from '../../src/storage/disk-storage.ts';
import { FileDigests } from '../../src/storage/file-digest.ts';
import type { TorrentStorage } from '../../src/storage/storage.ts';
import { openSummedStorage, type SumRequest } from '../../src/storage/summed-storage.ts';
import { Bitfield } from '../../src/support/bitfield.ts';
import { seededRandom } from '../support/mutation.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { allFiles, assertOnDisk, type Content, download, makeContent, piecesOf, writePieces } from './fixture.ts';

const algorithms: readonly ChecksumAlgorithm[] = ['sha256', 'md5'];
const tree = makeContent('tree', 1_000, [
  { path: 'a', length: 4_500 },
  { path: '.pad/500', length: 500, pad: true },
  { path: 'b', length: 10 },
  { path: 'empty', length: 0 },
  { path: 'c', length: 20 },
  { path: 'd', length: 7_777 },
]);

function sumOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): Checksum {
  return { algorithm, hex: createHash(algorithm).update(bytes).digest('hex') };
}

/** `PATH ALGORITHM:HEX...` of each file. */
function expectedLines(content: Content, files = allFiles(content)): string[] {
  return files.map((index) =>
    lineOf(
      content.metainfo.files[index]?.path ?? [],
      algorithms.map((algorithm) => sumOf(algorithm, content.file(index))),
    ),
  );
}

function lineOf(elements: readonly string[], sums: readonly Checksum[]): string {
  return [elements.join('/'), ...sums.map(({ algorithm, hex }) => `${algorithm}:${hex}`)].join(' ');
}

interface Opened {
  readonly storage: TorrentStorage;
  /** What was told with each file. */
  readonly lines: string[];
  readonly failures: unknown[];
  readonly warnings: string[];
}

async function openSummed(
  t: TestContext,
  content: Content,
  outputDir: string,
  request: Partial<SumRequest> = { told: algorithms },
  selection: Iterable<number> = allFiles(content),
): Promise<Opened> {
  const lines: string[] = [];
  const failures: unknown[] = [];
  const warnings: string[] = [];
  const options = {
    outputDir,
    selection: new Set(selection),
    allocation: 'sparse' as const,
    fsync: false,
    resume: true,
    overwrite: false,
    signal: new AbortController().signal,
    listener: {
      checked: () => undefined,
      fileCompleted: (file: { path: readonly string[] }, _path: string, _stat: unknown, sums: readonly Checksum[] = []) =>
        lines.push(lineOf(file.path, sums)),
      warned: (message: string) => warnings.push(message),
      failed: (error: unknown) => failures.push(error),
    },
  };
  const storage = await openSummedStorage(content.metainfo, options, { expected: new Map(), told: [], ...request }, openStorage);
  t.after(() => storage.close());
  return { storage, lines, failures, warnings };
}

function shuffled(pieces: readonly number[], seed: number): number[] {
  const random = seededRandom(seed);
  return pieces
    .map((piece) => ({ piece, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ piece }) => piece);
}

test('the sums are those of the files, in whatever order their pieces come', async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const directory = scratchDirectory(t);
    const { storage, lines } = await openSummed(t, tree, directory);
    for (const piece of shuffled(piecesOf(tree, allFiles(tree)), seed)) await storage.writePiece(piece, tree.piece(piece));
    await storage.finish();
    assert.deepEqual(lines.toSorted(), expectedLines(tree).toSorted());
    assertOnDisk(tree, directory, allFiles(tree));
  }
});

test('the sums are right whatever part was there before, under a temporary or a final name, and of a complete download', async (t) => {
  for (const there of [[0], [0, 1, 2, 5, 6], [4, 5], [12], piecesOf(tree, allFiles(tree))]) {
    const directory = scratchDirectory(t);
    const before = await openSummed(t, tree, directory, {});
    await writePieces(before.storage, tree, there);
    await before.storage.close();
    const { storage, lines } = await openSummed(t, tree, directory);
    await writePieces(storage, tree, piecesOf(tree, allFiles(tree)));
    await storage.finish();
    assert.deepEqual(lines.toSorted(), expectedLines(tree).toSorted(), `with pieces ${there.join()}`);
    const again = await openSummed(t, tree, directory);
    await again.storage.finish();
    assert.deepEqual(again.lines.toSorted(), expectedLines(tree).toSorted());
  }
});

test('of a part of the files only those are summed up, a piece at a border too', async (t) => {
  const { storage, lines } = await openSummed(t, tree, scratchDirectory(t), { told: algorithms }, [2, 5]);
  await writePieces(storage, tree, piecesOf(tree, [2, 5]));
  await storage.finish();
  assert.deepEqual(lines.toSorted(), expectedLines(tree, [2, 5]).toSorted());
});

test('a file that matches what was published gets its final name, one that does not stays as it is', async (t) => {
  const directory = scratchDirectory(t);
  const good = sumOf('sha512', tree.file(0));
  const bad = sumOf('sha1', Buffer.from('something else'));
  const expected = new Map([
    [0, [good]],
    [5, [sumOf('md5', tree.file(5)), bad]],
  ]);
  const { storage, failures } = await openSummed(t, tree, directory, { expected });
  await writePieces(storage, tree, piecesOf(tree, allFiles(tree)));
  const isMismatch = (error: unknown): boolean =>
    error instanceof StorageError &&
    error.code === 'data-mismatch' &&
    error.message.includes(bad.hex) &&
    /d\.part: expected/.test(error.message);
  await assert.rejects(storage.finish(), isMismatch);
  await storage.close();
  assert.ok(failures.every(isMismatch));
  assert.ok(!existsSync(path.join(directory, 'tree', 'd')));
  assert.ok(existsSync(path.join(directory, 'tree', 'd.part')));

  // The next run fetches nothing, sums it up again, and says the same; without the wrong sum it ends well.
  const again = await openSummed(t, tree, directory, { expected });
  assert.ok(again.storage.verified.isFull);
  await assert.rejects(again.storage.finish(), isMismatch);
  await again.storage.close();
  await download(tree, directory);
  assertOnDisk(tree, directory, allFiles(tree));

  // And a file that has its final name keeps it: it is what the torrent says.
  const late = await openSummed(t, tree, directory, { expected });
  await assert.rejects(late.storage.finish(), /tree\/d: expected the published sha1 sum/);
  await late.storage.close();
  assertOnDisk(tree, directory, allFiles(tree));
});

test('files that do not match keep no other from its final name, whenever they come, and are all told', async (t) => {
  const directory = scratchDirectory(t);
  const wrong = [sumOf('md5', Buffer.from('something else'))];
  const expected = new Map([0, 4, 5].map((index) => [index, wrong]));
  const first = await openSummed(t, tree, directory, { expected: new Map() });
  await writePieces(first.storage, tree, piecesOf(tree, [4]));
  await first.storage.close();
  assert.ok(existsSync(path.join(directory, 'tree', 'c')));

  const { storage, failures, warnings } = await openSummed(t, tree, directory, { expected });
  await writePieces(storage, tree, piecesOf(tree, [0]));
  for (const piece of piecesOf(tree, allFiles(tree))) await storage.writePiece(piece, tree.piece(piece));
  await assert.rejects(storage.finish(), { code: 'data-mismatch', message: /a\.part: expected .*; so it is with 1 more of the files$/ });
  await storage.close();
  assert.deepEqual([failures, warnings.length], [[], 3]);
  for (const name of ['a.part', 'b', 'c', 'd.part', 'empty']) assert.ok(existsSync(path.join(directory, 'tree', name)), name);
});

test('an empty file is compared before anything is done', async (t) => {
  const directory = scratchDirectory(t);
  const right = new Map([[3, [sumOf('md5', Buffer.alloc(0))]]]);
  const { storage } = await openSummed(t, tree, directory, { expected: right });
  await storage.close();
  rmSync(directory, { recursive: true });
  const wrong = new Map([[3, [sumOf('md5', Buffer.from('x'))]]]);
  await assert.rejects(openSummed(t, tree, directory, { expected: wrong }), /empty: expected the published md5 sum/);
  assert.ok(!existsSync(directory));
});

test('closing in the middle of reading what is there ends it', async (t) => {
  const content = makeContent('big', 100_000, [{ length: 20_000_000 }]);
  const directory = scratchDirectory(t);
  await download(content, directory);
  const { storage, lines } = await openSummed(t, content, directory);
  await storage.close();
  assert.deepEqual(lines, []);
});

/** Digests of one file in memory; a read would fail, since there is no file. */
function digestsInMemory(content: Content): FileDigests {
  return new FileDigests({
    geometry: new Geometry(content.metainfo),
    files: new Map(content.metainfo.files.map((file) => [file, new Set<ChecksumAlgorithm>(['sha256'])])),
    verified: new Bitfield(content.metainfo.pieceCount),
    pathOf: () => '/nowhere',
    signal: new AbortController().signal,
  });
}

test('nothing is read back while what comes too early fits the memory for it', async () => {
  const pieceLength = 4 * 2 ** 20;
  const count = storageLimits.earlyDigestBytes / pieceLength;
  const content = makeContent('big', pieceLength, [{ length: (count + 1) * pieceLength }]);
  const digests = digestsInMemory(content);
  digests.start();
  const file = content.metainfo.files[0];
  assert.ok(file !== undefined);
  const sums = digests.sumsOf(file);
  for (let piece = count; piece >= 0; piece--) await digests.take(piece, content.piece(piece));
  assert.deepEqual(await sums, [sumOf('sha256', content.bytes)]);
});

test('where hashing is slower than what comes, the download waits instead of reading back', async () => {
  const pieceLength = 2 ** 20;
  const count = (2 * storageLimits.earlyDigestBytes) / pieceLength;
  const content = makeContent('big', pieceLength, [{ length: count * pieceLength }]);
  const digests = digestsInMemory(content);
  const file = content.metainfo.files[0];
  assert.ok(file !== undefined);
  await Promise.all(Array.from({ length: count }, (_, piece) => digests.take(piece, content.piece(piece))));
  assert.deepEqual(await digests.sumsOf(file), [sumOf('sha256', content.bytes)]);
});

test('what finds no room in memory is read back from the file in its turn', async (t) => {
  const pieceLength = 8 * 2 ** 20;
  const count = storageLimits.earlyDigestBytes / pieceLength + 3;
  const content = makeContent('big', pieceLength, [{ length: count * pieceLength - 5 }]);
  const { storage, lines } = await openSummed(t, content, scratchDirectory(t));
  for (let piece = count - 1; piece >= 0; piece--) await storage.writePiece(piece, content.piece(piece));
  await storage.finish();
  assert.deepEqual(lines, expectedLines(content));
});

test('a file that cannot be read back is a failure of the disk', async (t) => {
  const directory = scratchDirectory(t);
  await download(tree, directory);
  const { storage, failures } = await openSummed(t, tree, directory);
  // Cut after it was found complete, before its turn to be read.
  writeFileSync(path.join(directory, 'tree', 'd'), '');
  await assert.rejects(storage.finish(), (error: unknown) => error instanceof StorageError && error.code === 'read-write-failed');
  assert.equal(failures.length, 1);
});
