import assert from 'node:assert/strict';
import { test } from 'node:test';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { scratchDirectory } from '../support/scratch.ts';

/** Counts what is flushed. Before anything imports the storage, which then takes these for the system's. */
let flushes = 0;
const { fsync, fdatasync } = fs;
fs.fsync = Object.assign((...args: Parameters<typeof fsync>) => {
  flushes++;
  fsync(...args);
}, fsync);
fs.fdatasync = Object.assign((...args: Parameters<typeof fdatasync>) => {
  flushes++;
  fdatasync(...args);
}, fdatasync);
syncBuiltinESMExports();
const { allFiles, assertOnDisk, download, makeContent, open, piecesOf, writePieces } = await import('./fixture.ts');
const { openRemembered } = await import('../../src/storage/completion-record.ts');
const { openStorage } = await import('../../src/storage/disk-storage.ts');

for (const wanted of [true, false]) {
  test(`with fsync ${wanted ? 'on, files, their directories and the state are flushed' : 'off, nothing is'}`, async (t) => {
    const content = makeContent('data', 16_384, [{ length: 30_000 }]);
    const directory = scratchDirectory(t);
    flushes = 0;
    await download(content, directory, { fsync: wanted });
    assertOnDisk(content, directory, allFiles(content));
    if (wanted) assert.ok(flushes >= 3, `${flushes} flushes`);
    else assert.equal(flushes, 0);
  });
}

test('what a run without fsync has left is flushed by one with fsync, once', { skip: process.platform !== 'linux' }, async (t) => {
  const content = makeContent('data', 1_000, [
    { path: 'a', length: 2_000 },
    { path: 'b', length: 1_000 },
  ]);
  const directory = scratchDirectory(t);
  const stopped = await open(content, directory, { fsync: false });
  await writePieces(stopped.storage, content, piecesOf(content, [0]));
  await stopped.storage.close();
  flushes = 0;
  const resumed = await open(content, directory, { fsync: true });
  assert.equal(flushes, 2, 'a and its directory');
  await resumed.storage.close();
});

test('so is what is remembered as complete', { skip: process.platform !== 'linux' }, async (t) => {
  const content = makeContent('data', 1_000, [
    { path: 'a', length: 2_000 },
    { path: 'b', length: 1_000 },
  ]);
  const [directory, stateDir] = [scratchDirectory(t), scratchDirectory(t)];
  const run = async (isLasting: boolean): Promise<number> => {
    flushes = 0;
    const options = {
      outputDir: directory,
      selection: new Set([0, 1]),
      allocation: 'sparse',
      fsync: isLasting,
      resume: true,
      overwrite: false,
    } as const;
    const listener = { checked: () => undefined, fileCompleted: () => undefined, warned: () => undefined };
    const { signal } = new AbortController();
    const storage = await openRemembered(content.metainfo, { ...options, signal, listener }, stateDir, openStorage);
    await writePieces(storage, content, piecesOf(content, [0, 1]));
    await storage.finish();
    return flushes;
  };
  assert.deepEqual([await run(false), await run(false), await run(true), await run(true)], [0, 0, 3, 0]);
});
