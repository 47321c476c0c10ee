// Descriptors that event lines may go to, through the real command line.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { readEvents } from '../support/events.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { runCli, startProgram } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';

const main = path.resolve('dist/bundle/ttorrent.js');

test("descriptors that nobody handed over are refused, Node's own among them", async (t) => {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), makeTorrent({ name: 'data', pieceLength: 16_384, length: 1 }).bytes);
  const descriptors = Array.from({ length: 20 }, (_, index) => index + 3);
  const runs = descriptors.map((fd) =>
    runCli(['get', 'a.torrent', '-q', '--events', String(fd), '--peer', '127.0.0.1:1'], { cwd: directory }),
  );
  for (const { exitCode, stderr } of await Promise.all(runs)) {
    assert.match(stderr, /^ttorrent: (--events \d+: descriptor \d+ is not open|cannot write to descriptor)/);
    assert.ok(exitCode === 28 || exitCode === 17, stderr);
  }
});

test('a socket of a parent process takes the events', async () => {
  const child = spawn(process.execPath, [main, 'get', 'gone.torrent', '-q', '--events', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close');
  const events = readEvents(await text(child.stdio[3] as Readable));
  assert.deepEqual(
    [events.map(({ type }) => type), await ended],
    [
      ['start', 'verdict'],
      [3, null],
    ],
  );
});

test('others who write to the same pipe find it as it was', { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
  const script = '"$0" "$1" get gone.torrent -q --events 3; grep flags /proc/self/fdinfo/3';
  const shell = startProgram(['/bin/sh', '-c', `{ ${script}; } 3>&1 | tail -n 1`, process.execPath, main], { cwd: scratchDirectory(t) });
  const { stdout } = await shell.finished;
  const nonBlocking = 0o4000;
  assert.equal(Number.parseInt(stdout.replace(/^flags:\s*/, ''), 8) & nonBlocking, 0, stdout);
});
