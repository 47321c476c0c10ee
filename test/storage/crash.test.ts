// A process that is killed at a random moment loses no verified piece and leaves no wrong byte that is trusted.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { scratchDirectory } from '../support/scratch.ts';
import { crashContent, crashSelection } from './crash-content.ts';
import { allFiles, assertOnDisk, listFiles, open, piecesOf, writePieces } from './fixture.ts';

const writer = new URL('./crash-writer.js', import.meta.url);

test('killed at 24 moments, a download goes on each time and ends with the right bytes', { timeout: 120_000 }, async (t) => {
  let dir = scratchDirectory(t);
  for (let round = 0; round < 24; round++) {
    const reported = await writeUntilKilled(dir, round);
    const { storage } = await open(crashContent, dir);
    for (const piece of reported) assert.ok(storage.verified.has(piece), `round ${round}: piece ${piece} was written and is found`);
    await assertTrustworthy(storage);
    await storage.close();
    if (round % 3 !== 2) continue;
    const last = await open(crashContent, dir);
    await writePieces(last.storage, crashContent, piecesOf(crashContent, allFiles(crashContent)));
    await last.storage.finish();
    assertOnDisk(crashContent, dir, allFiles(crashContent), leftovers(dir));
    dir = scratchDirectory(t);
  }
});

test('killed with a part of the files selected, it never stands in its own way', { timeout: 120_000 }, async (t) => {
  for (let round = 0; round < 8; round++) {
    const dir = scratchDirectory(t);
    await writeUntilKilled(dir, round * 3, 'partial');
    const { storage } = await open(crashContent, dir, { selection: crashSelection });
    await assertTrustworthy(storage);
    await writePieces(storage, crashContent, piecesOf(crashContent, crashSelection));
    await storage.finish();
    assertOnDisk(crashContent, dir, crashSelection, ['crash.ttorrent', ...leftovers(dir)]);
  }
});

/** Runs the writer and kills it when it has reported so many pieces, or begins to finish. Gives the pieces it had reported as written. */
async function writeUntilKilled(dir: string, round: number, mode = 'all'): Promise<Set<number>> {
  const child: ChildProcess = fork(writer, [dir, mode], { execArgv: [] });
  const reported = new Set<number>();
  const killAfter = round % 4 === 3 ? Number.POSITIVE_INFINITY : 1 + ((round * 29) % 160);
  child.on('message', (message: number | 'finishing') => {
    if (message !== 'finishing') reported.add(message);
    if (message === 'finishing' || reported.size === killAfter) child.kill('SIGKILL');
  });
  await once(child, 'exit');
  return reported;
}

/** Every piece that is called verified reads as it should. */
async function assertTrustworthy(storage: Awaited<ReturnType<typeof open>>['storage']): Promise<void> {
  for (let piece = 0; piece < crashContent.metainfo.pieceCount; piece++) {
    if (!storage.holds(piece)) continue;
    const into = Buffer.alloc(crashContent.piece(piece).length);
    await storage.read(piece, 0, into);
    assert.ok(into.equals(crashContent.piece(piece)), `piece ${piece} is called verified`);
  }
}

/** What a killed process leaves beside data and state: files written aside that it could not rename. They are hidden and small. */
function leftovers(dir: string): string[] {
  assert.ok(existsSync(path.join(dir, 'crash')));
  return listFiles(dir).filter((name) => /^\.ttorrent-[0-9a-f]{16}\.(new|claim)$/.test(name) || name === 'crash.ttorrent.tmp');
}
