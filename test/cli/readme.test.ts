// README.md names what the program has.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { hookVariableNames } from '../../src/cli/hooks/hook-variables.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

test('README.md has a table row for every option', () => {
  const command = parseCommandLine(['config'], '1.2.3');
  assert.ok(command.kind === 'config');
  const rows = readme.split('\n').filter((line) => line.startsWith('| `-'));
  const missing = command.settings.filter(
    ({ name }) => name !== 'json' && !rows.some((row) => new RegExp(`\\W--(no-)?${name}\\W`).test(row)),
  );
  assert.deepEqual(missing, []);
});

test('README.md has a table row for every variable of a hook', () => {
  const rows = readme.split('\n').filter((line) => line.startsWith('| `TTORRENT_'));
  assert.deepEqual(
    hookVariableNames.filter((name) => !rows.some((row) => row.includes(`\`${name}\``))),
    [],
  );
});

test('every file that a document links to or shows is there', () => {
  const documents = [...readdirSync('.'), ...readdirSync('docs').map((name) => `docs/${name}`)].filter((name) => name.endsWith('.md'));
  const targets = documents.flatMap((document) =>
    [...readFileSync(document, 'utf8').matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) =>
      path.join(path.dirname(document), target),
    ),
  );
  assert.ok(targets.includes('docs/terminal-80x24.svg'));
  assert.deepEqual(
    targets.filter((target) => !existsSync(target)),
    [],
  );
});
