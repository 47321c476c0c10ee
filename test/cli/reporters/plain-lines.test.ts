import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlainLines } from '../../../src/cli/reporters/plain-lines.ts';

test('prints progress at once and then every five seconds, and other lines whenever they come', () => {
  let nowMs = 1_000_000;
  let text = '';
  const reporter = new PlainLines({ stderr: { write: (line) => (text += line) }, nowMs: () => nowMs });
  for (let step = 0; step < 21; step++) {
    reporter.show({ doneBytes: step, totalBytes: 20, facts: ['1.00 MiB/s', '2 peers'] });
    if (step === 3) reporter.line('a tracker failed');
    nowMs += 500;
  }
  reporter.stop();
  assert.equal(text, '0.0%, 1.00 MiB/s, 2 peers\na tracker failed\n50.0%, 1.00 MiB/s, 2 peers\n100.0%, 1.00 MiB/s, 2 peers\n');
});
