// The scripts of `ttorrent completion` in the shells they are for. PowerShell is not among the reference programs: its script is only read.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { skipWithout } from '../support/programs.ts';
import { runCli, startProgram } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';

const shells = ['bash', 'zsh', 'fish', 'powershell'];

/** A directory with the script under the shell's name, two torrents, a folder and another file. */
async function directoryWith(t: TestContext, shell: string): Promise<string> {
  const directory = scratchDirectory(t);
  const { exitCode, stdout, stderr } = await runCli(['completion', shell]);
  assert.deepEqual([exitCode, stderr], [0, '']);
  writeFileSync(path.join(directory, shell), stdout);
  for (const file of ['a.torrent', 'b c.torrent', 'notes.txt']) writeFileSync(path.join(directory, file), '');
  mkdirSync(path.join(directory, 'folder'));
  return directory;
}

async function run(directory: string, command: readonly string[], script: string): Promise<string> {
  writeFileSync(path.join(directory, 'script'), script);
  const options = { cwd: directory, timeoutMs: 30_000, env: { HOME: directory, TERM: 'dumb' } };
  const { exitCode, stdout, stderr } = await startProgram([...command, 'script'], options).finished;
  assert.equal(exitCode, 0, `${stdout}${stderr}`);
  return stdout;
}

test('knows every option of every command', async (t) => {
  const help = await runCli(['--help']);
  const commands = [...help.stdout.matchAll(/^ {2}([a-z]+) .*<|^ {2}([a-z]+) \[/gm)].map(([, a, b]) => a ?? b ?? '');
  assert.ok(['get', 'info', 'verify', 'completion', 'help'].every((name) => commands.includes(name)));
  for (const shell of shells) {
    const directory = await directoryWith(t, shell);
    const { stdout: script } = await runCli(['completion', shell], { cwd: directory });
    for (const command of commands) {
      assert.ok(script.includes(command), `${shell}: ${command}`);
      const { stdout } = await runCli([command, '--help']);
      const options = [...stdout.matchAll(/^ {2}(?:-\w, )?--([a-z0-9-]+)/gm)].map(([, name]) => name ?? '');
      for (const option of options) assert.match(script, new RegExp(`(--|-l )${option}\\b`), `${shell}: ${command} --${option}`);
    }
  }
});

test('refuses a shell it does not know, and names those it does', async () => {
  const { exitCode, stdout, stderr } = await runCli(['completion', 'tcsh']);
  assert.deepEqual([exitCode, stdout], [28, '']);
  assert.match(stderr, /bash, zsh, fish, powershell/);
});

/** What is typed, up to the cursor, as words; and what is proposed. */
const proposals: readonly [typed: readonly string[], proposed: readonly string[]][] = [
  [['comp'], ['completion']],
  [
    ['completion', ''],
    ['bash', 'fish', 'powershell', 'zsh'],
  ],
  [['help', 'ver'], ['verify']],
  [['--ver'], ['--version']],
  [['get', '--alloc'], ['--allocation']],
  [
    ['get', '--allocation', ''],
    ['none', 'prealloc', 'sparse'],
  ],
  [['get', '-q', '--progress', 'ba'], ['bar']],
  [['get', '--deadline', ''], []],
  [
    ['get', ''],
    ['a.torrent', 'b c.torrent', 'folder'],
  ],
  [['verify', '-o', ''], ['folder']],
  [['info', '--nonsuch'], []],
];

test('completes in bash, and is clean to shellcheck', { skip: skipWithout('bash', 'shellcheck') }, async (t) => {
  const directory = await directoryWith(t, 'bash');
  await run(directory, ['shellcheck', '--shell=bash', 'bash'], '#!/bin/bash\n');
  const cases = proposals.map(([typed]) => {
    const words = ['ttorrent', ...typed].map((word) => `'${word}'`).join(' ');
    return `COMP_WORDS=(${words}); COMP_CWORD=${typed.length}; _ttorrent; printf '%s|' "\${COMPREPLY[@]}"; echo`;
  });
  const output = await run(directory, ['bash', '--norc'], `set -u; . ./bash; . ./bash\n${cases.join('\n')}\n`);
  const lines = output.split('\n').map((line) => line.split('|').filter((word) => word !== ''));
  for (const [i, [typed, proposed]] of proposals.entries()) assert.deepEqual(lines[i]?.toSorted(), proposed, typed.join(' '));
});

test('completes in bash what follows --option=', { skip: skipWithout('bash') }, async (t) => {
  const directory = await directoryWith(t, 'bash');
  const script = `. ./bash
COMP_WORDS=(ttorrent get --allocation = ''); COMP_CWORD=4; _ttorrent; echo "\${COMPREPLY[*]}"
COMP_WORDS=(ttorrent get --allocation =); COMP_CWORD=3; _ttorrent; echo "\${COMPREPLY[*]}"
COMP_WORDS=(ttorrent get --allocation = pre); COMP_CWORD=4; _ttorrent; echo "\${COMPREPLY[*]}"
`;
  assert.equal(await run(directory, ['bash', '--norc'], script), 'sparse none prealloc\nsparse none prealloc\nprealloc\n');
});

test('completes in fish', { skip: skipWithout('fish') }, async (t) => {
  const directory = await directoryWith(t, 'fish');
  const cases = proposals.map(([typed]) => `complete -C '${['ttorrent', ...typed].join(' ')}'; echo =`);
  const output = await run(directory, ['fish', '--no-config'], `source fish\n${cases.join('\n')}\n`);
  const answers = output.split('=\n').map((text) => text.split('\n').map((line) => line.replace(/\/?(\t.*)?$/, '')));
  for (const [i, [typed, proposed]] of proposals.entries()) {
    assert.deepEqual(answers[i]?.filter((word) => word !== '').toSorted(), proposed, typed.join(' '));
  }
});

test('completes in zsh on a terminal, sourced or found in fpath', { skip: skipWithout('zsh') }, async (t) => {
  const directory = await directoryWith(t, 'zsh');
  mkdirSync(path.join(directory, 'site'));
  writeFileSync(path.join(directory, 'site', '_ttorrent'), (await runCli(['completion', 'zsh'])).stdout);
  // Each TAB completes a word that has one completion; then the shell says what it was given.
  const typed = ['comp\tba\t', 'get --alloc\tpr\t a.t\t', 'get --allocation pr\t b\t', 'verify -o f\t a\t', 'help inf\t'];
  for (const load of ['compinit -u -D; source ./zsh', 'fpath=(./site $fpath); compinit -u -D']) {
    const script = `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT=; autoload -U compinit; ${load}; ttorrent() { local IFS="|"; print -r -- "=""<$*>" }'
for keys in ${typed.map((keys) => `$'ttorrent ${keys}'`).join(' ')}; do
  zpty -w shell $keys
  zpty -r shell answer '*=<*>*'
  print -r -- \${\${answer##*=<}%%>*}
done
zpty -d shell
`;
    const output = await run(directory, ['zsh', '-f'], script);
    assert.deepEqual(output.trimEnd().split('\n'), [
      'completion|bash',
      'get|--allocation=prealloc|a.torrent',
      'get|--allocation|prealloc|b c.torrent',
      'verify|-o|folder|a.torrent',
      'help|info',
    ]);
  }
});
