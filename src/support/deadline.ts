// Work that must end in time: a signal that aborts with its parent or when time is up, whichever is first.

import type { Clock } from './clock.ts';

/**
 * Runs `work` under a signal that aborts when `parent` does, with its reason, or after `ms` with the error that `late` makes.
 * Rejects with that reason even where the work itself fails with less telling words.
 */
export async function withDeadline<T>(
  parent: AbortSignal,
  clock: Clock,
  ms: number,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  parent.throwIfAborted();
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(parent.reason);
  parent.addEventListener('abort', onAbort, { once: true });
  const timer = clock.setTimer(ms, () => controller.abort(late()));
  try {
    return await work(controller.signal);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    timer.cancel();
    parent.removeEventListener('abort', onAbort);
  }
}

/** `promise`, or the signal's reason as soon as it aborts: for work that cannot be cancelled and whose result is then dropped. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
