// Rate limits that several torrents share: each gets its turns, and nobody is left paused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DownloadLimit } from '../../src/torrent/download-limit.ts';
import { UploadLimit } from '../../src/torrent/upload-limit.ts';
import { HandClock } from '../support/hand-clock.ts';

/** A torrent that reads all the time unless it is paused. */
class Reader {
  readBytes = 0;
  isPaused = false;

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

test('what several torrents read together stays within the limit, in fair shares', () => {
  const clock = new HandClock();
  const limit = new DownloadLimit(1_000_000, clock);
  const readers = [new Reader(), new Reader(), new Reader()];
  for (const reader of readers) limit.add(reader);
  for (let ms = 0; ms < 10_000; ms++) {
    for (const reader of readers) {
      if (reader.isPaused) continue;
      reader.readBytes += 16_384;
      limit.bytesRead(16_384);
    }
    clock.advance(1);
  }
  const total = readers.reduce((sum, { readBytes }) => sum + readBytes, 0);
  assert.ok(Math.abs(total / 10_000_000 - 1) < 0.03, `${total} bytes`);
  for (const { readBytes } of readers) assert.ok(readBytes > total / 5, `${readBytes} of ${total}`);
});

test('a torrent that comes while the limit rests is paused too; one that goes holds up nobody', () => {
  const clock = new HandClock();
  const limit = new DownloadLimit(1_000_000, clock);
  const [first, second, third] = [new Reader(), new Reader(), new Reader()];
  limit.add(first);
  limit.bytesRead(1_000_000);
  limit.add(second);
  assert.deepEqual([first.isPaused, second.isPaused], [true, true]);
  limit.remove(first);
  clock.advance(1000);
  assert.equal(second.isPaused, false);
  limit.bytesRead(1_000_000);
  limit.remove(second);
  assert.equal(clock.pendingTimers, 0);
  limit.add(third);
  assert.equal(third.isPaused, false);
});

test('turns to send go round all peers of all torrents, within the limit', () => {
  const clock = new HandClock();
  const limit = new UploadLimit(1_000_000, clock);
  const sent = new Map<object, number>();
  const peers = Array.from({ length: 5 }, () => ({}));
  const send = (peer: object): void => {
    sent.set(peer, (sent.get(peer) ?? 0) + 16_384);
    limit.spend(16_384);
    clock.setTimer(1, () => limit.wait(peer, () => send(peer)));
  };
  for (const peer of peers) limit.wait(peer, () => send(peer));
  clock.advance(10_000);
  const total = [...sent.values()].reduce((sum, bytes) => sum + bytes, 0);
  assert.ok(Math.abs(total / 10_000_000 - 1) < 0.03, `${total} bytes`);
  for (const bytes of sent.values()) assert.ok(bytes > total / 6, `${bytes} of ${total}`);
});

test('who waits no longer gets no turn, and no timer is left', () => {
  const clock = new HandClock();
  const limit = new UploadLimit(1000, clock);
  limit.spend(1000);
  const peer = {};
  limit.wait(peer, () => assert.fail('it went'));
  limit.forget(peer);
  assert.equal(clock.pendingTimers, 0);
  clock.advance(10_000);
});
