// The last step of a file: from its `.part` name to its final name, once every byte is verified and on disk. Nothing is replaced that was
// not judged before, and nothing gets the final name that somebody else touched.

import { fstatSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../errors.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import { somebodyElses } from './existing-file.ts';
import { compareWithVerified } from './file-content.ts';
import { type FileVersion, isSameContent, isUnchanged, statPath, toFileStat } from './file-stat.ts';
import { inDirectoryOf } from './held-directory.ts';
import { isOutOfDescriptors, storageError } from './storage-error.ts';
import type { WorkFile } from './work-file.ts';

/**
 * Gives `work`, open as `fd`, its final name. `synced` is what it looked like when it was flushed to disk; afterwards `work.stat` is what
 * it looks like under the new name. Throws StorageError: `in-the-way` when a file appeared under the final name, or the one there turns out to be somebody else's; `read-write-failed` when the `.part` was changed. The
 * system's own error when no descriptor is left: then nothing was done.
 */
export async function publishFile(work: WorkFile, fd: number, synced: FileVersion, geometry: Geometry): Promise<void> {
  try {
    const part = statPath(work.partPath);
    if (part === undefined || !isUnchanged(part, synced)) throw changedByOthers(work.partPath);
    await clearFinalName(work, fd, geometry);
    await inDirectoryOf(work.partPath, (heldPath) => rename(heldPath, path.join(path.dirname(heldPath), path.basename(work.finalPath))));
    const renamed = toFileStat(fstatSync(fd, { bigint: true }));
    if (!isSameContent(renamed, synced)) throw changedByOthers(work.partPath);
    work.stat = renamed;
  } catch (error) {
    if (isOutOfDescriptors(error)) throw error;
    throw storageError(`renaming ${work.partPath} to its final name`, error, 'create-failed');
  }
  work.place = 'final';
}

/** The error of a file that was written to, cut, removed or replaced by another program while we were downloading it. */
export function changedByOthers(partPath: string): StorageError {
  return new StorageError('read-write-failed', `${partPath} was changed by another program while it was downloaded`);
}

async function clearFinalName(work: WorkFile, fd: number, geometry: Geometry): Promise<void> {
  const final = statPath(work.finalPath);
  if (final === undefined) return;
  const { replaces } = work;
  if (replaces === undefined) throw new StorageError('in-the-way', `${work.finalPath} appeared while the download went on`);
  if (!isUnchanged(final, replaces.stat)) throw new StorageError('in-the-way', `${work.finalPath} changed while the download went on`);
  if (!replaces.isUndecided) return;
  const judgement = await compareWithVerified(fd, work.finalPath, work.file, geometry);
  if (judgement.decision === 'refuse') throw somebodyElses(work.finalPath, judgement);
}
