// The limit of open files, told for what it is: whatever a run happens to open when it is reached fails, a socket, a file or our own code.

import type { ErrorCode } from '../index.ts';

/** The cause that a lack of descriptors counts as, whatever could not be opened. */
export const descriptorCode = 'open-failed' satisfies ErrorCode;

/** What `error` says, when it or a cause of it is that there was no file descriptor left; else undefined. */
export function descriptorTrouble(error: unknown): string | undefined {
  let cause = error;
  // A chain longer than this, or one that bites its tail, tells nothing more.
  for (let depth = 0; depth < 8 && cause instanceof Error; depth++, cause = cause.cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isWorker = code === 'ERR_WORKER_INIT_FAILED' && message.endsWith('EMFILE');
    if (code === 'EMFILE' || isWorker) return `too few file descriptors (ulimit -n 256 allows enough): ${(error as Error).message}`;
    if (code === 'ENFILE') return `the system has no file descriptor left: ${(error as Error).message}`;
  }
  return undefined;
}
