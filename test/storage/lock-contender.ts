// A process that takes and releases locks as its parent, lock-file.test.ts, tells it.

import { StorageError } from '../../src/errors.ts';
import { type LockFile, takeLock } from '../../src/storage/lock-file.ts';

let held: LockFile | undefined;

process.on('message', (question: { readonly take: string } | { readonly release: true }) => {
  if ('take' in question) {
    say(take(question.take));
  } else {
    held?.release();
    held = undefined;
    say('released');
  }
});
say('ready');

function take(lockPath: string): string {
  try {
    held = takeLock(lockPath);
    return 'taken';
  } catch (error) {
    return error instanceof StorageError && error.code === 'locked' ? 'locked' : `failed: ${String(error)}`;
  }
}

function say(answer: string): void {
  process.send?.(answer);
}
