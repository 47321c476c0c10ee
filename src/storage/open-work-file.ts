// Opens a wanted file wherever its bytes are, and proves that it is the file it was before: not through a symbolic link, not another one
// put in its place, and still inside the output directory.

import { close, constants, fstat, ftruncate, open } from 'node:fs';
import { promisify } from 'node:util';
import { StorageError } from '../errors.ts';
import { compareSeen } from './change-watch.ts';
import { type FileStat, type FileVersion, isSameFile, toFileStat } from './file-stat.ts';
import { inDirectoryOf } from './held-directory.ts';
import type { Allocation } from './storage.ts';
import { isOutOfDescriptors, storageError } from './storage-error.ts';
import type { WorkFile } from './work-file.ts';

const openFd = promisify(open);
const closeFd = promisify(close);
const statFd = promisify(fstat);
const resizeFd = promisify(ftruncate);

/**
 * A descriptor for `work`: to read and write for a `.part`, which is created when it has no place yet and gets the size that `allocation`
 * asks for; to read for a final file. Throws StorageError; the system's own error when no descriptor is left.
 */
export async function openWorkFile(work: WorkFile, allocation: Allocation): Promise<number> {
  await work.moving;
  const target = work.place === 'final' ? work.finalPath : work.partPath;
  const isNew = work.place === 'nowhere';
  try {
    const fd = await inDirectoryOf(target, (heldPath) => openFd(heldPath, flagsFor(work.place)));
    try {
      const stat = await statDescriptor(fd);
      if (work.stat !== undefined) proveSame(target, work.stat, stat);
      if (work.place !== 'final') await prepare(fd, work, stat, allocation);
      if (isNew) [work.place, work.stat] = ['part', stat];
      return fd;
    } catch (error) {
      await closeFd(fd);
      throw error;
    }
  } catch (error) {
    if (isOutOfDescriptors(error)) throw error;
    throw storageError(`${isNew ? 'creating' : 'opening'} ${target}`, error, isNew ? 'create-failed' : 'open-failed');
  }
}

/** The stat of an open file. Throws the system's error. */
export async function statDescriptor(fd: number): Promise<FileStat> {
  return toFileStat(await statFd(fd, { bigint: true }));
}

function flagsFor(place: WorkFile['place']): number {
  const noFollow = constants.O_NOFOLLOW | constants.O_NONBLOCK;
  switch (place) {
    case 'nowhere':
      return constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | noFollow;
    case 'part':
      return constants.O_RDWR | noFollow;
    case 'final':
      return constants.O_RDONLY | noFollow;
  }
}

function proveSame(target: string, expected: FileVersion, found: FileStat): void {
  if (!isSameFile(expected, found)) throw new StorageError('in-the-way', `${target} was replaced by another program`);
  if (found.links > 1) throw new StorageError('in-the-way', `${target} was given a second name by another program`);
}

/** Gives a `.part` its size. It is closed so far: whatever changed since it was seen last was not done by us. */
async function prepare(fd: number, work: WorkFile, stat: FileStat, allocation: Allocation): Promise<void> {
  const { length } = work.file;
  const isResized = stat.size > length || (stat.size < length && allocation !== 'none');
  if (work.seen !== undefined) compareSeen(work, stat);
  else if (work.place === 'part' && isResized) work.isSuspect = true;
  if (isResized) await resizeFd(fd, length);
  // A new file holds nothing yet that could be changed.
  if (isResized && work.place === 'part') work.seen = await statDescriptor(fd);
}
