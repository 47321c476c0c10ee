// How many connections to one server are worth having: one more is tried as long as it brings more, and given up again when it did not.
// Pure; time comes in.

/** A trial lasts so long: a new connection needs some round trips to be quick. */
const trialMs = 1_500;
/** What one more must bring to stay. */
const gain = 1.1;
/** After a trial that brought nothing the next waits so long: links change. */
const restMs = 30_000;

/** The number of connections, from 1 up. */
export class LaneCount {
  #most: number;
  #count = 1;
  #rateBefore = 0;
  #isTrial = false;
  #sinceMs: number | undefined;
  #bytesThen = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get count(): number {
    return this.#count;
  }

  /** It refused since we asked too often. */
  wasTooMany(): void {
    this.#most = this.#count = Math.max(1, this.#count - 1);
  }

  /** What it sends cannot be asked for in parts. */
  onlyOne(): void {
    this.#most = this.#count = 1;
  }

  /** So many bytes have come over all connections. `isBusy`: all of them have something to do, and nothing of ours holds them up. */
  note(bytes: number, isBusy: boolean, nowMs: number): void {
    if (this.#sinceMs === undefined || !isBusy) return this.#begin(bytes, nowMs);
    const tookMs = nowMs - this.#sinceMs;
    if (tookMs < trialMs) return;
    const rate = (bytes - this.#bytesThen) / tookMs;
    if (this.#isTrial && rate < this.#rateBefore * gain) {
      this.#count--;
      this.#isTrial = false;
      return this.#begin(bytes, nowMs + restMs);
    }
    this.#rateBefore = rate;
    this.#isTrial = this.#count < this.#most;
    if (this.#isTrial) this.#count++;
    this.#begin(bytes, nowMs);
  }

  #begin(bytes: number, nowMs: number): void {
    if (this.#sinceMs !== undefined && this.#sinceMs > nowMs) return; // it rests
    this.#sinceMs = nowMs;
    this.#bytesThen = bytes;
  }
}
