// What a terminal gets to see, on a pseudo-terminal of script(1), and what switches it off.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeTorrent } from '../support/make-torrent.ts';
import { runCli, startProgram } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';

const main = fileURLToPath(new URL('../../bundle/ttorrent.js', import.meta.url));
const skip = process.platform !== 'linux' || !existsSync('/usr/bin/script') ? 'needs script(1) of util-linux' : false;

const torrent = makeTorrent({ name: 'data', pieceLength: 16_384, length: 100_000 });

/** A directory with the torrent and its complete file. */
function completeDirectory(t: TestContext): string {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), torrent.bytes);
  mkdirSync(path.join(directory, 'out'));
  writeFileSync(path.join(directory, 'out', 'data'), torrent.read(0, torrent.totalLength));
  return directory;
}

/** All that `verify` writes to a terminal whose environment has `env` added, after `setup`. */
async function seen(t: TestContext, env: Record<string, string | undefined>, args = '', setup = ''): Promise<string> {
  const command = `${setup} '${process.execPath}' '${main}' verify a.torrent -o out ${args}`;
  const { exitCode, stdout } = await startProgram(['script', '-qec', command, '/dev/null'], {
    cwd: completeDirectory(t),
    env: { TERM: 'xterm', ...env },
  }).finished;
  assert.equal(exitCode, 0, stdout);
  assert.match(stdout, /complete/);
  return stdout;
}

const color = '\u001b[32m';
const bar = '\u001b[1G';

test('a terminal gets colours and a bar', { skip }, async (t) => {
  const text = await seen(t, {});
  assert.ok(text.includes(color) && text.includes(bar));
});

test('NO_COLOR and --no-color take the colours and leave the bar', { skip }, async (t) => {
  for (const text of [
    await seen(t, { NO_COLOR: '1' }),
    await seen(t, { NO_COLOR: '1', FORCE_COLOR: '1' }),
    await seen(t, {}, '--no-color'),
  ]) {
    assert.ok(!text.includes(color) && text.includes(bar));
  }
});

test('a CI job gets lines in place of a bar, unless it asks for one', { skip }, async (t) => {
  assert.ok(!(await seen(t, { CI: 'true' })).includes(bar));
  assert.ok((await seen(t, { CI: 'false' })).includes(bar));
  assert.ok((await seen(t, { CI: 'true' }, '--progress bar')).includes(bar));
});

test('a dumb terminal, and one that does not say what it is, get no control sequence at all', { skip }, async (t) => {
  for (const TERM of ['dumb', '', undefined]) assert.ok(!(await seen(t, { TERM }, '--progress bar')).includes('\u001b'));
});

test('a terminal that says it has no columns gets a bar of the usual width, a narrow one as much as it holds', { skip }, async (t) => {
  assert.match(await seen(t, {}, '', 'stty cols 0;'), / 0\.0% {2}\[-{30,40}\] {2}of/);
  assert.match((await seen(t, {}, '', 'stty cols 20;')).replaceAll('\u001b', 'ESC'), /G {2}0\.0% {2}\[-+\]ESC/);
  assert.ok(!(await seen(t, {}, '', 'stty cols 3;')).includes('%'));
});

test('a terminal is refused as the place for data', { skip }, async (t) => {
  const command = `'${process.execPath}' '${main}' get a.torrent --no-color --peer 127.0.0.1:1 -o -`;
  const { exitCode, stdout } = await startProgram(['script', '-qec', command, '/dev/null'], { cwd: completeDirectory(t) }).finished;
  assert.deepEqual(
    [exitCode, stdout],
    [28, 'ttorrent: stdout is a terminal: send the data to a file or a pipe (`| cat` shows it all the same)\r\n'],
  );
});

test('FORCE_COLOR colours what goes into a pipe, and draws no bar there', async (t) => {
  const directory = completeDirectory(t);
  const forced = await runCli(['verify', 'a.torrent', '-o', 'out'], { cwd: directory, env: { FORCE_COLOR: '1' } });
  assert.ok(forced.stderr.includes('\u001b[1mttorrent:'));
  assert.ok(!forced.stderr.includes(bar) && !forced.stdout.includes('\u001b'));
  const not = await runCli(['verify', 'a.torrent', '-o', 'out'], { cwd: directory, env: { FORCE_COLOR: '0' } });
  assert.ok(!not.stderr.includes('\u001b'));
});
