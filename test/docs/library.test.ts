// docs/library.md and the example in README.md: each runs and prints what stands below it, and the tables are whole.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { blocksOf } from '../support/document-blocks.ts';
import { exampleSwarm } from '../support/example-swarm.ts';
import { preload, startProgram } from '../support/run-cli.ts';

const page = readFileSync('docs/library.md', 'utf8');

/** An example is not to speak to the network of the machine, as local discovery would. */
const onLoopback = preload(`
  import dgram from 'node:dgram';
  import { syncBuiltinESMExports } from 'node:module';
  dgram.createSocket = () => { throw new Error('no datagrams in tests'); };
  syncBuiltinESMExports();`);

const examples = ['README.md', 'docs/library.md'].flatMap((file) => blocksOf(file).map((block) => ({ file, ...block })));
for (const { file, language, code, line, heading, check, output } of examples) {
  if (language !== 'js') continue;
  test(`the example at ${file}:${line}, "${heading}", prints what the page says`, async (t) => {
    const { directory } = await exampleSwarm(t);
    const program = path.join(directory, 'example.mjs');
    writeFileSync(program, code);
    const { exitCode, stdout, stderr } = await startProgram([process.execPath, ...onLoopback, program], { cwd: directory }).finished;
    assert.equal(exitCode, 0, stderr);
    assert.ok(output !== undefined || file === 'README.md', 'has no ```text block behind it');
    if (output === undefined) return assert.match(stdout, /debian\.iso$/m);
    const lines = stdout.trimEnd().split('\n');
    assert.deepEqual(check?.trim() === 'sorted' ? lines.sort() : lines, output.trimEnd().split('\n'));
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
