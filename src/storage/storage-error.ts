// Turns what the operating system says into a StorageError: which cause it is, and one line on what was being done.

import { type ErrorCode, StorageError } from '../errors.ts';

/** Causes that a failure can be put down to when the system's own code does not settle it. */
export type StorageFallback = Extract<ErrorCode, 'open-failed' | 'create-failed' | 'read-write-failed' | 'mkdir-failed'>;

/**
 * The StorageError for `error`, met while `doing` ("writing /out/a.part"). A full disk, a quota and a file size limit are `disk-full`; a
 * symbolic link where O_NOFOLLOW met one is `in-the-way`; the rest is `fallback`. A StorageError is given back as it is.
 */
export function storageError(doing: string, error: unknown, fallback: StorageFallback): StorageError {
  if (error instanceof StorageError) return error;
  return new StorageError(codeOf(systemCode(error), fallback), `${doing}: ${reasonOf(error)}`, { cause: error });
}

/** The system's name of the failure, `ENOENT` for example; undefined when `error` is none of the system's. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return isOverQuota(error) ? 'EDQUOT' : error.code;
}

/** libuv has no name for EDQUOT and calls it "Unknown system error -122"; the number is 122 on Linux, 69 on macOS and the BSDs. */
function isOverQuota(error: Error): boolean {
  return 'errno' in error && (error.errno === -122 || error.errno === -69) && error.message.startsWith('Unknown system error');
}

/** Whether the process or the system has no descriptor left. */
export function isOutOfDescriptors(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'EMFILE' || code === 'ENFILE';
}

function codeOf(system: string | undefined, fallback: StorageFallback): ErrorCode {
  switch (system) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return 'disk-full';
    case 'ELOOP':
      return 'in-the-way';
    default:
      return fallback;
  }
}

/** Node's messages read "ENOSPC: no space left on device, write": the words between are for people, the rest repeats what we say. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (systemCode(error) === 'EDQUOT') return 'disk quota exceeded (EDQUOT)';
  const match = /^([A-Z0-9_]+): ([^,]+)/.exec(message);
  return match === null ? message : `${match[2]} (${match[1]})`;
}
