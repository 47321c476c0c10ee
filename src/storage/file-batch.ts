// Creates and renames many small files in one go. For a file of 1 KiB the system takes some 25 us, and Node's asynchronous calls ten times
// as much; so this is synchronous, for a thread of its own (batch-worker.ts). It is a short cut and decides nothing: what does not go
// smoothly is left to the ordinary way (piece-io.ts, publish-file.ts), which knows what to do and what to say.

import { closeSync, constants, fstatSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { partSuffix } from '../metainfo/name-clashes.ts';
import { isSameContent, isUnchanged, statPath, toFileVersion } from './file-stat.ts';
import { noVersions, setVersion, versionAt } from './file-versions.ts';
import { inDirectorySync } from './held-directory.ts';

/** Files of one directory, by their final names. */
export interface FilesOfDirectory {
  /** Absolute, resolved. */
  readonly directory: string;
  readonly names: readonly string[];
}

/** What is to be done, as plain values for another thread. A file has one number in all arrays. */
export type FileBatch =
  | {
      /** Create each file under its `.part` name, write it, and with `fsync` flush it to disk. */
      readonly kind: 'create';
      readonly directories: readonly FilesOfDirectory[];
      readonly bytes: Uint8Array;
      /** Where the bytes of each file begin in `bytes`, and how many they are. */
      readonly offsets: readonly number[];
      readonly lengths: readonly number[];
      readonly fsync: boolean;
    }
  | {
      /** With `fsync` flush each `.part` to disk; look at it. */
      readonly kind: 'flush';
      readonly directories: readonly FilesOfDirectory[];
      readonly fsync: boolean;
    }
  | {
      /** Give each `.part` its final name. */
      readonly kind: 'publish';
      readonly directories: readonly FilesOfDirectory[];
      /** What each must look like (file-versions.ts). */
      readonly versions: BigInt64Array;
    };

/** What became of a batch. */
export interface BatchResult {
  /** What each file looks like now; of one that was not touched nothing is known (file-versions.ts). */
  readonly versions: BigInt64Array;
  /** The numbers of those with which not everything was done. */
  readonly left: number[];
}

/** Does what `batch` asks for until something goes wrong. Never throws. */
export function runBatch(batch: FileBatch): BatchResult {
  const count = countFiles(batch);
  const result: BatchResult = { versions: noVersions(count), left: [] };
  let number = 0;
  try {
    for (const { directory, names } of batch.directories) {
      inDirectorySync(directory, (held) => {
        for (const name of names) {
          const part = `${held}/${name}${partSuffix}`;
          if (batch.kind === 'create') createPart(part, batch, number, result);
          else if (batch.kind === 'flush') flush(part, batch.fsync, number, result);
          else publish(`${held}/${name}`, `${directory}/${name}`, batch, number, result);
          number++;
        }
      });
    }
  } catch {
    // The ordinary way will meet the same, and tell.
  }
  for (; number < count; number++) result.left.push(number);
  return result;
}

/** The result of a batch that nobody ran. */
export function nothingDone(batch: FileBatch): BatchResult {
  const count = countFiles(batch);
  return { versions: noVersions(count), left: Array.from({ length: count }, (_, number) => number) };
}

function countFiles(batch: FileBatch): number {
  return batch.directories.reduce((sum, { names }) => sum + names.length, 0);
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

function createPart(held: string, batch: FileBatch & { kind: 'create' }, number: number, result: BatchResult): void {
  const fd = openSync(held, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK);
  try {
    const length = batch.lengths[number] as number;
    const written = writeSync(fd, batch.bytes, batch.offsets[number], length, 0);
    if (written !== length) throw new Error('the system wrote less than was asked of it');
    if (batch.fsync) fsyncSync(fd);
  } finally {
    setVersion(result.versions, number, toFileVersion(fstatSync(fd, { bigint: true })));
    closeSync(fd);
  }
}

function flush(held: string, fsync: boolean, number: number, result: BatchResult): void {
  const fd = openSync(held, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (fsync) fsyncSync(fd);
    setVersion(result.versions, number, toFileVersion(fstatSync(fd, { bigint: true })));
  } finally {
    closeSync(fd);
  }
}

/** Only the rename goes through the directory that is held: each such path costs as much as half a call. */
function publish(held: string, final: string, batch: FileBatch & { kind: 'publish' }, number: number, result: BatchResult): void {
  const expected = versionAt(batch.versions, number);
  const part = statPath(final + partSuffix);
  const isAsItWas = part !== undefined && expected !== undefined && isUnchanged(part, expected);
  if (!isAsItWas || statPath(final) !== undefined) {
    result.left.push(number);
    return;
  }
  renameSync(held + partSuffix, held);
  const renamed = statPath(final);
  if (renamed === undefined || !isSameContent(renamed, expected)) result.left.push(number);
  else setVersion(result.versions, number, renamed);
}
