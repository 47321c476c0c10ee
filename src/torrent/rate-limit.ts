// A token bucket over received bytes: reading stops while the bucket is in debt. Pure; time comes in.

/** What may gather while nothing is read: longer bursts would show up at the user's router. */
const burstMs = 250;

/** A bound on a rate, in bytes per second. */
export class RateLimit {
  readonly #bytesPerMs: number;
  #tokens: number;
  #lastMs: number;

  constructor(bytesPerSecond: number, nowMs: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#tokens = 0;
    this.#lastMs = nowMs;
  }

  /** `bytes` were read. Returns for how many milliseconds reading must stop, 0 when it may go on. */
  spend(bytes: number, nowMs: number): number {
    this.#tokens = Math.min(this.#tokens + (nowMs - this.#lastMs) * this.#bytesPerMs, burstMs * this.#bytesPerMs) - bytes;
    this.#lastMs = nowMs;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#bytesPerMs;
  }
}
