// man/ttorrent.1: made by scripts/man-page.ts, up to date, complete, and clean to groff.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { skipWithout } from '../support/programs.ts';
import { runCli, startProgram } from '../support/run-cli.ts';

const page = readFileSync('man/ttorrent.1', 'utf8');

/** The page without what only roff reads. */
const plain = page
  .replace(/\\f[BIPR]/g, '')
  .replace(/\\\((dq|aq|ga|ha|ti)/g, (_, name: string) => ({ dq: '"', aq: "'", ga: '`', ha: '^', ti: '~' })[name] ?? '')
  .replaceAll('\\-', '-')
  .replaceAll('\\e', '\\');

function section(heading: string): string {
  const begin = plain.indexOf(heading);
  assert.notEqual(begin, -1, heading);
  return plain.slice(begin + heading.length).split(/^\.S[SH] /m)[0] ?? '';
}

test('is what `npm run man` writes', async () => {
  const script = fileURLToPath(new URL('../../scripts/man-page.js', import.meta.url));
  const { stdout, stderr } = await startProgram([process.execPath, script]).finished;
  assert.equal(stderr, '');
  assert.ok(stdout === page, 'man/ttorrent.1 is out of date: run `npm run man` and commit the result');
});

test('lists every option of every command, with its value, as --help does', async () => {
  const { stdout } = await runCli(['--help']);
  const commands = [...(/^Commands:\n((?: {2}.*\n)+)/m.exec(stdout)?.[1] ?? '').matchAll(/^ {2}([a-z]\S*)/gm)].map(
    ([, name]) => name ?? '',
  );
  assert.ok(commands.length >= 4, commands.join());
  for (const command of commands.filter((name) => name !== 'help')) {
    const ofCommand = section(`.SS "ttorrent ${command} `);
    const help = (await runCli([command, '--help'])).stdout;
    for (const [, names = '', required, optional] of help.matchAll(/^ {2}((?:-\w, )?(?:--[a-z0-9-]+|-\w))(?: <(\S+?)>| (\[\S+?\]))?/gm)) {
      const value = required ?? optional ?? '';
      assert.ok(ofCommand.includes(`\n${names}${value === '' ? '' : ` ${value}`}\n`), `${command}: ${names} ${value}`);
    }
  }
});

test('lists every exit code', () => {
  const status = section('.SH "EXIT STATUS"');
  for (const { number, meaning } of exitCodes)
    assert.ok(status.includes(`\n.B ${number}\n${meaning.replaceAll('`', '')}\n`), String(number));
});

test('lists every variable that the program reads', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const code = sources.map((file) => readFileSync(`src/${file}`, 'utf8')).join('\n');
  const from = '(?:process\\.env|variables)';
  const taken = [...code.matchAll(new RegExp(`\\{([^{}]*)\\} = ${from}\\b`, 'g'))].flatMap(
    ([, names]) => names?.match(/\b[A-Z][A-Z0-9_]+\b/g) ?? [],
  );
  const named = [...code.matchAll(new RegExp(`\\b${from}(?:\\.|\\[')([A-Z][A-Z0-9_]+)\\b`, 'g'))].map(([, name]) => name ?? '');
  const variables = new Set([...taken, ...named]);
  assert.ok(variables.has('NO_COLOR'));
  const environment = section('.SH ENVIRONMENT');
  for (const variable of variables)
    assert.ok(new RegExp(`\\b${variable}\\b`).test(environment), `scripts/man-page.ts says nothing of ${variable}`);
});

test('has the examples of the help', async () => {
  const examples = section('.SH EXAMPLES');
  for (const [, example = ''] of (await runCli(['get', '--help'])).stdout.matchAll(/^ {2}(ttorrent get .*)$/gm)) {
    assert.ok(examples.includes(`\n${example}\n`), example);
  }
});

test('is set by groff without a warning', { skip: skipWithout('groff') }, async () => {
  const { exitCode, stdout, stderr } = await startProgram(['groff', '-man', '-Tutf8', '-ww', 'man/ttorrent.1']).finished;
  assert.deepEqual([exitCode, stderr], [0, '']);
  assert.match(stdout, /verified/);
});
