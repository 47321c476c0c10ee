// Whoever is asked before a file gets its final name can keep it from it.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { StorageError } from '../../src/errors.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { allFiles, assertOnDisk, download, makeContent, open, piecesOf, writePieces } from './fixture.ts';

const content = makeContent('data', 1_024, [{ length: 3_000 }]);

test('a file is complete under its temporary name when it is asked about, and has its final name afterwards', async (t) => {
  const dir = scratchDirectory(t);
  const asked: Buffer[] = [];
  await download(content, dir, {
    approve: async (_file, partPath) => {
      assert.ok(!existsSync(path.join(dir, 'data')));
      asked.push(readFileSync(partPath));
    },
  });
  assert.deepEqual(asked, [content.file(0)]);
  assertOnDisk(content, dir, allFiles(content));
});

test('a veto ends the download and leaves the temporary name; the next run is asked again, and fetches nothing', async (t) => {
  const dir = scratchDirectory(t);
  const veto = new StorageError('data-mismatch', 'not the published sum');
  const { storage } = await open(content, dir, { approve: () => Promise.reject(veto) });
  await writePieces(storage, content, piecesOf(content, [0]));
  await assert.rejects(storage.finish(), veto);
  await storage.close();
  assert.ok(!existsSync(path.join(dir, 'data')));
  assert.ok(readFileSync(path.join(dir, 'data.part')).equals(content.file(0)));
  let asked = 0;
  const told = await download(content, dir, { approve: async () => void asked++ });
  assert.equal(asked, 1);
  assert.equal(told.checkedBytes, 0);
  assertOnDisk(content, dir, allFiles(content));
});
