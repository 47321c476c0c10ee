// What stands on the screen of a real terminal (tmux): the bar, at sizes that change under it; Ctrl-Z and `fg`; names that would move the
// cursor.

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { deferred } from '../support/deferred.ts';
import { type MadeTorrent, makeTorrent } from '../support/make-torrent.ts';
import { skipWithout } from '../support/programs.ts';
import { runCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';
import { TmuxScreen } from '../support/tmux.ts';
import { serveHttp } from '../tracker/loopback-server.ts';

const skip = skipWithout('tmux');
const main = path.resolve('dist/bundle/ttorrent.js');
const quiet = { TTORRENT_CONFIG: '', XDG_STATE_HOME: '/dev/null' };

const torrent = makeTorrent({ name: 'image.iso', pieceLength: 16_384, length: 1_500_000 });

interface Place {
  readonly directory: string;
  readonly seeder: Seeder;
  /** Node, the program, and `get` of the torrent from the seeder. */
  readonly get: readonly string[];
}

async function place(t: TestContext, made: MadeTorrent, rateBytesPerSecond: number): Promise<Place> {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), made.bytes);
  const seeder = await Seeder.start({ torrent: made, rateBytesPerSecond });
  t.after(() => seeder.close());
  return { directory, seeder, get: [process.execPath, main, 'get', 'a.torrent', '-o', 'out', '--peer', seeder.address] };
}

function open(t: TestContext, directory: string, columns: number, rows: number, command: readonly string[]): TmuxScreen {
  const screen = new TmuxScreen({ columns, rows, cwd: directory, command, env: quiet });
  t.after(() => screen.close());
  return screen;
}

/** The rows in which a bar or its share stands. */
function bars(screen: TmuxScreen): string[] {
  return screen.rows().filter((row) => /\d%/.test(row));
}

test('the bar is one row at every width, and what was drawn before a resize does not stay', { skip }, async (t) => {
  const { directory, get } = await place(t, torrent, 150_000);
  const screen = open(t, directory, 80, 24, get);
  await screen.shows(/^ +\d+\.\d% {2}\[=*-+\] {2}\S+ KiB\/s {2}ETA \S+ {2}1 peer {2}\d+\/92 pieces$/m);
  for (const [columns, rows, shape] of [
    [40, 10, /^ +\d+\.\d% {2}\[=*-+\] {2}\S+ KiB\/s( {2}ETA \S+)?$/m],
    [20, 10, /^ +\d+\.\d%( {2}\[=*-+\])?$/m],
    [100, 30, /^ +\d+\.\d% {2}\[=*-{9,}\] {2}\S+ KiB\/s {2}ETA \S+ {2}1 peer {2}\d+\/92 pieces$/m],
  ] as const) {
    screen.resize(columns, rows);
    await screen.shows(shape);
    assert.equal(bars(screen).length, 1, screen.rows().join('\n'));
  }
});

test('Ctrl-Z stops it, and after fg the download and its bar go on; meanwhile it keeps its lock', { skip }, async (t) => {
  const { directory, seeder, get } = await place(t, torrent, 400_000);
  const screen = open(t, directory, 80, 24, ['bash', '--norc', '--noprofile', '-i']);
  screen.type(`${get.map((word) => `'${word}'`).join(' ')} --deadline 1m; echo "ended with $?"`, 'Enter');
  await screen.shows(/^ +\d+\.\d% {2}\[.*1 peer/m);
  screen.type('C-z');
  await screen.shows(/Stopped/);
  assert.ok(existsSync(path.join(directory, 'out', 'image.iso.ttorrent.lock')));
  const second = await runCli(['get', 'a.torrent', '-o', 'out', '--peer', seeder.address], { cwd: directory });
  assert.equal(second.exitCode, 13, second.stderr);
  screen.type('clear', 'Enter', 'fg; echo "ended with $?"', 'Enter');
  await screen.shows(/^ +\d+\.\d% {2}\[.*1 peer/m);
  await screen.shows(/^ended with 0$/m);
  assert.ok(screen.rows().some((row) => row.endsWith('/out/image.iso')));
  assert.ok(!existsSync(path.join(directory, 'out', 'image.iso.ttorrent.lock')));
});

test('Ctrl-C leaves the cursor at the beginning of an empty line, and nothing of the bar', { skip }, async (t) => {
  const { directory, get } = await place(t, torrent, 50_000);
  const screen = open(t, directory, 40, 10, ['bash', '--norc', '--noprofile', '-c', `"$@"; echo "[$?]"; read line`, 'bash', ...get]);
  await screen.shows(/\d%/);
  screen.type('C-c');
  await screen.shows(/^\[130\]$/m);
  assert.deepEqual(bars(screen), [], screen.rows().join('\n'));
});

test('no name from a torrent moves the cursor: not in lists, not in questions, not beside the bar', { skip }, async (t) => {
  const nasty = '\u001b[2J\u001b[5;5H\r\n\u009b3A\u0007\u202eabc';
  // As it is told, and as it is written.
  const told = String.raw`\x1b[2J\x1b[5;5H\x0d\x0a\x9b3A\x07\u{202e}abc`;
  const written = '_[2J_[5;5H___3A_abc';
  const hostile = makeTorrent({
    name: `n${nasty}`,
    pieceLength: 16_384,
    files: [
      { path: [`f${nasty}`], length: 300_000 },
      { path: [`g${nasty}`], length: 200_000 },
    ],
  });
  const { directory, get } = await place(t, hostile, 150_000);
  const screen = open(t, directory, 160, 24, [
    'bash',
    '--norc',
    '--noprofile',
    '-c',
    `"$@"; echo "[$?]"; read line`,
    'bash',
    ...get,
    '-v',
    '--interactive',
  ]);
  await screen.shows(/Enter takes all: $|Enter takes all:$/m);
  const before = screen.rows().filter((row) => row !== '');
  assert.ok(before[0]?.includes(`the name "n${told}" is written as`), before[0]);
  assert.deepEqual(before.slice(-3, -1), [`1     293 KiB  n${written}/f${written}`, `2     195 KiB  n${written}/g${written}`]);
  assert.deepEqual(screen.cursor(), [(before.at(-1) ?? '').length + 1, before.length - 1]);
  screen.type('Enter');
  await screen.shows(/\d% {2}\[/);
  assert.deepEqual(screen.rows().slice(0, before.length), before);
  await screen.shows(/^\[0\]$/m);
  assert.deepEqual(screen.rows().slice(0, before.length), before);
  assert.deepEqual(bars(screen), []);
});

test('of many torrents as many are shown as there are rows, and nothing drawn stays', { skip }, async (t) => {
  const directory = scratchDirectory(t);
  const peers: string[] = [];
  for (let number = 10; number < 22; number++) {
    const made = makeTorrent({ name: `${number}.iso`, pieceLength: 16_384, length: 60_000 });
    writeFileSync(path.join(directory, `${number}.torrent`), made.bytes);
    const seeder = await Seeder.start({ torrent: made, rateBytesPerSecond: 12_000 });
    t.after(() => seeder.close());
    peers.push('--peer', seeder.address);
  }
  const all = Array.from({ length: 12 }, (_, i) => `${10 + i}.torrent`);
  const asked = deferred<ServerResponse>();
  const { origin } = await serveHttp(t, (_, response) => asked.resolve(response));
  const get = [process.execPath, main, 'get', ...all, `${origin}/gone.torrent`, '-o', 'out', '-j', '13', ...peers];
  const screen = open(t, directory, 80, 8, get);
  await screen.shows(/^0\/13 done, 6 not shown$/m);
  (await asked.promise).writeHead(404).end();
  await screen.shows(/^1\d\.torrent +\d+\.\d% {2}\[[=-]+\].*\n(?:1\d\.torrent .*\n){5}1\/13 done, 1 failed, 6 not shown$/m);
  screen.resize(40, 5);
  await screen.shows(/^1\d\.torrent +\d+\.\d%.*\n(?:1\d\.torrent .*\n){2}1\/13 done, 1 failed, 9 not shown$/m);
  screen.resize(100, 30);
  await screen.shows(/1 of 13 torrents failed: exit code 3/);
  for (const row of screen.rows().filter((shown) => /%|13 done/.test(shown))) assert.fail(row);
  assert.ok(screen.rows().some((row) => /^\/.*\/\d+\.iso$/.test(row)));
});
