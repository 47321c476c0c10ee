// Whether a peer sends more messages than an honest one has reason to. Pure; time comes in.

import { peerLimits } from '../config.ts';
import { Budget } from './budget.ts';

/** Watches the running counts of one peer. */
export class FloodWatch {
  readonly #messages: Budget;
  readonly #chokes = new Budget(peerLimits.chokesPerSecond, peerLimits.chokesAtOnce);
  #countedMessages = 0;
  #countedChokes = 0;

  constructor(pieceCount: number) {
    this.#messages = new Budget(peerLimits.messagesPerSecond, pieceCount + 10 * peerLimits.messagesPerSecond);
  }

  /** Whether too many came since the last look. */
  floods(counts: { readonly messagesReceived: number; readonly chokesReceived: number }, nowMs: number): boolean {
    const { messagesReceived, chokesReceived } = counts;
    const isWithin =
      this.#messages.take(messagesReceived - this.#countedMessages, nowMs) &&
      this.#chokes.take(chokesReceived - this.#countedChokes, nowMs);
    this.#countedMessages = messagesReceived;
    this.#countedChokes = chokesReceived;
    return !isWithin;
  }
}
