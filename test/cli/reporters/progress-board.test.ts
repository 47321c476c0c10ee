import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { boardLines, ProgressBoard } from '../../../src/cli/reporters/progress-board.ts';

const view = { doneBytes: 1, totalBytes: 2, facts: ['1.0 MiB/s', 'ETA 3s', '2 peers'] };

test('draws a line each, names in a column, and the status below', () => {
  const rows = [
    { name: 'a.torrent', view },
    { name: 'bb', view },
  ];
  assert.deepEqual(boardLines(rows, '3/5 done', 60, 10), [
    'a.torrent  50.0%  [====-----]  1.0 MiB/s  ETA 3s  2 peers',
    'bb         50.0%  [====-----]  1.0 MiB/s  ETA 3s  2 peers',
    '3/5 done',
  ]);
});

test('never has more lines than the terminal has rows, nor longer ones than it has columns', () => {
  fc.assert(
    fc.property(
      fc.nat(60),
      fc.string(),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 50 }),
      (count, name, width, height) => {
        const rows = Array.from({ length: count }, () => ({ name: name.slice(0, 20), view }));
        const lines = boardLines(rows, '1/60 done', width, height);
        assert.ok(lines.length <= Math.max(1, height - 1), `${lines.length} lines`);
        for (const line of lines) assert.ok(Array.from(line).length <= width, line);
      },
    ),
  );
  const lines = boardLines(
    Array.from({ length: 30 }, () => ({ name: 'a', view })),
    '0/50 done',
    80,
    10,
  );
  assert.equal(lines.length, 9);
  assert.equal(lines.at(-1), '0/50 done, 22 not shown');
});

/** A terminal of so many columns and rows that understands what the board writes. */
class Screen {
  readonly stream = { columns: 40, rows: 6 };
  lines: string[] = [''];
  #row = 0;
  nowMs = 0;

  write(text: string): void {
    // The first piece is text; the others begin with a control sequence.
    for (const [index, piece] of text.split('\x1b[').entries()) {
      const [, count, end, rest = ''] = index === 0 ? ['', '', '', piece] : (/^(\d*)([AGJ])([^]*)$/.exec(piece) ?? []);
      this.#control(Number(count), end);
      for (const [at, line] of rest.split('\n').entries()) this.#put(line, at > 0);
    }
  }

  #put(text: string, isNew: boolean): void {
    if (isNew) this.#row++;
    this.lines[this.#row] = (this.lines[this.#row] ?? '') + text;
  }

  #control(count: number, end: string | undefined): void {
    if (end === 'A') this.#row -= count;
    if (end === 'J') this.lines = [...this.lines.slice(0, this.#row), ''];
  }
}

test('what is said stays above what is drawn, and nothing drawn stays in the end', () => {
  const screen = new Screen();
  const board = new ProgressBoard({ stderr: screen, nowMs: () => (screen.nowMs += 300) });
  const rows = ['one', 'two', '\x1b[2Jthree', '\u8a9e'.repeat(40)].map((name) => board.row(name));
  for (const row of rows) row.show(view);
  board.print('ttorrent: said\n');
  board.setStatus('0/4 done');
  rows[0]?.line('more');
  assert.deepEqual(screen.lines.slice(0, 2), ['ttorrent: said', 'more']);
  assert.equal(screen.lines.length, 2 + 5);
  assert.ok(!screen.lines.join('').includes('\x1b'));
  assert.match(screen.lines.at(-1) ?? '', /^0\/4 done$/);
  rows[1]?.stop();
  assert.equal(screen.lines.length, 2 + 4);
  board.stop();
  assert.deepEqual(screen.lines, ['ttorrent: said', 'more', '']);
});
