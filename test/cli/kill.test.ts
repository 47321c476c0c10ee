// Killed at any instant, a download loses no verified piece and trusts no unverified one.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeTorrent } from '../support/make-torrent.ts';
import { runCli, startCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';

const MiB = 2 ** 20;
const rounds = 100;

test(`completes after kill -9 at ${rounds} random moments, and fetches again no more than was in flight`, async (t) => {
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
  const seeder = await Seeder.start({ torrent, rateBytesPerSecond: 40 * MiB });
  t.after(() => seeder.close());
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'tree.torrent'), torrent.bytes);
  const args = ['get', path.join(directory, 'tree.torrent'), '-o', directory, '--quiet', '--peer', seeder.address];
  let kills = 0;
  let completions = 0;
  while (kills < rounds) {
    // Start-up takes some 150 ms, the download 500.
    const run = startCli(args);
    const killer = setTimeout(() => run.child.kill('SIGKILL'), 100 + Math.random() * 600);
    const { exitCode, signal, stderr } = await run.finished;
    clearTimeout(killer);
    if (signal === 'SIGKILL') kills++;
    else assert.equal(exitCode, 0, stderr);
    for (const file of torrent.files) {
      const target = path.join(directory, ...file.path);
      let bytes: Buffer;
      try {
        bytes = readFileSync(target);
      } catch {
        assert.notEqual(exitCode, 0, `${target} is missing after exit 0`);
        continue;
      }
      assert.ok(bytes.equals(torrent.read(file.offset, file.length)), `${target} has its final name and wrong bytes`);
    }
    if (exitCode !== 0) continue;
    completions++;
    // Fetched in all since the last start from nothing, against what there is: the rest was lost by kills.
    rmSync(path.join(directory, 'tree'), { recursive: true });
  }
  const result = await runCli(args);
  assert.equal(result.exitCode, 0, result.stderr);
  const lost = seeder.counts.payloadSent - (completions + 1) * torrent.totalLength;
  const inFlight = 4 * MiB + 16 * MiB;
  assert.ok(lost <= kills * inFlight, `${lost} bytes were fetched twice in ${kills} kills`);
  assert.deepEqual(readdirSync(directory).sort(), ['tree', 'tree.torrent'], 'nothing is left behind');
});
