// dist/ttorrent.mjs, alone in a directory: no package, no neighbour to load.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { version } from '../../src/index.ts';
import { contentFaults } from '../support/content-files.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { type RunResult, startProgram } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';

const built = fileURLToPath(new URL('../../ttorrent.mjs', import.meta.url));

test('downloads and verifies without anything beside it, threads included', async (t) => {
  const directory = scratchDirectory(t);
  mkdirSync(path.join(directory, 'bin'));
  const program = path.join(directory, 'bin', 'ttorrent.mjs');
  copyFileSync(built, program);
  // Large enough that `verify` starts threads, with files enough that `get` does.
  const large = { path: ['large'], length: 40 * 1024 * 1024 + 5 };
  const small = Array.from({ length: 300 }, (_, i) => ({ path: ['small', String(i)], length: 100 }));
  const torrent = makeTorrent({ name: 'image', pieceLength: 1 << 20, files: [large, ...small] });
  writeFileSync(path.join(directory, 'image.torrent'), torrent.bytes);
  const seeder = await Seeder.start({ torrent });
  t.after(() => seeder.close());
  const run = (...args: string[]): Promise<RunResult> => startProgram([program, ...args], { cwd: directory }).finished;

  assert.equal((await run('--version')).stdout, `${version}\n`);
  const got = await run('get', 'image.torrent', '-o', 'out', '--peer', seeder.address);
  assert.deepEqual([got.exitCode, got.stdout.split('\n').length], [0, 302], got.stderr);
  assert.deepEqual(contentFaults(torrent, path.join(directory, 'out')), []);
  const verified = await run('verify', 'image.torrent', '-o', 'out');
  assert.equal(verified.exitCode, 0, verified.stderr);
  assert.equal((await run('completion', 'bash')).exitCode, 0);
  assert.deepEqual(readdirSync(path.join(directory, 'bin')), ['ttorrent.mjs']);
});
