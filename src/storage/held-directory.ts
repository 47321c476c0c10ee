// Creates, opens and renames inside a directory that cannot be exchanged meanwhile. A path is resolved anew by every system call, and any
// directory on it can become a symbolic link between two of them; a directory that is held open stays the one it is. Node has no `openat`,
// but on Linux /proc/self/fd/N/NAME is the same. Elsewhere the directory is resolved just before, which leaves a gap of microseconds.

import { closeSync, constants, openSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { StorageError } from '../errors.ts';

/**
 * Runs `action` with a path to `target` that leads through its directory as it is now. The directory was resolved when the download began:
 * it must still lead to itself. Throws StorageError `in-the-way` when it does not; the system's error; what `action` throws.
 */
export async function inDirectoryOf<T>(target: string, action: (heldPath: string) => Promise<T>): Promise<T> {
  const held = holdDirectory(path.dirname(target));
  try {
    return await action(path.join(held.path, path.basename(target)));
  } finally {
    held.release();
  }
}

/** The same for an action that does not wait. */
export function inDirectoryOfSync<T>(target: string, action: (heldPath: string) => T): T {
  return inDirectorySync(path.dirname(target), (held) => action(path.join(held, path.basename(target))));
}

/** The same for an action on several files of `directory`: it gets a path to that. */
export function inDirectorySync<T>(directory: string, action: (heldPath: string) => T): T {
  const held = holdDirectory(directory);
  try {
    return action(held.path);
  } finally {
    held.release();
  }
}

interface HeldDirectory {
  readonly path: string;
  release(): void;
}

const descriptors = '/proc/self/fd';
const canHold = namesDescriptors();

/** Whether the system has Linux's /proc/self/fd, in which the link of an open directory leads to it. */
function namesDescriptors(): boolean {
  try {
    const fd = openSync('/', constants.O_RDONLY);
    try {
      return readlinkSync(`${descriptors}/${fd}`) === '/';
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

function holdDirectory(directory: string): HeldDirectory {
  if (!canHold) {
    proveSame(directory, realpathSync.native(directory));
    return { path: directory, release: () => undefined };
  }
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    proveSame(directory, readlinkSync(`${descriptors}/${fd}`));
    return { path: `${descriptors}/${fd}`, release: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function proveSame(directory: string, real: string): void {
  if (real !== directory) throw new StorageError('in-the-way', `${directory} now leads to ${real}: another program replaced it`);
}
