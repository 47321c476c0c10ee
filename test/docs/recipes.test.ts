// docs/recipes.md: each block of bash runs as it stands, against a swarm on loopback, and has done what its check says. A recipe that is added
// to the page is a test that is added here.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type Block, blocksOf } from '../support/document-blocks.ts';
import { exampleSwarm } from '../support/example-swarm.ts';
import { skipWithout } from '../support/programs.ts';
import { startProgram } from '../support/run-cli.ts';

const file = 'docs/recipes.md';
const blocks = blocksOf(file);
const strict = ['bash', '-eu', '-o', 'pipefail', '-c'];

/** Programs of a recipe that not every machine has. */
function programsOf({ language, code }: Block): string[] {
  return ['bash', ...(language === 'make' ? ['make'] : []), ...['jq', 'xz', 'tar'].filter((name) => code.includes(` ${name} `))];
}

for (const block of blocks.filter(({ language }) => ['bash', 'make'].includes(language))) {
  const title = `the recipe at ${file}:${block.line}, "${block.heading}", does what it says`;
  test(title, { skip: skipWithout(...programsOf(block)) }, async (t) => {
    const { directory, PATH } = await exampleSwarm(t);
    const options = { cwd: directory, env: { PATH, CHECKOUT: process.cwd() } };
    if (block.language === 'make') writeFileSync(path.join(directory, 'Makefile'), block.code);
    else {
      const { exitCode, stderr } = await startProgram([...strict, block.code], options).finished;
      assert.equal(exitCode, 0, stderr);
    }
    assert.ok(block.check !== undefined, 'has no <!-- check: COMMAND --> behind it');
    const check = await startProgram([...strict, block.check], options).finished;
    assert.equal(check.exitCode, 0, `${block.check}\n${check.stdout}${check.stderr}`);
  });
}

test('the workflow uses inputs and outputs that the action has', () => {
  const action = readFileSync('action.yml', 'utf8');
  const workflow = blocks.find(({ language }) => language === 'yaml')?.code ?? '';
  const step = workflow.slice(workflow.indexOf('uses: OWNER/ttorrent'));
  const inputs = [...(step.split('- run:')[0] ?? '').matchAll(/^ {10}([a-z-]+):/gm)].map(([, name]) => name);
  assert.ok(inputs.includes('torrent'));
  for (const name of inputs) assert.match(action, new RegExp(`^  ${name}:$`, 'm'));
  for (const [, name] of workflow.matchAll(/outputs\.([a-z-]+)/g)) assert.match(action, new RegExp(`^  ${name}:$`, 'm'));
});
