// Files that are complete and not what was expected of them: each is told when it is found, and all together end the download.

import { StorageError } from '../errors.ts';

/** Whether `error` is about one file only, so that the others may go on. */
export function isRefusal(error: unknown): error is StorageError {
  return error instanceof StorageError && error.code === 'data-mismatch';
}

/** The refusals of one download. */
export class Refusals {
  readonly #errors: StorageError[] = [];
  readonly #warn: ((message: string) => void) | undefined;

  /** `warn` is told of each at once; with one file alone (`fileCount`) the end of the download follows at once. */
  constructor(fileCount: number, warn: (message: string) => void) {
    this.#warn = fileCount > 1 ? warn : undefined;
  }

  add(error: StorageError): void {
    this.#errors.push(error);
    this.#warn?.(error.message);
  }

  /** Throws what they say as one StorageError `data-mismatch`, if anything. */
  throwIfAny(): void {
    const [first, ...others] = this.#errors;
    if (first === undefined) return;
    if (others.length === 0) throw first;
    throw new StorageError('data-mismatch', `${first.message}; so it is with ${others.length} more of the files`, { cause: first });
  }
}
