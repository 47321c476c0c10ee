// A clock whose hands the test turns: time stands still until `advance` or `run`, and timers fire in the order of their times.

import type { Clock, Timer } from '../../src/support/clock.ts';

interface PendingTimer {
  readonly atMs: number;
  readonly action: () => void;
}

/** A clock that starts at 0 and moves only by hand. */
export class HandClock implements Clock {
  #nowMs = 0;
  /** In the order they were set, which is the order in which timers of the same time fire. */
  readonly #pending = new Set<PendingTimer>();

  nowMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, action: () => void): Timer {
    const timer: PendingTimer = { atMs: this.#nowMs + Math.max(delayMs, 0), action };
    this.#pending.add(timer);
    return { cancel: () => void this.#pending.delete(timer) };
  }

  /** How many timers wait: 0 when the code under test has let go of everything. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** The time of the next timer; undefined when none waits. */
  get nextTimerMs(): number | undefined {
    return this.#earliest()?.atMs;
  }

  /** Moves `ms` on, running each timer at its own time, also those that a timer sets on the way. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let timer = this.#earliest(); timer !== undefined && timer.atMs <= untilMs; timer = this.#earliest()) this.#fire(timer);
    this.#nowMs = untilMs;
  }

  /** As `advance`, for code that awaits: what promises lead to is let happen before the first timer and after each. */
  async run(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    for (let timer = this.#earliest(); timer !== undefined && timer.atMs <= untilMs; timer = this.#earliest()) {
      this.#fire(timer);
      await settle();
    }
    this.#nowMs = untilMs;
  }

  #earliest(): PendingTimer | undefined {
    let earliest: PendingTimer | undefined;
    for (const timer of this.#pending) if (earliest === undefined || timer.atMs < earliest.atMs) earliest = timer;
    return earliest;
  }

  #fire(timer: PendingTimer): void {
    this.#pending.delete(timer);
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    timer.action();
  }
}

/** Lets every promise that is ready, and whatever follows from it, run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
