// A bound on how often something may happen: so many a second, and so many at once after a time of rest. Pure; time comes in.

/** Fills with time, empties with use. */
export class Budget {
  readonly #perMs: number;
  readonly #most: number;
  #left: number;
  #lastMs: number | undefined;

  constructor(perSecond: number, most: number) {
    this.#perMs = perSecond / 1000;
    this.#most = most;
    this.#left = most;
  }

  /** Uses up `count`; false, and nothing is used, when there is not so much left. */
  take(count: number, nowMs: number): boolean {
    this.#left = Math.min(this.#most, this.#left + (nowMs - (this.#lastMs ?? nowMs)) * this.#perMs);
    this.#lastMs = nowMs;
    if (this.#left < count) return false;
    this.#left -= count;
    return true;
  }

  /** What was taken is not to count after all. */
  giveBack(count: number): void {
    this.#left = Math.min(this.#most, this.#left + count);
  }
}
