// Torrents of small files, many of which lie whole in one piece: those are made and named in batches, and no promise is weaker for it.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { HandClock } from '../support/hand-clock.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { allFiles, assertOnDisk, download, edit, listFiles, makeContent, open, type Opened, piecesOf, writePieces } from './fixture.ts';

/** Twenty files to a piece, some empty, one in fifty larger than a piece, a pad file here and there. */
const content = makeContent(
  'set',
  16_384,
  Array.from({ length: 400 }, (_, i) => ({
    path: `d${i % 7}/f${i}`,
    length: i % 50 === 49 ? 40_000 : (i * 37) % 1_500,
    pad: i % 40 === 20,
  })),
);
const pieces = piecesOf(content, allFiles(content));

/** Everything is written, nothing has its final name yet: the clock stands still. */
async function written(t: TestContext): Promise<Opened & { readonly dir: string }> {
  const dir = scratchDirectory(t);
  const opened = await open(content, dir, {}, new HandClock());
  await writePieces(opened.storage, content, pieces);
  return { ...opened, dir };
}

test('small files are whole under their .part names when their piece is written, and end under their final names', async (t) => {
  const { storage, told, dir } = await written(t);
  for (const index of allFiles(content)) {
    const file = path.join(dir, ...(content.metainfo.files[index]?.path ?? []));
    if (content.file(index).length > 0) assert.ok(readFileSync(`${file}.part`).equals(content.file(index)));
  }
  await storage.finish();
  assertOnDisk(content, dir, allFiles(content));
  assert.equal(new Set(told.completed).size, allFiles(content).length);
  assert.equal(told.completed.length, allFiles(content).length);
});

test('stopped after half of the pieces it goes on without hashing anything', async (t) => {
  for (const fsync of [true, false]) {
    const dir = scratchDirectory(t);
    const first = await open(content, dir, { fsync });
    const half = pieces.filter((piece) => piece % 2 === 0);
    await writePieces(first.storage, content, half);
    await first.storage.close();
    const second = await open(content, dir, { fsync });
    assert.equal(second.told.checkedBytes, 0);
    assert.deepEqual(
      pieces.filter((piece) => second.storage.verified.has(piece)),
      half,
    );
    await writePieces(second.storage, content, pieces);
    await second.storage.finish();
    assertOnDisk(content, dir, allFiles(content));
  }
});

test('what a killed run left whole under .part names is checked, flushed and named, and no piece is missing', async (t) => {
  const dir = scratchDirectory(t);
  for (const index of allFiles(content)) {
    if (content.file(index).length === 0) continue;
    const part = `${path.join(dir, ...(content.metainfo.files[index]?.path ?? []))}.part`;
    mkdirSync(path.dirname(part), { recursive: true });
    writeFileSync(part, content.file(index));
  }
  const { storage } = await open(content, dir);
  assert.ok(storage.verified.isFull);
  await storage.finish();
  assertOnDisk(content, dir, allFiles(content));
});

test('with a part of the files selected nothing else is made', async (t) => {
  const dir = scratchDirectory(t);
  const selection = new Set(allFiles(content).filter((index) => index % 3 === 0));
  await download(content, dir, { selection });
  assertOnDisk(content, dir, selection, ['set.ttorrent']);
});

/** A small file in the middle of a piece, and where its `.part` is. */
const edited = 110;
function partOf(dir: string): string {
  return `${path.join(dir, ...(content.metainfo.files[edited]?.path ?? []))}.part`;
}

test('a small file that another program edits before it has its final name is never called complete', async (t) => {
  for (const keepsMtime of [false, true]) {
    const { storage, dir } = await written(t);
    const part = partOf(dir);
    edit(part, 'EDITED', 5, keepsMtime);
    await assert.rejects(storage.finish(), { code: 'read-write-failed' });
    await storage.close();
    assert.ok(!existsSync(part.slice(0, -'.part'.length)));
    await download(content, dir);
    assertOnDisk(content, dir, allFiles(content));
  }
});

test('a small file that was only touched is hashed again and completed', async (t) => {
  const { storage, dir } = await written(t);
  utimesSync(partOf(dir), 1, 1);
  await storage.finish();
  assertOnDisk(content, dir, allFiles(content));
});

test('a file that appears under the final name of a small file is not replaced', async (t) => {
  const { storage, dir } = await written(t);
  const final = partOf(dir).slice(0, -'.part'.length);
  writeFileSync(final, 'mine');
  await assert.rejects(storage.finish(), { code: 'in-the-way' });
  await storage.close();
  assert.equal(readFileSync(final, 'utf8'), 'mine');
});

test('a file that appears under the .part name of a small file is not touched', async (t) => {
  const dir = scratchDirectory(t);
  const { storage } = await open(content, dir);
  writeFileSync(partOf(dir), 'mine');
  await assert.rejects(writePieces(storage, content, pieces), { code: 'create-failed' });
  await storage.close();
  assert.equal(readFileSync(partOf(dir), 'utf8'), 'mine');
});

test('a directory that is exchanged for a link that leads away gets no file, new or renamed', async (t) => {
  for (const isWritten of [false, true]) {
    const outside = scratchDirectory(t);
    const dir = scratchDirectory(t);
    const { storage } = await open(content, dir, {}, new HandClock());
    if (isWritten) await writePieces(storage, content, pieces);
    renameSync(path.join(dir, 'set/d3'), path.join(outside, 'd3'));
    const before = listFiles(outside);
    symlinkSync(path.join(outside, 'd3'), path.join(dir, 'set/d3'));
    await assert.rejects(isWritten ? storage.finish() : writePieces(storage, content, pieces), { code: 'in-the-way' });
    await storage.close();
    assert.deepEqual(listFiles(outside), before);
  }
});

test('verified bytes can be read while files get their final names', async (t) => {
  const { storage, dir } = await written(t);
  const finished = storage.finish();
  await Promise.all(
    pieces.map(async (piece) => {
      const into = Buffer.alloc(content.piece(piece).length);
      await storage.read(piece, 0, into);
      assert.ok(into.equals(content.piece(piece)));
    }),
  );
  await finished;
  assertOnDisk(content, dir, allFiles(content));
});
