// The rate that people see: the mean over the last few seconds. Pure; time comes in.

const spanMs = 5_000;

/** Feed it a growing count; it tells how fast the count grows. */
export class RateMeter {
  readonly #points: { readonly atMs: number; readonly count: number }[] = [];

  /** The count stands at `count` now. Call it about twice a second. */
  note(count: number, nowMs: number): void {
    this.#points.push({ atMs: nowMs, count });
    while (this.#points.length > 2 && (this.#points[1]?.atMs ?? nowMs) <= nowMs - spanMs) this.#points.shift();
  }

  /** Counts per second; 0 before two notes. */
  get perSecond(): number {
    const first = this.#points[0];
    const last = this.#points.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    return ((last.count - first.count) * 1000) / (last.atMs - first.atMs);
  }
}
