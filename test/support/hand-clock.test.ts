import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delay } from '../../src/support/clock.ts';
import { HandClock } from './hand-clock.ts';

test('timers fire in the order of their times, equal times in the order they were set', () => {
  const clock = new HandClock();
  const fired: string[] = [];
  clock.setTimer(20, () => fired.push(`c at ${clock.nowMs()}`));
  clock.setTimer(10, () => fired.push(`a at ${clock.nowMs()}`));
  clock.setTimer(10, () => fired.push(`b at ${clock.nowMs()}`));
  clock.advance(9);
  assert.deepEqual(fired, []);
  clock.advance(11);
  assert.deepEqual(fired, ['a at 10', 'b at 10', 'c at 20']);
  assert.equal(clock.pendingTimers, 0);
});

test('a timer set by a timer fires on the way when its time has come', () => {
  const clock = new HandClock();
  const fired: number[] = [];
  const again = (): void => {
    fired.push(clock.nowMs());
    clock.setTimer(10, again);
  };
  clock.setTimer(10, again);
  clock.advance(35);
  assert.deepEqual(fired, [10, 20, 30]);
  assert.equal(clock.nowMs(), 35);
  assert.equal(clock.nextTimerMs, 40);
});

test('a cancelled timer never fires', () => {
  const clock = new HandClock();
  let fired = false;
  clock.setTimer(10, () => (fired = true)).cancel();
  clock.advance(100);
  assert.equal(fired, false);
});

test('run lets awaiting code set its next timer before time moves on', async () => {
  const clock = new HandClock();
  const seen: number[] = [];
  const loop = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      await delay(clock, 10);
      seen.push(clock.nowMs());
    }
  };
  const done = loop();
  await clock.run(30);
  assert.deepEqual(seen, [10, 20, 30]);
  await done;
});
