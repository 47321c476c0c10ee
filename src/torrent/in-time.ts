// What is read before a download begins, under the same deadline.

import { IncompleteError } from '../errors.ts';
import { systemClock } from '../support/clock.ts';
import { withDeadline } from '../support/deadline.ts';
import { deadlineMessage } from './end-cause.ts';

/** How long something may take. */
export interface InTimeOptions {
  readonly signal?: AbortSignal;
  /** Give up after so long, in milliseconds. Default: never. */
  readonly deadlineMs?: number;
}

/** What `work` gives. Throws IncompleteError `deadline-reached` when it is late; `doing` says with what: `reading the torrent`. */
export async function inTime<T>(options: InTimeOptions, doing: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { deadlineMs, signal = new AbortController().signal } = options;
  if (deadlineMs === undefined) return work(signal);
  const late = (): Error => new IncompleteError('deadline-reached', `${deadlineMessage({ deadlineMs })} while ${doing}`);
  return withDeadline(signal, systemClock, deadlineMs, late, work);
}
