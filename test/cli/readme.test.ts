// README.md names what the program has.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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
