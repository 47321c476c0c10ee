import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { Environment } from '../../../src/cli/env.ts';
import { PlainLines } from '../../../src/cli/reporters/plain-lines.ts';
import { ProgressBar } from '../../../src/cli/reporters/progress-bar.ts';
import { openReporter } from '../../../src/cli/reporters/open-reporter.ts';

/** An environment whose stderr collects what is written. */
function environment(isTerminal: boolean, { dumbTerminal = false, isCi = false } = {}): Environment & { readonly written: () => string } {
  let text = '';
  return {
    args: [],
    version: '1.2.3',
    stdin: { isTerminal: false, read: () => Readable.from([]) },
    stdout: { isTerminal: false, write: () => Promise.resolve() },
    stderr: { isTerminal, stream: process.stderr, write: (line) => (text += line) },
    noColor: false,
    forceColor: false,
    dumbTerminal,
    isCi,
    stateDir: undefined,
    interrupted: new AbortController().signal,
    postponeExit: () => undefined,
    ask: undefined,
    variables: {},
    startedAt: new Date(0),
    platform: '',
    nowMs: () => 0,
    onSuddenEnd: () => undefined,
    written: () => text,
  };
}

test('draws a bar only on a terminal that can move its cursor', async () => {
  assert.ok((await openReporter('auto', false, environment(true))) instanceof ProgressBar);
  assert.ok((await openReporter('bar', false, environment(true))) instanceof ProgressBar);
  assert.ok((await openReporter('auto', false, environment(false))) instanceof PlainLines);
  assert.ok((await openReporter('bar', false, environment(false))) instanceof PlainLines);
  assert.ok((await openReporter('bar', false, environment(true, { dumbTerminal: true }))) instanceof PlainLines);
  assert.ok((await openReporter('plain', false, environment(true))) instanceof PlainLines);
  assert.ok((await openReporter('auto', false, environment(true, { isCi: true }))) instanceof PlainLines);
  assert.ok((await openReporter('bar', false, environment(true, { isCi: true }))) instanceof ProgressBar);
});

test('shows no progress with `none` or when quiet, but prints lines', async () => {
  for (const [mode, quiet] of [
    ['none', false],
    ['bar', true],
  ] as const) {
    const env = environment(true);
    const reporter = await openReporter(mode, quiet, env);
    reporter.show({ doneBytes: 1, totalBytes: 2, facts: [] });
    reporter.line('a line');
    reporter.stop();
    assert.equal(env.written(), 'a line\n');
  }
});
