// Work on many files, a few at a time: the threads that Node has for files are few, and the writes of the download want some of them.

import PQueue from 'p-queue';
import { storageLimits } from '../config.ts';

/** Runs `action` on each item, a few at a time; waits for all of those begun, then throws the first failure. */
export async function inParallel<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  if (items.length === 0) return;
  const queue = new PQueue({ concurrency: storageLimits.syncsInParallel });
  let failure: { readonly error: unknown } | undefined;
  for (const item of items) {
    void queue.add(async () => {
      if (failure !== undefined) return;
      await action(item).catch((error: unknown) => {
        failure ??= { error };
      });
    });
  }
  await queue.onIdle();
  if (failure !== undefined) throw failure.error;
}
