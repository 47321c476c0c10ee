// The GitHub Action: its step as a runner runs it, with inputs that try to become a part of a script.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { exampleSwarm } from './support/example-swarm.ts';
import { skipWithout } from './support/programs.ts';
import { type RunResult, startProgram } from './support/run-cli.ts';

const action = readFileSync('action.yml', 'utf8');
const script = /^ +run: (.*)$/m.exec(action)?.[1] ?? '';

/** The inputs with their defaults. */
const inputs = new Map(
  [...(/^inputs:\n(.*?)^outputs:/ms.exec(action)?.[1] ?? '').matchAll(/^ {2}([a-z]+):\n((?: {4}.*\n)+)/gm)].map(
    ([, name = '', body = '']): [string, string] => [name, /default: (.*)/.exec(body)?.[1]?.replace("''", '') ?? ''],
  ),
);

interface StepResult extends RunResult {
  /** What the step has written for GitHub. */
  readonly outputs: string;
}

/** Runs the step in `directory` as the runner does. */
async function runStep(directory: string, given: Readonly<Record<string, string>>): Promise<StepResult> {
  const outputFile = path.join(directory, 'github-output');
  writeFileSync(outputFile, '');
  const env: Record<string, string> = { GITHUB_ACTION_PATH: process.cwd(), GITHUB_OUTPUT: outputFile };
  for (const [name, fallback] of inputs) env[`INPUT_${name.toUpperCase()}`] = given[name] ?? fallback;
  const result = await startProgram(['bash', '--noprofile', '--norc', '-eo', 'pipefail', '-c', script], { cwd: directory, env }).finished;
  return { ...result, outputs: readFileSync(outputFile, 'utf8') };
}

async function directoryOf(t: TestContext): Promise<string> {
  return (await exampleSwarm(t)).directory;
}

test('passes every input in a variable, and none in the script', () => {
  assert.deepEqual([...inputs.keys()], ['torrent', 'output', 'checksum', 'deadline', 'select', 'args']);
  for (const name of inputs.keys()) assert.ok(action.includes(`\n        INPUT_${name.toUpperCase()}: \${{ inputs.${name} }}\n`), name);
  assert.doesNotMatch(script, /\$\{\{/);
});

test('downloads and tells the paths and the exit code', async (t) => {
  const directory = await directoryOf(t);
  const given = { torrent: 'album.torrent', output: 'out', select: '*.pdf\n1\n', args: '--stall-timeout=1m\n--no-fsync\n' };
  const { exitCode, outputs, stdout, stderr } = await runStep(directory, given);
  assert.deepEqual([exitCode, stdout], [0, ''], stderr);
  const album = path.join(directory, 'out', 'album');
  assert.deepEqual(readdirSync(album).sort(), ['01 Overture.flac', 'booklet.pdf']);
  const [first, opening, ...rest] = outputs.split('\n');
  assert.equal(first, 'exit-code=0');
  const delimiter = /^paths<<([0-9a-f-]{36})$/.exec(opening ?? '')?.[1];
  assert.deepEqual(rest, [path.join(album, '01 Overture.flac'), path.join(album, 'booklet.pdf'), delimiter, '']);
});

test('takes an empty input as one that was not given', async (t) => {
  const directory = await directoryOf(t);
  const empty = Object.fromEntries([...inputs.keys()].map((name) => [name, '']));
  const { exitCode, outputs, stderr } = await runStep(directory, { ...empty, torrent: 'debian.torrent' });
  assert.equal(exitCode, 0, stderr);
  assert.ok(outputs.includes(`\n${path.join(directory, 'debian.iso')}\n`), outputs);
});

test('fails as ttorrent fails, with the exit code told and no path', async (t) => {
  const directory = await directoryOf(t);
  const { exitCode, outputs, stderr } = await runStep(directory, { torrent: 'missing.torrent' });
  assert.equal(exitCode, 3);
  assert.match(stderr, /missing\.torrent/);
  assert.match(outputs, /^exit-code=3\npaths<<(\S+)\n\n\1\n$/);
});

test('holds the file to the checksum that is given', async (t) => {
  const directory = await directoryOf(t);
  const sum = /^([0-9a-f]{64}) {2}debian\.iso$/m.exec(readFileSync(path.join(directory, 'SHA256SUMS'), 'utf8'))?.[1] ?? '';
  const right = await runStep(directory, { torrent: 'debian.torrent', output: 'right', checksum: `sha256:${sum}` });
  assert.equal(right.exitCode, 0, right.stderr);
  const wrong = await runStep(directory, { torrent: 'debian.torrent', output: 'wrong', checksum: `sha256:${'0'.repeat(64)}` });
  assert.equal(wrong.exitCode, 32, wrong.stderr);
  assert.match(wrong.outputs, /^exit-code=32\npaths<<(\S+)\n\n\1\n$/);
});

test('inputs stay data, whatever they look like', async (t) => {
  const directory = await directoryOf(t);
  const hostile = `"; touch pwned; '$(touch pwned)\`touch pwned\``;
  for (const name of inputs.keys()) {
    const { exitCode, outputs } = await runStep(directory, { torrent: 'album.torrent', [name]: hostile });
    assert.equal(exitCode === 0, name === 'output', name); // a strange name for a directory, and a good one
    assert.match(outputs, /^exit-code=/);
    assert.ok(!existsSync(path.join(directory, 'pwned')), name);
  }
  const option = await runStep(directory, { torrent: '--version' });
  assert.deepEqual([option.exitCode, /no such file|not found|does not exist/i.test(option.stderr)], [3, true], option.stderr);
  const glob = await runStep(directory, { torrent: 'album.torrent', output: 'out', select: '*' });
  assert.equal(glob.exitCode, 0, glob.stderr); // the program's pattern, not the shell's
});

test('its script is clean to shellcheck', { skip: skipWithout('shellcheck') }, async () => {
  const { exitCode, stdout } = await startProgram(['shellcheck', 'scripts/action.sh']).finished;
  assert.equal(exitCode, 0, stdout);
});
