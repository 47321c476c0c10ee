// `get` with standard streams that are closed, full, or whose reader goes: through a shell, with stdout, stderr and exit code apart. What
// becomes of the words never changes what becomes of the download. (Data on stdout: stdout-stream.test.ts.)

import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeTorrent } from '../support/make-torrent.ts';
import { startProgram } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';

const torrent = makeTorrent({ name: 'image.iso', pieceLength: 16_384, length: 200_000 });
const done = /^ttorrent: complete and verified: 1 file, 195 KiB in .*\n$/;
const nothing = /^$/;
const onePath = /^\/.*\/out\/image\.iso\n$/;
const verdict = /^\{"v":1,"type":"start",(.*\n)+\{"v":1,"type":"verdict",.*"exitCode":0,.*\}\n$/;

const cases: readonly [redirection: string, exitCode: number, stdout: RegExp, stderr: RegExp][] = [
  ['', 0, onePath, done],
  ['<&-', 0, onePath, done],
  ['2>&-', 0, onePath, nothing],
  ['2>/dev/full', 0, onePath, nothing],
  ['>&-', 0, nothing, done],
  ['>&- 2>&- <&-', 0, nothing, nothing],
  [
    '>/dev/full',
    0,
    nothing,
    /^ttorrent: complete .*\nttorrent: warning: cannot write to stdout: ENOSPC: no space left on device, write\n$/,
  ],
  ['| true', 0, nothing, done],
  ['--json', 0, verdict, done],
  ['--json <&- 2>&-', 0, verdict, nothing],
  ['--json >&-', 0, nothing, done],
  ['--json >/dev/full', 9, nothing, /^ttorrent: cannot write to stdout: ENOSPC: no space left on device, write\n$/],
  ['--json | head -c 1', 141, /^\{$/, nothing],
];

test('closed, full and abandoned streams: each golden', { skip: process.platform !== 'linux' && 'needs /dev/full' }, async (t) => {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), torrent.bytes);
  const fast = await Seeder.start({ torrent });
  t.after(() => fast.close());
  // Slow enough for a reader that takes one byte to be gone before the end.
  const slow = await Seeder.start({ torrent, rateBytesPerSecond: 200_000 });
  t.after(() => slow.close());
  const main = path.resolve('dist/bundle/ttorrent.js');
  for (const [redirection, exitCode, stdout, stderr] of cases) {
    const [own = '', ...pipe] = redirection.split(/(?=\|)/);
    const peer = (exitCode === 141 ? slow : fast).address;
    const script = `{ "$0" "$1" get a.torrent -o out --progress none --peer ${peer} ${own}; echo $? >code; } ${pipe.join('')}`;
    const result = await startProgram(['/bin/sh', '-c', script, process.execPath, main], { cwd: directory }).finished;
    assert.match(result.stdout, stdout, redirection);
    assert.match(result.stderr, stderr, redirection);
    assert.equal(Number(readFileSync(path.join(directory, 'code'), 'utf8')), exitCode, redirection);
    if (exitCode === 0) assert.ok(readFileSync(path.join(directory, 'out', 'image.iso')).equals(torrent.read(0, torrent.totalLength)));
    rmSync(path.join(directory, 'out'), { recursive: true, force: true });
  }
});
