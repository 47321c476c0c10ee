import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paintFor } from '../../src/cli/paint.ts';

const willing = { noColor: false, forceColor: false, dumbTerminal: false };

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

test('FORCE_COLOR colours without a terminal and on a dumb one, but not against NO_COLOR or --no-color', () => {
  const forced = { ...willing, forceColor: true };
  assert.equal(paintFor({ isTerminal: false }, forced, { color: true }).bold('x'), '\u001b[1mx\u001b[22m');
  assert.equal(paintFor({ isTerminal: true }, { ...forced, dumbTerminal: true }, { color: true }).bold('x'), '\u001b[1mx\u001b[22m');
  assert.equal(paintFor({ isTerminal: false }, { ...forced, noColor: true }, { color: true }).bold('x'), 'x');
  assert.equal(paintFor({ isTerminal: false }, forced, { color: false }).bold('x'), 'x');
});
