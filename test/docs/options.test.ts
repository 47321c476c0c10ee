// The documents tell of commands and options that the program has. That none is missing in README.md is for test/cli/readme.test.ts.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { runCli } from '../support/run-cli.ts';

/** Long options by command, as --help lists them. */
async function optionsByCommand(): Promise<Map<string, string[]>> {
  const { stdout } = await runCli(['--help']);
  const list = /^Commands:\n((?: {2}.*\n)+)/m.exec(stdout)?.[1] ?? '';
  const commands = [...list.matchAll(/^ {2}([a-z]\S*)/gm)].map(([, name]) => name ?? '');
  const byCommand = new Map<string, string[]>();
  for (const command of ['', ...commands]) {
    const help = await runCli(command === '' ? ['--help'] : [command, '--help']);
    byCommand.set(
      command,
      [...help.stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z0-9-]+)/gm)].map(([, name]) => name ?? ''),
    );
  }
  return byCommand;
}

test('README.md tells of every command', async () => {
  const readme = readFileSync('README.md', 'utf8');
  for (const command of (await optionsByCommand()).keys()) assert.ok(readme.includes(`ttorrent ${command}`), command);
});

test('no document tells of an option that does not exist', async () => {
  const byCommand = await optionsByCommand();
  // The table of exit codes reserves numbers of features that are still to come, options among them.
  const reserved = exitCodes.flatMap(({ meaning }) => meaning.match(/--[a-z0-9-]+/g) ?? []);
  const all = new Set([...byCommand.values(), reserved].flat());
  const documents = [
    'README.md',
    'ARCHITECTURE.md',
    ...readdirSync('docs')
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];
  for (const document of documents) {
    const text = readFileSync(document, 'utf8');
    // Code spans that begin with an option, and what follows `ttorrent COMMAND` up to the end of that command.
    for (const [span, option = ''] of text.matchAll(/`(?:-\w, )?(--[a-z0-9-]+)[^`\n]*`/g))
      assert.ok(all.has(option), `${document}: ${span}`);
    for (const [line, command = '', args = ''] of text.matchAll(/\bttorrent ([a-z]+) ([^|;&()#`\n]*)/g)) {
      for (const [option] of args.matchAll(/--[a-z0-9-]+/g)) assert.ok(byCommand.get(command)?.includes(option), `${document}: ${line}`);
    }
  }
});
