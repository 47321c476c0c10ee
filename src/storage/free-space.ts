// Refuses a download that the disk has no room for, before anything is allocated: a small torrent can claim 256 TiB.

import { statfs } from 'node:fs/promises';
import { StorageError } from '../errors.ts';
import { formatBytes } from '../support/format-bytes.ts';
import { storageError } from './storage-error.ts';

/** Throws StorageError `disk-full` when `neededBytes` are more than what the file system of `directory` lets us take. */
export async function refuseWhenFull(directory: string, neededBytes: number): Promise<void> {
  if (neededBytes === 0) return;
  const freeBytes = await freeSpace(directory);
  if (neededBytes <= freeBytes) return;
  throw new StorageError('disk-full', `${directory}: needs ${formatBytes(neededBytes)}, ${formatBytes(freeBytes)} free`);
}

/** Bytes that the file system of `directory` lets us take. Throws StorageError. */
export async function freeSpace(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch (error) {
    throw storageError(`asking for the free space of ${directory}`, error, 'read-write-failed');
  }
}
