// Writes to one file take turns. The kernel lets only one thread write to a file at a time anyway, and the others spin for its lock:
// four at once cost 3.5 s of system time per GiB on two cores where one costs 1 s.

import type { WorkFile } from './work-file.ts';

/** Gives each file one turn at a time. */
export class WriteTurns {
  /** The turns that wait, by file; a file without an entry is free. */
  readonly #waiting = new Map<WorkFile, (() => void)[]>();

  /** Runs `turn` now, or when the turns before it have ended. Each turn must be ended with `end`. */
  take(work: WorkFile, turn: () => void): void {
    const waiting = this.#waiting.get(work);
    if (waiting !== undefined) {
      waiting.push(turn);
      return;
    }
    this.#waiting.set(work, []);
    turn();
  }

  /** Whether nobody has the turn on `work`. */
  isFree(work: WorkFile): boolean {
    return !this.#waiting.has(work);
  }

  /** Whether a turn on `work` waits for the one under way. */
  isAwaited(work: WorkFile): boolean {
    return (this.#waiting.get(work)?.length ?? 0) > 0;
  }

  /** Ends the turn on `work` that is under way, and begins the next. */
  end(work: WorkFile): void {
    const next = this.#waiting.get(work)?.shift();
    if (next === undefined) this.#waiting.delete(work);
    else next();
  }
}
