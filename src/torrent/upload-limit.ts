// Keeps what is sent to peers, of one torrent or of several together, within a rate: who has something to send waits for a turn.

import type { Clock, Timer } from '../support/clock.ts';
import { RateLimit } from './rate-limit.ts';

/** The upload rate of whoever shares it. */
export class UploadLimit {
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  /** What each does in its turn, in the order of their coming. */
  readonly #turns = new Map<object, () => void>();
  #timer: Timer | undefined;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#limit = new RateLimit(bytesPerSecond, clock.nowMs());
    this.#clock = clock;
  }

  /** Calls `turn` once when it is the turn of `peer`, maybe at once. */
  wait(peer: object, turn: () => void): void {
    this.#turns.set(peer, turn);
    this.#takeTurns();
  }

  /** `peer` waits no longer. */
  forget(peer: object): void {
    this.#turns.delete(peer);
    if (this.#turns.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** So many bytes are being sent. */
  spend(bytes: number): void {
    this.#limit.spend(bytes, this.#clock.nowMs());
  }

  /** One turn each, until the limit wants a rest. */
  #takeTurns(): void {
    if (this.#timer !== undefined) return;
    for (const [peer, turn] of this.#turns) {
      const restMs = this.#limit.restMs(this.#clock.nowMs());
      if (restMs > 0) {
        this.#timer = this.#clock.setTimer(restMs, () => {
          this.#timer = undefined;
          this.#takeTurns();
        });
        return;
      }
      this.#turns.delete(peer);
      turn();
    }
  }
}
