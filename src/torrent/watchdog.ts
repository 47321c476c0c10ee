// When a download that is not complete ends all the same: deadline, stall, too slow. Pure; time comes in.

import type { ErrorCode } from '../errors.ts';

export interface WatchdogLimits {
  /** 0 = never. */
  readonly stallTimeoutMs: number;
  readonly deadlineMs: number | undefined;
  readonly minRate: { readonly bytesPerSecond: number; readonly windowMs: number } | undefined;
}

/** Why it ends. For a stall the caller looks for the deeper cause. */
export type EndCause = Extract<ErrorCode, 'deadline-reached' | 'below-min-rate' | 'stalled'>;

/** How often `check` is called at least, in a window of the minimum rate. */
const pointsPerWindow = 20;

export class Watchdog {
  readonly #limits: WatchdogLimits;
  readonly #startMs: number;
  #lastVerified = 0;
  #lastVerifiedMs: number;
  /** Received bytes at points of the last window, oldest first. */
  readonly #received: { readonly atMs: number; readonly bytes: number }[];

  constructor(limits: WatchdogLimits, nowMs: number) {
    this.#limits = limits;
    this.#startMs = nowMs;
    this.#lastVerifiedMs = nowMs;
    this.#received = [{ atMs: nowMs, bytes: 0 }];
  }

  /** The checking of existing data is over: waiting for peers begins. The deadline counts from the start. */
  downloadStarted(nowMs: number): void {
    this.#lastVerifiedMs = nowMs;
    this.#received.splice(0, this.#received.length, { atMs: nowMs, bytes: 0 });
  }

  /** `verifiedPieces` and `receivedBytes` are running counts. Returns why the download must end now, if it must. */
  check(nowMs: number, verifiedPieces: number, receivedBytes: number): EndCause | undefined {
    const { deadlineMs, stallTimeoutMs, minRate } = this.#limits;
    if (verifiedPieces !== this.#lastVerified) {
      this.#lastVerified = verifiedPieces;
      this.#lastVerifiedMs = nowMs;
    }
    if (deadlineMs !== undefined && nowMs - this.#startMs >= deadlineMs) return 'deadline-reached';
    if (stallTimeoutMs > 0 && nowMs - this.#lastVerifiedMs >= stallTimeoutMs) return 'stalled';
    if (minRate !== undefined && this.#isTooSlow(minRate, nowMs, receivedBytes)) return 'below-min-rate';
    return undefined;
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
