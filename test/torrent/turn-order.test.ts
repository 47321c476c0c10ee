import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawTurns, nextWhileSeeding, type Waiting } from '../../src/torrent/turn-order.ts';
import { seededRandom } from '../support/simulated-torrent.ts';

const nowMs = 1_000_000;

function waiting(facts: Partial<Waiting['peer']> = {}, memory: Partial<Omit<Waiting, 'peer'>> = {}): Waiting {
  return {
    peer: { isChoked: true, isSnubbed: false, connectedMs: 0, receivedBytes: 0, sentBytes: 0, ...facts },
    sinceMs: nowMs,
    hadPlace: true,
    unusedBytes: 0,
    ...memory,
  };
}

/** How often each is drawn in 3 000 draws of one. */
function draws(candidates: readonly Waiting[]): number[] {
  const random = seededRandom(1);
  const counts = candidates.map(() => 0);
  for (let draw = 0; draw < 3000; draw++) {
    const [drawn] = drawTurns(candidates, 1, 1, nowMs, random);
    const index = candidates.indexOf(drawn as Waiting);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

test('a newcomer is three times as likely as one that gave its share, who is 64 times as likely as a free rider', () => {
  const newcomer = waiting({ connectedMs: nowMs - 10_000 }, { hadPlace: false });
  const reciprocator = waiting({ sentBytes: 80_000, receivedBytes: 10_000 });
  const freeRider = waiting({ sentBytes: 80_000 });
  const [first, second, third] = draws([newcomer, reciprocator, freeRider]) as [number, number, number];
  assert.ok(Math.abs(first - 2240) < 120, `the newcomer ${first} times`);
  assert.ok(Math.abs(second - 747) < 120, `the reciprocator ${second} times`);
  assert.ok(third < 40, `the free rider ${third} times`);
});

test('who gives more than it gets is drawn more often, who snubs us or never took anything seldom', () => {
  const fair = waiting({ sentBytes: 80_000, receivedBytes: 10_000 });
  const generous = waiting({ sentBytes: 80_000, receivedBytes: 800_000 });
  const snubbing = waiting({ sentBytes: 80_000, receivedBytes: 800_000, isSnubbed: true });
  const idle = waiting();
  const [first, second, third, fourth] = draws([fair, generous, snubbing, idle]) as [number, number, number, number];
  assert.ok(second > 5 * first, `${second} and ${first}`);
  assert.ok(third + fourth < 40, `${third} and ${fourth}`);
});

test('who has waited for longer than a rotation goes first, and whose turn is over last', () => {
  const over = waiting({ isChoked: false, sentBytes: 1000, receivedBytes: 1_000_000 });
  const newcomer = waiting({ connectedMs: nowMs }, { hadPlace: false });
  const patient = waiting({}, { hadPlace: false, sinceMs: nowMs - 100_000 });
  assert.deepEqual(draws([over, newcomer, patient]), [0, 0, 3000]);
  assert.deepEqual(drawTurns([over, newcomer, patient], 2, 1, nowMs, seededRandom(1)), [patient, newcomer]);
  assert.deepEqual(drawTurns([over], 2, 1, nowMs, seededRandom(1)), [over]);
});

test('a seed takes those first to whom it gave least, counting turns that they did not use', () => {
  const least = waiting({ sentBytes: 1000 });
  const more = waiting({ sentBytes: 2000 });
  const idle = waiting({}, { unusedBytes: 3000 });
  const over = waiting({ isChoked: false, sentBytes: 500 });
  assert.deepEqual(nextWhileSeeding([over, idle, more, least], 3, seededRandom(1)), [least, more, idle]);
  assert.deepEqual(nextWhileSeeding([over, least], 0, seededRandom(1)), []);
});
