// The only place that reads time and sets timers. Core code takes `nowMs` as an argument; shells take a Clock, so that a test can turn
// the hands itself. Time is monotonic: a change of the wall clock moves nothing.

/** A pending timer. */
export interface Timer {
  cancel(): void;
}

/** A source of time. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start; fractions allowed. */
  nowMs(): number;
  /** Runs `action` once after `delayMs` (clamped to what Node can wait: 2^31 - 1 ms, beyond which it would fire at once). */
  setTimer(delayMs: number, action: () => void): Timer;
}

/** The longest delay that Node's timers can hold; a larger one fires after 1 ms. */
const longestDelayMs = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  setTimer(delayMs, action) {
    const handle = setTimeout(action, Math.min(Math.max(delayMs, 0), longestDelayMs));
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Milliseconds since 1970, by a clock that people change: for dates that others tell, never for waiting. */
export function timeOfDayMs(): number {
  return Date.now();
}

/** Resolves after `delayMs` of `clock`; rejects with the signal's reason when `signal` aborts first. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
