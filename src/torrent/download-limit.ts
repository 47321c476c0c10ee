// Keeps what is read from all peers together within a rate: when it is spent, nobody is read until it has filled again.

import type { Clock, Timer } from '../support/clock.ts';
import { RateLimit } from './rate-limit.ts';

/** Who is paused and resumed. */
export interface Pausable {
  pause(reason: string): void;
  resume(reason: string): void;
}

/** The download rate of one torrent. */
export class DownloadLimit {
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  readonly #swarm: Pausable;
  #timer: Timer | undefined;

  constructor(bytesPerSecond: number, clock: Clock, swarm: Pausable) {
    this.#limit = new RateLimit(bytesPerSecond, clock.nowMs());
    this.#clock = clock;
    this.#swarm = swarm;
  }

  /** Every byte read counts, protocol and all: that is what the link sees. */
  bytesRead(length: number): void {
    const restMs = this.#limit.spend(length, this.#clock.nowMs());
    if (restMs === 0) return;
    this.#swarm.pause('rate');
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(restMs, () => this.#swarm.resume('rate'));
  }

  close(): void {
    this.#timer?.cancel();
  }
}
