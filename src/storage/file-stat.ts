// What tells one file from another and a changed file from an unchanged one. Times are nanoseconds in a bigint: a float would round them.

import { type BigIntStats, lstatSync } from 'node:fs';

/** Which file it is, and in which state: what is remembered of each file of a download. */
export interface FileVersion {
  /** Bytes. */
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Changes with every write, rename and change of mode, and cannot be put back as mtime can. */
  readonly ctimeNs: bigint;
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The part of a stat that the storage reads. */
export interface FileStat extends FileVersion {
  /** Hard links: more than one means that a write would show under another name too. */
  readonly links: number;
  /** Bytes of the disk that the file takes, holes left out. */
  readonly allocatedBytes: number;
  readonly isRegular: boolean;
  readonly isDirectory: boolean;
  readonly isSymbolicLink: boolean;
  /** "a symbolic link", "a directory": for messages. */
  readonly kind: string;
}

/** What is to be remembered of a stat. */
export function toFileVersion(stats: BigIntStats): FileVersion {
  return { size: Number(stats.size), mtimeNs: stats.mtimeNs, ctimeNs: stats.ctimeNs, dev: stats.dev, ino: stats.ino };
}

/** The stat as the storage reads it. */
export function toFileStat(stats: BigIntStats): FileStat {
  return {
    size: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    dev: stats.dev,
    ino: stats.ino,
    links: Number(stats.nlink),
    // Blocks are 512 bytes whatever the file system's block size (POSIX st_blocks); Windows has none and says 0.
    allocatedBytes: Number(stats.blocks ?? 0n) * 512,
    isRegular: stats.isFile(),
    isDirectory: stats.isDirectory(),
    isSymbolicLink: stats.isSymbolicLink(),
    kind: kindOf(stats),
  };
}

/** What is at `path` itself, symbolic links not followed; undefined when there is nothing. Throws the system's error. */
export function statPath(path: string): FileStat | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : toFileStat(stats);
}

/** Whether both are the same file, whatever was written to it between. */
export function isSameFile(a: FileVersion, b: FileVersion): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

/** Whether both are the same file and nothing was written to it between, as far as its size and times tell. */
export function isUnchanged(a: FileVersion, b: FileVersion): boolean {
  return isSameContent(a, b) && a.ctimeNs === b.ctimeNs;
}

/** The same for stats between which the file got another name: that changes its ctime. */
export function isSameContent(a: FileVersion, b: FileVersion): boolean {
  return isSameFile(a, b) && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

function kindOf(stats: BigIntStats): string {
  if (stats.isFile()) return 'a file';
  if (stats.isDirectory()) return 'a directory';
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
