import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orAborted, withDeadline } from '../../src/support/deadline.ts';
import { deferred } from './deferred.ts';
import { HandClock } from './hand-clock.ts';

const never = new AbortController().signal;
const late = (): Error => new Error('too late');

/** Work that ends only when its signal aborts, with words of its own. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

test('work that ends in time gives its value, and no timer stays', async () => {
  const clock = new HandClock();
  assert.equal(await withDeadline(never, clock, 1000, late, async () => 7), 7);
  assert.equal(clock.pendingTimers, 0);
});

test('work that fails in time fails with its own words', async () => {
  const work = (): Promise<never> => Promise.reject(new Error('own words'));
  await assert.rejects(withDeadline(never, new HandClock(), 1000, late, work), { message: 'own words' });
});

test('work that takes too long is aborted and fails with the error of the deadline', async () => {
  const clock = new HandClock();
  const result = withDeadline(never, clock, 1000, late, untilAborted);
  clock.advance(1000);
  await assert.rejects(result, { message: 'too late' });
});

test("when the parent aborts, the work is aborted and fails with the parent's reason", async () => {
  const clock = new HandClock();
  const parent = new AbortController();
  const result = withDeadline(parent.signal, clock, 1000, late, untilAborted);
  parent.abort(new Error('we stop'));
  await assert.rejects(result, { message: 'we stop' });
  assert.equal(clock.pendingTimers, 0);
});

test('work is not begun under a signal that has aborted', async () => {
  let begun = false;
  const work = async (): Promise<void> => {
    begun = true;
  };
  await assert.rejects(withDeadline(AbortSignal.abort(new Error('we stop')), new HandClock(), 1000, late, work), { message: 'we stop' });
  assert.equal(begun, false);
});

test('a promise that cannot be cancelled is no longer waited for after an abort', async () => {
  const parent = new AbortController();
  const slow = deferred<number>();
  const result = orAborted(slow.promise, parent.signal);
  parent.abort(new Error('we stop'));
  await assert.rejects(result, { message: 'we stop' });
  slow.reject(new Error('nobody hears this'));
  assert.equal(await orAborted(Promise.resolve(7), never), 7);
  await assert.rejects(orAborted(Promise.resolve(7), AbortSignal.abort(new Error('we stop'))), { message: 'we stop' });
});
