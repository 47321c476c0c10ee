import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { verifyFiles } from '../../src/storage/verify-files.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { allFiles, download, listFiles, makeContent, open } from './fixture.ts';

const content = makeContent('set', 1_000, [
  { path: 'a', length: 3_000 },
  { path: 'b', length: 2_500 },
  { path: 'c', length: 500 },
  { path: 'empty', length: 0 },
]);

function request(outputDir: string, onProgress = (): void => {}) {
  return { outputDir, selection: new Set(allFiles(content)), signal: new AbortController().signal, onProgress };
}

test('a complete download is complete, and nothing is changed by looking', async (t) => {
  const dir = scratchDirectory(t);
  await download(content, dir);
  const before = [dir, ...listFiles(dir).map((name) => path.join(dir, name))].map((name) => statSync(name).mtimeMs);
  const result = await verifyFiles(content.metainfo, request(dir));
  assert.ok(result.complete);
  assert.deepEqual([result.verifiedPieces, result.pieceCount], [6, 6]);
  assert.deepEqual(
    result.files.map(({ file, state, verifiedBytes }) => [file.index, state, verifiedBytes]),
    [
      [0, 'complete', 3_000],
      [1, 'complete', 2_500],
      [2, 'complete', 500],
      [3, 'complete', 0],
    ],
  );
  assert.equal(result.files[0]?.path, path.join(dir, 'set/a'));
  assert.deepEqual(
    [dir, ...listFiles(dir).map((name) => path.join(dir, name))].map((name) => statSync(name).mtimeMs),
    before,
  );
});

test('damaged, cut, too long, unfinished and missing files are told apart', async (t) => {
  const dir = scratchDirectory(t);
  await download(content, dir);
  const at = (name: string): string => path.join(dir, 'set', name);
  writeFileSync(at('a'), Buffer.concat([content.file(0), Buffer.alloc(1)]));
  renameSync(at('b'), at('b.part'));
  rmSync(at('empty'));
  const result = await verifyFiles(content.metainfo, request(dir));
  assert.ok(!result.complete);
  assert.deepEqual(
    result.files.map(({ path: found, state, verifiedBytes }) => [path.basename(found), state, verifiedBytes]),
    [
      ['a', 'partial', 3_000],
      ['b.part', 'partial', 2_500],
      ['c', 'complete', 500],
      ['empty', 'missing', 0],
    ],
  );
  writeFileSync(at('c'), content.file(2).subarray(0, 499));
  rmSync(at('a'));
  const worse = await verifyFiles(content.metainfo, request(dir));
  assert.deepEqual(
    worse.files.map(({ state, verifiedBytes }) => [state, verifiedBytes]),
    [
      ['missing', 0],
      ['partial', 2_000],
      ['partial', 0],
      ['missing', 0],
    ],
  );
});

test('a directory that is not there holds nothing, and is not created', async (t) => {
  const dir = path.join(scratchDirectory(t), 'none');
  const result = await verifyFiles(content.metainfo, request(path.relative('.', dir)));
  assert.deepEqual(
    result.files.map(({ state }) => state),
    ['missing', 'missing', 'missing', 'missing'],
  );
  assert.ok(
    result.files.every((file) => file.path.startsWith(dir)),
    'paths are absolute',
  );
  assert.deepEqual(listFiles(path.dirname(dir)), []);
});

test('what lies under the `.part` name beside a complete file does not matter', async (t) => {
  const dir = scratchDirectory(t);
  await download(content, dir);
  mkdirSync(path.join(dir, 'set/a.part'));
  const result = await verifyFiles(content.metainfo, request(dir));
  assert.ok(result.complete);
  assert.equal(result.files[0]?.path, path.join(dir, 'set/a'));
});

test('a directory under the `.part` name of a file that is not there is in the way', async (t) => {
  const dir = scratchDirectory(t);
  await download(content, dir);
  rmSync(path.join(dir, 'set/a'));
  mkdirSync(path.join(dir, 'set/a.part'));
  await assert.rejects(verifyFiles(content.metainfo, request(dir)), { code: 'in-the-way' });
});

test('it looks past the lock of a running download', async (t) => {
  const dir = scratchDirectory(t);
  const { storage } = await open(content, dir);
  await storage.writePiece(0, content.piece(0));
  const result = await verifyFiles(content.metainfo, request(dir));
  assert.equal(result.verifiedPieces, 1);
  await storage.close();
});

test('every byte is hashed, whatever a state file claims', async (t) => {
  const dir = scratchDirectory(t);
  mkdirSync(path.join(dir, 'set'));
  const { storage } = await open(content, dir);
  await storage.writePiece(0, content.piece(0));
  await storage.close();
  const part = path.join(dir, 'set/a.part');
  const { mtime, atime } = statSync(part);
  const edited = readFileSync(part);
  edited[5] = (edited[5] ?? 0) ^ 1;
  writeFileSync(part, edited);
  utimesSync(part, atime, mtime);
  assert.equal((await verifyFiles(content.metainfo, request(dir))).verifiedPieces, 0);
});
