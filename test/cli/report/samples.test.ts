import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Samples } from '../../../src/cli/report/samples.ts';

test('keeps every point as long as there are few', () => {
  const samples = new Samples<{ t: number }>();
  for (let t = 0; t < 1000; t++) samples.add({ t });
  assert.deepEqual(
    samples.points.map(({ t }) => t),
    Array.from({ length: 1000 }, (_, t) => t),
  );
});

test('keeps at most 2 000 points of a week, in order, evenly, the first and the last among them', () => {
  const samples = new Samples<{ t: number }>();
  const weekMs = 7 * 86_400_000;
  for (let t = 0; t <= weekMs; t += 500) samples.add({ t });
  const times = samples.points.map(({ t }) => t);
  assert.ok(times.length <= 2000 && times.length >= 500, String(times.length));
  assert.deepEqual([times[0], times.at(-1)], [0, weekMs]);
  const steps = times.slice(1).map((t, index) => t - (times[index] ?? 0));
  assert.ok(steps.every((step) => step > 0));
  const longest = Math.max(...steps);
  assert.ok(longest <= (4 * weekMs) / times.length, `the longest gap is ${longest} ms among ${times.length} points`);
});
