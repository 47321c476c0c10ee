import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paintFor } from '../../src/cli/paint.ts';

const willing = { noColor: false, dumbTerminal: false };

test('colours on a terminal that takes colours', () => {
  assert.equal(paintFor({ isTerminal: true }, willing, { color: true }).red('x'), '\u001b[31mx\u001b[39m');
});

test('leaves text as it is without a terminal, on a dumb one, with NO_COLOR and with --no-color', () => {
  const plain = [
    paintFor({ isTerminal: false }, willing, { color: true }),
    paintFor({ isTerminal: true }, { ...willing, dumbTerminal: true }, { color: true }),
    paintFor({ isTerminal: true }, { ...willing, noColor: true }, { color: true }),
    paintFor({ isTerminal: true }, willing, { color: false }),
  ];
  for (const paint of plain) assert.deepEqual([paint.red('x'), paint.green('x'), paint.yellow('x'), paint.bold('x')], ['x', 'x', 'x', 'x']);
});
