import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { exitCodeName, exitCodeOf, exitCodeOfSignal, exitCodes } from '../../src/cli/exit-codes.ts';

test('has every number of the contract, once and in order', () => {
  const numbers = exitCodes.map((code) => code.number);
  const expected = [0, 1, 2, 3, 5, 6, 7, 9, 13, 15, 16, 17, 18, 25, 26, 27, 28, 32, 40, 41, 42, 43, 44, 45, 129, 130, 141, 143];
  assert.deepEqual(numbers, expected);
});

test('gives every cause and signal a number that the table explains', () => {
  for (const number of [...Object.values(exitCodeOf), ...Object.values(exitCodeOfSignal)]) assert.notEqual(exitCodeName(number), 'unknown');
});

test('reads the same in README.md', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const section = readme.slice(readme.indexOf('## Exit codes'));
  const rows = [...section.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, number, meaning]) => ({ number: Number(number), meaning }));
  assert.deepEqual(
    rows,
    exitCodes.map(({ number, meaning }) => ({ number, meaning })),
  );
});

test('reads the same in --help', () => {
  const help = parseCommandLine(['--help'], '1.2.3');
  assert.ok(help.kind === 'print');
  const section = help.text.slice(help.text.indexOf('Exit codes:'));
  const rows = [...section.matchAll(/^ {2,4}(\d+) {2}(.+)$/gm)].map(([, number, meaning]) => ({ number: Number(number), meaning }));
  assert.deepEqual(
    rows,
    exitCodes.map(({ number, meaning }) => ({ number, meaning: meaning.replaceAll('`', '') })),
  );
});
