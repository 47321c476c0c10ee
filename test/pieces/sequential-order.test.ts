import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SequentialOrder, windowPiecesOf } from '../../src/pieces/sequential-order.ts';

const any = (): boolean => true;

/** Twenty pieces, every second one wanted, a window of four; the test moves pieces between these sets. */
function order(): { missing: Set<number>; partials: Set<number>; passed: Set<number>; window: SequentialOrder } {
  const pieces = Array.from({ length: 10 }, (_, i) => 2 * i);
  const passed = new Set<number>();
  const window = new SequentialOrder(pieces, 4, (piece) => passed.has(piece));
  return { missing: new Set(pieces), partials: new Set(), passed, window };
}

test('gives the first missing piece that fits, and none beyond the window', () => {
  const { missing, passed, window } = order();
  assert.equal(window.first({ missing }, any), 0);
  missing.delete(0);
  assert.equal(window.first({ missing }, any), 2);
  assert.equal(
    window.first({ missing }, (piece) => piece > 4),
    6,
  );
  assert.equal(
    window.first({ missing }, (piece) => piece > 6),
    undefined,
  );
  passed.add(0);
  assert.equal(
    window.first({ missing }, (piece) => piece > 6),
    8,
  );
});

test('looks at a bounded number of pieces for one that fits, however long the window is', () => {
  const pieces = Array.from({ length: 65_536 }, (_, i) => i);
  const window = new SequentialOrder(pieces, pieces.length, () => false);
  let looks = 0;
  const isFit = (piece: number): boolean => {
    looks++;
    return piece === 60_000;
  };
  assert.equal(window.first({ missing: new Set(pieces) }, isFit), undefined);
  assert.ok(looks <= 4096, `${looks} looks`);
  assert.equal(window.first({ missing: new Set(pieces.slice(59_000)) }, isFit), 60_000);
});

test('gives a piece again that was begun and is missing again', () => {
  const { missing, window } = order();
  for (const piece of [0, 2, 4]) missing.delete(piece);
  assert.equal(window.first({ missing }, any), 6);
  missing.add(2);
  window.returned();
  assert.equal(window.first({ missing }, any), 2);
});

test('is held up when nothing may be begun and its head is under way, not when the head waits for its reader', () => {
  const facts = order();
  const { missing, partials, window } = facts;
  assert.equal(window.isHeldUp(facts), false);
  for (const piece of [0, 2, 4, 6]) missing.delete(piece);
  assert.equal(window.isHeldUp(facts), false);
  partials.add(0);
  assert.equal(window.isHeldUp(facts), true);
});

test('has a late head when a quarter of the window arrived behind it; then what is near the head is urgent', () => {
  const facts = order();
  const { missing, partials, window } = facts;
  for (const piece of [0, 2]) {
    missing.delete(piece);
    partials.add(piece);
  }
  window.first(facts, any);
  assert.equal(window.isHeadLate(facts), false);
  partials.delete(2);
  assert.equal(window.isHeadLate(facts), true);
  assert.deepEqual([window.isUrgent(0), window.isUrgent(2), window.isUrgent(4)], [true, true, false]);
});

test('has two pieces at least, however large they are', () => {
  assert.equal(windowPiecesOf(64 * 2 ** 20, 2 ** 20), 64);
  assert.equal(windowPiecesOf(2 ** 20, 2 ** 24), 2);
});
