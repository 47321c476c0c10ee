// Keeps what is read from all peers together within a rate: when it is spent, nobody is read until it has filled again.

import type { Clock, Timer } from '../support/clock.ts';
import { RateLimit } from './rate-limit.ts';

/** Who is paused and resumed. */
export interface Pausable {
  pause(reason: string): void;
  resume(reason: string): void;
}

/** The download rate of one torrent, or of several together. */
export class DownloadLimit {
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  /** In the order in which they are resumed next. */
  readonly #swarms = new Set<Pausable>();
  #timer: Timer | undefined;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#limit = new RateLimit(bytesPerSecond, clock.nowMs());
    this.#clock = clock;
  }

  /** From now on `swarm` is paused with the others. */
  add(swarm: Pausable): void {
    this.#swarms.add(swarm);
    if (this.#timer !== undefined) swarm.pause('rate');
  }

  /** `swarm` is over. */
  remove(swarm: Pausable): void {
    this.#swarms.delete(swarm);
    if (this.#swarms.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Every byte read counts, protocol and all: that is what the link sees. */
  bytesRead(length: number): void {
    const restMs = this.#limit.spend(length, this.#clock.nowMs());
    if (restMs === 0) return;
    for (const swarm of this.#swarms) swarm.pause('rate');
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(restMs, () => this.#resume());
  }

  /** The first to be resumed is the first to be read, and may use up the limit alone: each is the first in turn. */
  #resume(): void {
    this.#timer = undefined;
    const [first, ...others] = this.#swarms;
    if (first === undefined) return;
    this.#swarms.delete(first);
    this.#swarms.add(first);
    for (const swarm of [first, ...others]) swarm.resume('rate');
  }
}
