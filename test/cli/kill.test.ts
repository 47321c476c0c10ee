// Killed at any instant, a download loses no verified piece and trusts no unverified one.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeTorrent } from '../support/make-torrent.ts';
import { runCli, startCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';

const MiB = 2 ** 20;
const lanes = 4;
const killsPerLane = 25;
/** What may be on its way when the kill comes: a request window, the pieces it belongs to, the sockets' buffers. */
const inFlightBytes = 2 * MiB;

const torrent = makeTorrent({
  name: 'tree',
  pieceLength: 128 * 1024,
  files: [
    { path: ['a.bin'], length: 5 * MiB + 3 },
    { path: ['empty'], length: 0 },
    { path: ['sub', 'b.bin'], length: 9 * MiB },
    { path: ['sub', 'c.bin'], length: 6 * MiB + 77 },
  ],
});

test(`completes after kill -9 at ${lanes * killsPerLane} random moments, and fetches again only what was in flight`, async (t) => {
  await Promise.all(Array.from({ length: lanes }, () => killAgainAndAgain(t)));
});

async function killAgainAndAgain(t: TestContext): Promise<void> {
  const seeder = await Seeder.start({ torrent, rateBytesPerSecond: 20 * MiB });
  t.after(() => seeder.close());
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'tree.torrent'), torrent.bytes);
  const args = ['get', path.join(directory, 'tree.torrent'), '-o', directory, '--quiet', '--peer', seeder.address];
  let kills = 0;
  let completions = 0;
  while (kills < killsPerLane) {
    const run = startCli(args);
    // Start-up takes some 200 ms, the whole download a second.
    const killer = setTimeout(() => run.child.kill('SIGKILL'), 100 + Math.random() * 1000);
    const { exitCode, signal, stderr } = await run.finished;
    clearTimeout(killer);
    if (signal === 'SIGKILL') kills++;
    else assert.equal(exitCode, 0, stderr);
    assertFinalNamesAreTrue(directory, exitCode === 0);
    if (exitCode !== 0) continue;
    completions++;
    rmSync(path.join(directory, 'tree'), { recursive: true });
  }
  const { exitCode, stderr } = await runCli(args);
  assert.equal(exitCode, 0, stderr);
  assertFinalNamesAreTrue(directory, true);
  assert.deepEqual(readdirSync(directory).sort(), ['tree', 'tree.torrent'], 'nothing is left behind');
  const fetchedAgain = seeder.counts.payloadSent - (completions + 1) * torrent.totalLength;
  t.diagnostic(`${Math.round(fetchedAgain / kills / 1024)} KiB fetched again per kill`);
  assert.ok(fetchedAgain <= kills * inFlightBytes, `${fetchedAgain} bytes were fetched again after ${kills} kills`);
}

/** Every file under its final name has the right bytes; all are there when the download is complete. */
function assertFinalNamesAreTrue(directory: string, isComplete: boolean): void {
  for (const file of torrent.files) {
    const target = path.join(directory, ...file.path);
    if (!isComplete && !existsSync(target)) continue;
    assert.ok(readFileSync(target).equals(torrent.read(file.offset, file.length)), `${target} has its final name and wrong bytes`);
  }
}
