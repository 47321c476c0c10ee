// docs/library.md: each example prints what stands below it, and its tables are whole.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { blocksOf } from '../support/document-blocks.ts';
import { exampleSwarm } from '../support/example-swarm.ts';
import { startProgram } from '../support/run-cli.ts';

const file = 'docs/library.md';
const page = readFileSync(file, 'utf8');

for (const { language, code, line, heading, check, output } of blocksOf(file)) {
  if (language !== 'js') continue;
  test(`the example at ${file}:${line}, "${heading}", prints what the page says`, async (t) => {
    const { directory } = await exampleSwarm(t);
    const program = path.join(directory, 'example.mjs');
    writeFileSync(program, code);
    const { exitCode, stdout, stderr } = await startProgram([process.execPath, program], { cwd: directory }).finished;
    assert.equal(exitCode, 0, stderr);
    const lines = stdout.trimEnd().split('\n');
    assert.deepEqual(check?.trim() === 'sorted' ? lines.sort() : lines, output?.trimEnd().split('\n'));
  });
}

/** The names in the first code span of each row of the table that begins with `heading`. */
function tableRows(heading: string): string[] {
  const begin = page.indexOf(`| ${heading} |`);
  const table = page.slice(page.indexOf('\n', begin)).split('\n\n')[0] ?? '';
  return [...table.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name ?? '');
}

test('names every event', () => {
  const types = [...readFileSync('src/torrent/events.ts', 'utf8').matchAll(/readonly type: '([\w-]+)'/g)].map(([, type]) => type);
  assert.ok(types.includes('progress'));
  assert.deepEqual(new Set(tableRows('`type`')), new Set(types));
});

test('names every error class and code', () => {
  const source = readFileSync('src/errors.ts', 'utf8');
  const classes = [...source.matchAll(/^export class (\w+) extends TtorrentError/gm)].map(([, name]) => name);
  assert.deepEqual(new Set(tableRows('class')), new Set(classes));
  const codes = [...(/type ErrorCode =([^;]*);/.exec(source)?.[1] ?? '').matchAll(/'([\w-]+)'/g)].map(([, code]) => code ?? '');
  assert.ok(codes.length > 20);
  for (const code of codes) assert.ok(page.includes(`\`${code}\``), code);
});
