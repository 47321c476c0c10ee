// When a transfer that is not complete ends all the same: nothing comes any more, or too little. Pure; time comes in. (The deadline holds
// for the whole download: download.ts.)

import type { ErrorCode } from '../errors.ts';

/** When to give up. */
export interface WatchdogLimits {
  /** 0 = never. */
  readonly stallTimeoutMs: number;
  readonly minRate: { readonly bytesPerSecond: number; readonly windowMs: number } | undefined;
}

/** Why it ends. For a stall the caller looks for the deeper cause. */
export type EndCause = Extract<ErrorCode, 'below-min-rate' | 'stalled'>;

/** How often `check` is called at least, in a window of the minimum rate. */
const pointsPerWindow = 20;

/** Watches one transfer. */
export class Watchdog {
  readonly #limits: WatchdogLimits;
  #lastStored = 0;
  #lastStoredMs: number;
  /** Received bytes at points of the last window, oldest first. */
  readonly #received: { readonly atMs: number; readonly bytes: number }[];

  constructor(limits: WatchdogLimits, nowMs: number) {
    this.#limits = limits;
    this.#lastStoredMs = nowMs;
    this.#received = [{ atMs: nowMs, bytes: 0 }];
  }

  /**
   * Why the transfer must end now, if it must. Both are running counts of payload: what went into pieces (a piece of 16 MiB takes five
   * minutes at 50 KB/s, and that is no stall), and all that was received.
   */
  check(nowMs: number, storedBytes: number, receivedBytes: number): EndCause | undefined {
    const { stallTimeoutMs, minRate } = this.#limits;
    if (storedBytes !== this.#lastStored) {
      this.#lastStored = storedBytes;
      this.#lastStoredMs = nowMs;
    }
    if (stallTimeoutMs > 0 && nowMs - this.#lastStoredMs >= stallTimeoutMs) return 'stalled';
    if (minRate !== undefined && this.#isTooSlow(minRate, nowMs, receivedBytes)) return 'below-min-rate';
    return undefined;
  }

  /** For so long nobody was there to receive: the process was stopped, the machine asleep. */
  slept(ms: number, nowMs: number, receivedBytes: number): void {
    this.#lastStoredMs += ms;
    this.#received.splice(0, this.#received.length, { atMs: nowMs, bytes: receivedBytes });
  }

  #isTooSlow(minRate: { bytesPerSecond: number; windowMs: number }, nowMs: number, receivedBytes: number): boolean {
    const points = this.#received;
    const newest = points.at(-1);
    if (newest === undefined || nowMs - newest.atMs >= minRate.windowMs / pointsPerWindow)
      points.push({ atMs: nowMs, bytes: receivedBytes });
    while (points.length > 1 && (points[1] as { atMs: number }).atMs <= nowMs - minRate.windowMs) points.shift();
    const oldest = points[0] as { atMs: number; bytes: number };
    if (nowMs - oldest.atMs < minRate.windowMs) return false;
    return ((receivedBytes - oldest.bytes) * 1000) / (nowMs - oldest.atMs) < minRate.bytesPerSecond;
  }
}
