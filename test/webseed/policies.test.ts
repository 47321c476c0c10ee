// How many connections a web seed gets, and whether it or the peers are asked: on a hand-turned clock.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LaneCount } from '../../src/webseed/lane-count.ts';
import { SourcePolicy } from '../../src/webseed/source-policy.ts';

/** The count after `seconds` with a server that gives `rateOf(count)` bytes per second. */
function settled(lanes: LaneCount, rateOf: (count: number) => number, seconds: number): number {
  let bytes = 0;
  for (let nowMs = 0; nowMs <= seconds * 1000; nowMs += 100) {
    lanes.note(bytes, true, nowMs);
    bytes += rateOf(lanes.count) / 10;
  }
  return lanes.count;
}

test('connections are added as long as they bring more, up to the limit', () => {
  assert.equal(
    settled(new LaneCount(4), (count) => count * 1e6, 20),
    4,
  );
  assert.equal(
    settled(new LaneCount(4), (count) => Math.min(count, 2) * 1e6, 20),
    2,
  );
  assert.equal(
    settled(new LaneCount(4), () => 1e6, 20),
    1,
  );
});

test('a server that refuses gets fewer, one without ranges one', () => {
  const lanes = new LaneCount(4);
  settled(lanes, (count) => count * 1e6, 20);
  lanes.wasTooMany();
  assert.equal(
    settled(lanes, (count) => count * 1e6, 20),
    3,
  );
  lanes.onlyOne();
  assert.equal(
    settled(lanes, (count) => count * 1e6, 20),
    1,
  );
});

test('nothing is concluded from a time when a lane had nothing to do', () => {
  const lanes = new LaneCount(4);
  for (let nowMs = 0; nowMs < 20_000; nowMs += 100) lanes.note(nowMs, false, nowMs);
  assert.equal(lanes.count, 1);
});

test('without a wish both kinds are asked at once', () => {
  const policy = new SourcePolicy({ prefer: 'any', afterMs: undefined }, 0);
  assert.deepEqual([policy.mayAskWeb(true, 0), policy.mayAskPeers(true, 0)], [true, true]);
});

test('web seeds wait while peers are quick, and no longer than told when they are slow or there is none', () => {
  const policy = new SourcePolicy({ prefer: 'any', afterMs: 5_000 }, 0);
  let bytes = 0;
  for (let nowMs = 1_000; nowMs <= 20_000; nowMs += 1_000) policy.note((bytes += 100_000), 0, nowMs);
  assert.equal(policy.mayAskWeb(true, 20_000), false);
  assert.equal(policy.mayAskWeb(false, 20_000), true);
  for (let nowMs = 21_000; nowMs <= 25_000; nowMs += 1_000) policy.note((bytes += 1_000), 0, nowMs);
  assert.equal(policy.mayAskWeb(true, 24_999), false);
  assert.equal(policy.mayAskWeb(true, 25_000), true);
  policy.slept(60_000);
  assert.equal(policy.mayAskWeb(true, 70_000), false);
});

test('preferred peers have ten seconds; preferred web seeds, too', () => {
  const peers = new SourcePolicy({ prefer: 'peers', afterMs: undefined }, 0);
  assert.deepEqual([peers.mayAskWeb(true, 9_999), peers.mayAskWeb(true, 10_000), peers.mayAskPeers(true, 0)], [false, true, true]);
  const web = new SourcePolicy({ prefer: 'web', afterMs: undefined }, 0);
  assert.deepEqual([web.mayAskPeers(true, 9_999), web.mayAskPeers(true, 10_000), web.mayAskPeers(false, 0)], [false, true, true]);
  web.note(0, 5, 20_000);
  assert.equal(web.mayAskPeers(true, 25_000), false);
});
