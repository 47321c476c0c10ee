// The conditions of seeding as the library takes them: a process that is to be waited for becomes a signal.

import type { DownloadOptions } from '../index.ts';
import { watchProcess } from './process-watch.ts';
import type { SeedRequest } from './seed-options.ts';

/** Conditions that are watched until `close`. */
export interface WatchedGoal {
  readonly goal: NonNullable<DownloadOptions['seed']>;
  close(): void;
}

/** Watches the conditions of `request`. Throws InputError when the process is not there. */
export function watchGoal({ goal, untilExitOf }: SeedRequest): WatchedGoal {
  if (untilExitOf === undefined) return { goal, close: () => {} };
  const watch = watchProcess(untilExitOf);
  return { goal: { ...goal, until: watch.ended }, close: () => watch.stop() };
}
