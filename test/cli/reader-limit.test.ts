// A reader that takes nothing, through the real command line: the deadline ends the run all the same.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { silent } from '../support/behaviours.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { type RunResult, startProgram } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';

const skip = process.platform === 'win32' ? 'needs named pipes' : false;

/** Its paths, and the event that lists its files, are more than a pipe holds. */
const torrent = makeTorrent({
  name: 'many',
  pieceLength: 16_384,
  files: Array.from({ length: 2000 }, (_, file) => ({ path: ['a-directory', `${file}-${'x'.repeat(100)}`], length: 10 })),
});

/** Runs `get` with `args` in a shell where the pipe `unread` is open for somebody who never reads it. */
async function getUnread(t: TestContext, args: string, isComplete = false): Promise<RunResult> {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), torrent.bytes);
  if (isComplete) {
    mkdirSync(path.join(directory, 'many', 'a-directory'), { recursive: true });
    for (const file of torrent.files) writeFileSync(path.join(directory, ...file.path), torrent.read(file.offset, file.length));
  }
  const seeder = await Seeder.start({ torrent, behaviour: silent() });
  t.after(() => seeder.close());
  const script = `mkfifo unread; exec 9<>unread; "$0" "$1" get a.torrent --progress none --peer ${seeder.address} ${args} 9>&-`;
  const main = path.resolve('dist/bundle/ttorrent.js');
  return startProgram(['/bin/sh', '-c', script, process.execPath, main], { cwd: directory }).finished;
}

test('events that nobody reads from stdout, a descriptor or a named pipe do not keep it from its deadline', { skip }, async (t) => {
  const ways = ['--json >unread', '--events 3 3>unread', '--events unread'];
  const runs = await Promise.all(ways.map((way) => getUnread(t, `--deadline 1s ${way}`)));
  for (const { exitCode, stdout, stderr, timedOut } of runs) {
    assert.deepEqual([exitCode, stdout, timedOut], [2, '', false], stderr);
    assert.match(stderr, /^ttorrent: the deadline /m);
  }
});

test('paths that nobody reads do not keep it from its deadline either', { skip }, async (t) => {
  const paths = await getUnread(t, '--deadline 1s >unread', true);
  assert.equal(paths.exitCode, 2, paths.stderr);
  assert.match(paths.stderr, /complete and verified: 2000 files.*\n.*the deadline was reached, and nobody reads stdout/);
});

test('a signal ends it while nobody reads the events', { skip }, async (t) => {
  const { exitCode, stderr } = await getUnread(t, '--deadline 1m --json >unread & child=$!; read line <unread; kill $child; wait $child');
  assert.equal(exitCode, 143, stderr);
});
