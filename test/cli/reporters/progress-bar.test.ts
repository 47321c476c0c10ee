import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { barLine, ProgressBar } from '../../../src/cli/reporters/progress-bar.ts';

const facts = ['12.3 MiB/s', 'ETA 1m30s', '8 peers', '410/975 pieces', '0 B wasted'];

test('shows share, bar and every fact in 80 columns', () => {
  const line = barLine({ doneBytes: 421, totalBytes: 1000, facts }, 80);
  assert.equal(line, ' 42.1%  [==-----]  12.3 MiB/s  ETA 1m30s  8 peers  410/975 pieces  0 B wasted');
  assert.ok(line.length <= 77);
});

test('leaves facts out from the end as the terminal gets narrower, then the bar', () => {
  assert.equal(barLine({ doneBytes: 1, totalBytes: 2, facts }, 42), ' 50.0%  [===---]  12.3 MiB/s  ETA 1m30s');
  assert.equal(barLine({ doneBytes: 1, totalBytes: 2, facts }, 22), ' 50.0%  [====-----]');
  assert.equal(barLine({ doneBytes: 1, totalBytes: 2, facts }, 10), ' 50.0%');
  assert.equal(barLine({ doneBytes: 1, totalBytes: 2, facts }, 1), '');
});

test('fills the bar only when all is done', () => {
  assert.match(barLine({ doneBytes: 999, totalBytes: 1000, facts: [] }, 80), /=-\]$/);
  assert.match(barLine({ doneBytes: 1000, totalBytes: 1000, facts: [] }, 80), /\[=+\]$/);
  assert.match(barLine({ doneBytes: 0, totalBytes: 0, facts: [] }, 80), /^100\.0% {2}\[=+\]$/);
});

test('leaves the last three columns free, whatever the numbers', () => {
  const view = fc.record({
    doneBytes: fc.nat(),
    totalBytes: fc.nat(),
    facts: fc.array(fc.stringMatching(/^[a-z0-9 ]{0,30}$/), { maxLength: 6 }),
  });
  fc.assert(
    fc.property(view, fc.integer({ min: 0, max: 300 }), (anyView, width) => {
      assert.ok(barLine(anyView, width).length <= Math.max(0, width - 3));
    }),
  );
});

/** A terminal that remembers what was written to it. */
function fakeTerminal(columns: number): { readonly stream: NodeJS.WriteStream; write(text: string): void; written(): string } {
  const sink = new PassThrough();
  const stream = Object.assign(sink, { isTTY: true, columns }) as unknown as NodeJS.WriteStream;
  let text = '';
  sink.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return { stream, write: (line) => void sink.write(line), written: () => text + (sink.read() ?? '') };
}

const escape = '\u001b';

test('draws in place, changes no setting of the terminal, and leaves an empty line when it stops', () => {
  const terminal = fakeTerminal(80);
  const bar = new ProgressBar(terminal);
  bar.show({ doneBytes: 1, totalBytes: 4, facts: ['1 peer'] });
  assert.match(terminal.written(), / 25\.0% {2}\[=+-+\] {2}1 peer/);
  bar.show({ doneBytes: 4, totalBytes: 4, facts: ['finishing'] });
  bar.stop();
  bar.stop();
  const written = terminal.written();
  assert.ok(written.includes('100.0%'));
  assert.ok(!written.includes(`${escape}[?`), 'no mode of the terminal was switched');
  assert.ok(written.endsWith(`${escape}[1G${escape}[2K`), 'the line was cleared last');
});

test('prints a line above the bar and draws the bar again below it', () => {
  const terminal = fakeTerminal(80);
  const bar = new ProgressBar(terminal);
  bar.show({ doneBytes: 1, totalBytes: 4, facts: [] });
  bar.line('something happened');
  const [before = '', after = ''] = terminal.written().split('something happened\n');
  assert.ok(before.endsWith(`${escape}[1G${escape}[2K`), 'the bar was cleared before the line');
  assert.match(after, / 25\.0%/);
  bar.stop();
});

test('clears every row that a line has become when the terminal got narrower', () => {
  const terminal = fakeTerminal(80);
  const bar = new ProgressBar(terminal);
  const drawn = barLine({ doneBytes: 1, totalBytes: 4, facts }, 80).length;
  bar.show({ doneBytes: 1, totalBytes: 4, facts });
  terminal.stream.columns = 30;
  bar.stop();
  assert.equal(Math.ceil(drawn / 30), 3);
  assert.ok(terminal.written().includes(`${escape}[2A${escape}[1G${escape}[J`), 'two rows up, and all below cleared');
  assert.ok(!terminal.written().includes(`${escape}7`), 'no place of the cursor is remembered');
});

test('prints lines without a bar before anything is shown', () => {
  const terminal = fakeTerminal(80);
  const bar = new ProgressBar(terminal);
  bar.line('hello');
  bar.stop();
  assert.equal(terminal.written(), 'hello\n');
});
