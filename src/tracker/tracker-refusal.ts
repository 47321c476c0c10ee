// A tracker's no, with when it may be asked again.

import { TrackerError } from '../errors.ts';

/** A tracker answered that it will not serve us. The message is its words, made printable, or the HTTP status. */
export class TrackerRefusal extends TrackerError {
  /** How long it wants to be left alone (BEP 31 `retry in`, HTTP `Retry-After`); Infinity: for ever; undefined: it did not say. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}
