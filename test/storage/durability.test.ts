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
const { allFiles, assertOnDisk, download, makeContent } = await import('./fixture.ts');

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
