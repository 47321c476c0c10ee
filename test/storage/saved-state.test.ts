// What an unusable state file does to a download: nothing but a warning and a check of the data.

import assert from 'node:assert/strict';
import { chownSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { HandClock } from '../support/hand-clock.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { assertOnDisk, fromAnotherBoot, listFiles, makeContent, open, piecesOf, writePieces } from './fixture.ts';

const content = makeContent('data', 1_024, [{ length: 5_000 }]);

/** A directory with a download that was stopped after the pieces 0 and 3. */
async function stopped(t: TestContext): Promise<string> {
  const dir = scratchDirectory(t);
  const { storage } = await open(content, dir);
  await writePieces(storage, content, [0, 3]);
  await storage.close();
  return dir;
}

/** Opens, expects `warnings` warnings and that the data was checked, and that just the pieces 0 and 3 are found. */
async function assertChecked(dir: string, warnings: number): Promise<void> {
  const { storage, told } = await open(content, dir);
  assert.equal(told.warnings.length, warnings, told.warnings.join('\n'));
  assert.equal(told.checkedBytes, 5_000);
  assert.deepEqual(
    [0, 1, 2, 3, 4].filter((piece) => storage.verified.has(piece)),
    [0, 3],
  );
  await storage.close();
}

test('a state cut at any byte, or with any byte changed, is ignored with a warning and the data is checked', async (t) => {
  const dir = await stopped(t);
  const state = path.join(dir, 'data.ttorrent');
  const saved = readFileSync(state);
  for (let at = 0; at < saved.length; at++) {
    writeFileSync(state, saved.subarray(0, at));
    await assertChecked(dir, 1);
    const flipped = Buffer.from(saved);
    flipped[at] = (flipped[at] ?? 0) ^ 0x10;
    writeFileSync(state, flipped);
    await assertChecked(dir, 1);
  }
});

test('what was not made to last is checked when the system was started anew, and is still known to be ours', async (t) => {
  const dir = scratchDirectory(t);
  const first = await open(content, dir, { fsync: false });
  await writePieces(first.storage, content, [0, 3, 4]);
  await first.storage.close();
  const state = path.join(dir, 'data.ttorrent');
  writeFileSync(state, fromAnotherBoot(readFileSync(state)));
  // The bytes of a power cut: by themselves they would be taken for somebody else's.
  const part = readFileSync(path.join(dir, 'data.part'));
  part.fill(1, 4_096).fill(1, 1_024, 3_072);
  writeFileSync(path.join(dir, 'data.part'), part);
  await assertChecked(dir, 1);
});

test('a state that is a symbolic link is ignored and its target never written', async (t) => {
  const dir = await stopped(t);
  const outside = scratchDirectory(t);
  renameSync(path.join(dir, 'data.ttorrent'), path.join(outside, 'victim'));
  const victim = readFileSync(path.join(outside, 'victim'));
  symlinkSync(path.join(outside, 'victim'), path.join(dir, 'data.ttorrent'));
  await assertChecked(dir, 1);
  assert.ok(readFileSync(path.join(outside, 'victim')).equals(victim));
});

test('a leftover of a state being saved is removed, not written through', async (t) => {
  const dir = await stopped(t);
  const outside = scratchDirectory(t);
  writeFileSync(path.join(outside, 'victim'), 'precious');
  linkSync(path.join(outside, 'victim'), path.join(dir, 'data.ttorrent.tmp'));
  const { storage } = await open(content, dir);
  await writePieces(storage, content, [1]);
  await storage.close();
  assert.equal(readFileSync(path.join(outside, 'victim'), 'utf8'), 'precious');
  assert.deepEqual(listFiles(dir), ['data.part', 'data.ttorrent']);
});

test('a state of another user is ignored', { skip: process.getuid?.() !== 0 && 'only root can give a file away' }, async (t) => {
  const dir = await stopped(t);
  chownSync(path.join(dir, 'data.ttorrent'), 65_534, 65_534);
  await assertChecked(dir, 1);
});

test('a directory under the name of the state is in the way', async (t) => {
  const dir = await stopped(t);
  rmSync(path.join(dir, 'data.ttorrent'));
  mkdirSync(path.join(dir, 'data.ttorrent'));
  await assert.rejects(open(content, dir), { code: 'in-the-way' });
  assert.deepEqual(listFiles(dir), ['data.part']);
});

test("another torrent's state of the same name is ignored, and its unfinished data left alone unless overwriting is asked for", async (t) => {
  const dir = await stopped(t);
  const other = makeContent('data', 1_024, [{ length: 5_000 }], { seed: 'other' });
  const before = readFileSync(path.join(dir, 'data.part'));
  await assert.rejects(open(other, dir), { code: 'in-the-way' });
  assert.ok(readFileSync(path.join(dir, 'data.part')).equals(before));
  const { storage, told } = await open(other, dir, { overwrite: true });
  assert.match(told.warnings.join(), /another torrent/);
  assert.equal(storage.verified.count, 0);
  await storage.close();
});

test('a state vouches for nothing once the file is gone, shorter or another one', async (t) => {
  const damages: ((part: string) => void)[] = [
    (part) => rmSync(part),
    (part) => writeFileSync(part, content.bytes.subarray(0, 1_000)),
    (part) => {
      writeFileSync(`${part}.new`, Buffer.alloc(5_000));
      renameSync(`${part}.new`, part);
    },
  ];
  for (const damage of damages) {
    const dir = await stopped(t);
    damage(path.join(dir, 'data.part'));
    const { storage } = await open(content, dir);
    assert.equal(storage.verified.count, 0);
    await writePieces(storage, content, piecesOf(content, [0]));
    await storage.finish();
    assertOnDisk(content, dir, [0]);
  }
});

test('the state is saved once a second, not with every piece', async (t) => {
  const dir = scratchDirectory(t);
  const clock = new HandClock();
  const { storage } = await open(content, dir, {}, clock);
  await writePieces(storage, content, [0, 1]);
  clock.advance(999);
  await storage.writePiece(2, content.piece(2));
  assert.ok(!listFiles(dir).includes('data.ttorrent'));
  clock.advance(1);
  while (!listFiles(dir).includes('data.ttorrent')) await setImmediate();
  await storage.close();
});

test('no state is left behind when the end takes so long that it is time to save again', async (t) => {
  const dir = scratchDirectory(t);
  const clock = new HandClock();
  const listener = { checked: () => {}, fileCompleted: () => clock.advance(5_000), warned: () => {} };
  const { storage } = await open(content, dir, { listener }, clock);
  await writePieces(storage, content, piecesOf(content, [0]));
  await storage.finish();
  // Whatever still went on would take its turns among these.
  for (let i = 0; i < 50; i++) await access(dir);
  assertOnDisk(content, dir, [0]);
});
