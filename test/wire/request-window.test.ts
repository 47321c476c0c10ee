import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestWindow } from '../../src/wire/request-window.ts';

const block = 16_384;

/** Plays a link of this rate and round trip for some seconds; returns the window's sizes, one for each round trip. */
function play(mbitPerSecond: number, roundTripMs: number, seconds: number, window = new RequestWindow()): number[] {
  window.setPeerLimit(10_000);
  const bytesPerMs = (mbitPerSecond * 1e6) / 8 / 1000;
  const queue: number[] = [];
  const sizes: number[] = [];
  let linkFreeMs = 0;
  let nextSampleMs = 0;
  window.started(0);
  for (let nowMs = 0; nowMs < seconds * 1000; nowMs++) {
    while (queue.length < window.size) queue.push(nowMs);
    for (let sentMs = queue[0]; sentMs !== undefined; sentMs = queue[0]) {
      const doneMs = Math.max(linkFreeMs, sentMs + roundTripMs) + block / bytesPerMs;
      if (doneMs > nowMs) break;
      linkFreeMs = doneMs;
      queue.shift();
      window.blockArrived(block, nowMs - sentMs, nowMs);
    }
    if (nowMs >= nextSampleMs) {
      sizes.push(window.size);
      nextSampleMs += roundTripMs;
    }
  }
  return sizes;
}

describe('request window', () => {
  it('fills 120 Mbit/s x 200 ms within ten round trips and stays bounded', () => {
    const bandwidthDelay = (120e6 / 8) * 0.2;
    const sizes = play(120, 200, 6);
    assert.ok((sizes[9] ?? 0) * block >= bandwidthDelay, `after ten round trips: ${sizes}`);
    assert.ok((sizes.at(-1) ?? 0) * block <= 6 * bandwidthDelay, `at the end: ${sizes}`);
  });

  it('keeps few blocks waiting at a slow peer', () => {
    const sizes = play(1, 100, 20);
    assert.ok((sizes.at(-1) ?? 0) <= 10, `at the end: ${sizes}`);
  });

  it('honours what the peer says it takes', () => {
    const window = new RequestWindow();
    play(1000, 50, 3, window);
    window.setPeerLimit(20);
    assert.equal(window.size, 20);
  });

  it('begins with more where the handshake took long, within bounds', () => {
    const first = (answeredMs: number): number => {
      const window = new RequestWindow();
      window.handshakeAnswered(answeredMs);
      return window.size;
    };
    assert.equal(first(1), 32);
    assert.equal(first(200), 62);
    assert.equal(first(10_000), 128);
  });

  it('finds two seconds of blocks bearable, once it knows the rate', () => {
    const window = new RequestWindow();
    assert.equal(window.bearable, Number.POSITIVE_INFINITY);
    play(1, 100, 20, window);
    assert.equal(window.bearable, 16);
  });
});
