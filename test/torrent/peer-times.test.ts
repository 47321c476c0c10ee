import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerTimes } from '../../src/torrent/peer-times.ts';

const verdict = (times: PeerTimes, nowMs: number, owesBlocks = true, roundTripMs = 100): string =>
  times.verdict(nowMs, true, owesBlocks, roundTripMs);

describe('times of a peer', () => {
  it('waits ten seconds for a handshake', () => {
    const times = new PeerTimes(0);
    assert.equal(times.verdict(10_000, false, false, Infinity), 'fine');
    assert.equal(times.verdict(10_001, false, false, Infinity), 'no-handshake');
  });

  it('takes two minutes without a byte for the end of the connection', () => {
    const times = new PeerTimes(0);
    times.read(1000, false);
    assert.equal(verdict(times, 121_000, false), 'fine');
    assert.equal(verdict(times, 121_001, false), 'silent');
  });

  it('gives blocks back after 5 to 20 s without payload, by the round trip; 10 s while it is not known', () => {
    for (const [roundTripMs, patienceMs] of [
      [10, 5000],
      [2000, 8000],
      [9000, 20_000],
      [Infinity, 10_000],
    ] as const) {
      const times = new PeerTimes(0);
      times.requested(0, true);
      assert.equal(verdict(times, patienceMs, true, roundTripMs), 'fine');
      assert.equal(verdict(times, patienceMs + 1, true, roundTripMs), 'stalls');
    }
  });

  it('counts every byte of a block as progress, but drops a peer that delivers no block in a minute', () => {
    const times = new PeerTimes(0);
    times.requested(0, true);
    for (let nowMs = 0; nowMs <= 60_000; nowMs += 1000) {
      times.read(nowMs, true);
      assert.equal(verdict(times, nowMs), 'fine');
    }
    assert.equal(verdict(times, 60_001), 'owes-too-long');
  });

  it('stops the clock while we do not read', () => {
    const times = new PeerTimes(0);
    times.requested(0, true);
    times.paused(2000);
    assert.equal(verdict(times, 500_000), 'fine');
    times.resumed(502_000);
    assert.equal(verdict(times, 505_000), 'fine');
    assert.equal(verdict(times, 505_001), 'stalls');
  });

  it('rests after a batch of rejects, longer after each in a row, and no longer once a block comes', () => {
    const times = new PeerTimes(0);
    for (let reject = 0; reject < 50; reject++) times.rejected(0);
    assert.equal(times.isResting(99), true);
    assert.equal(times.isResting(100), false);
    times.rejected(100);
    assert.equal(times.isResting(299), true);
    times.delivered(150, false);
    assert.equal(times.isResting(150), false);
  });

  it('knows how long a peer has been of no use', () => {
    const times = new PeerTimes(0);
    times.read(50_000, false);
    assert.equal(times.uselessMs(60_000), 60_000);
    times.delivered(61_000, false);
    assert.equal(times.uselessMs(62_000), 1000);
  });
});
