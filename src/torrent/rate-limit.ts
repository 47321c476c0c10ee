// A token bucket over bytes received or sent: nothing more is read or sent while the bucket is deep in debt. Pure; time comes in.

/** What may gather while nothing is read: with the debt, a quarter of a second, since longer bursts would show up at the user's router. */
const burstMs = 200;
/** Debts up to this wait for more: to stop and to begin again costs 2 us for each connection, of which there may be thousands. */
const debtMs = 50;

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

  /** `bytes` were transferred. Returns for how many milliseconds it must stop, 0 when it may go on. */
  spend(bytes: number, nowMs: number): number {
    this.#fill(nowMs);
    this.#tokens -= bytes;
    return this.#rest();
  }

  /** For how many milliseconds nothing more may be transferred. */
  restMs(nowMs: number): number {
    this.#fill(nowMs);
    return this.#rest();
  }

  #fill(nowMs: number): void {
    this.#tokens = Math.min(this.#tokens + (nowMs - this.#lastMs) * this.#bytesPerMs, burstMs * this.#bytesPerMs);
    this.#lastMs = nowMs;
  }

  #rest(): number {
    const restMs = -this.#tokens / this.#bytesPerMs;
    return restMs <= debtMs ? 0 : restMs;
  }
}
