// Files that the command line writes beside the download: event lines, a report. An edge to the file system; written in step with what
// happens, so that a line is with the system when the call returns and nothing waits when the process ends at once. Pipes alone may wait.

import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync, readdirSync, type Stats, statSync, writeSync } from 'node:fs';

import { InputError, StorageError } from '../index.ts';
import { OutputError } from './env.ts';
import { pipeOutput } from './pipe-output.ts';
import type { Output } from './reader-limit.ts';

/** A file open for writing. */
export interface OutputFile extends Output {
  /** Resolves when the system has taken all of `text`; rejects with OutputError when it will not. */
  write(text: string | Uint8Array): Promise<void>;
  close(): void;
}

/**
 * Opens `target` and empties it; a number is a descriptor that is open already. Throws StorageError `create-failed`, or
 * InputError for a descriptor that is not open and for a file that is one of `taken`.
 */
export function openOutput(target: string | number, taken: readonly string[]): OutputFile {
  const name = typeof target === 'number' ? `descriptor ${target}` : target;
  const fd = typeof target === 'number' ? openDescriptor(target) : openFile(target, taken);
  const stats = fstatSync(fd);
  // Of the standard streams Node has made such streams itself.
  if (fd > 2 && (stats.isFIFO() || stats.isSocket())) return pipeOutput(fd, name);
  return {
    write: async (text) => writeAll(fd, Buffer.from(text), name),
    close: () => {
      if (typeof target === 'string') closeSync(fd);
    },
  };
}

/** Not waiting: a named pipe that nobody reads would hold up the process, and its end, for ever. Emptied when it is known to be no other's. */
const flags = constants.O_WRONLY | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);

function openFile(path: string, taken: readonly string[]): number {
  let fd: number | undefined;
  try {
    fd = openSync(path, flags, 0o666);
    const stat = fstatSync(fd);
    if (!stat.isFile()) return fd;
    const same = taken.find((other) => isSameFile(statSync(other, { throwIfNoEntry: false }), stat));
    if (same !== undefined) throw new InputError('bad-argument', `${path} is not written to: it is the same file as ${same}`);
    ftruncateSync(fd);
    return fd;
  } catch (cause) {
    if (fd !== undefined) closeSync(fd);
    if (cause instanceof InputError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENXIO' ? 'nobody reads this pipe' : message;
    throw new StorageError('create-failed', `cannot write ${path}: ${why}`, { cause });
  }
}

function isSameFile(one: Stats | undefined, other: Stats): boolean {
  return one?.ino === other.ino && one.dev === other.dev;
}

/** A pipe is opened anew where the system can do that (Linux), so that for others who write to it nothing changes. */
function openDescriptor(fd: number): number {
  const stats = statsOf(fd);
  if (stats === undefined || !isGiven(fd, stats) || !takesBytes(fd)) {
    throw new InputError('bad-argument', `--events ${fd}: descriptor ${fd} is not open for writing (a file of this name is ./${fd})`);
  }
  if (!stats.isFIFO()) return fd;
  try {
    return openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return fd; // another user's, or nobody reads it any more, which the first write tells
  }
}

function takesBytes(fd: number): boolean {
  try {
    writeSync(fd, new Uint8Array(0));
    return true;
  } catch {
    return false;
  }
}

/** Whether somebody can have handed us `fd`: Node has descriptors of its own, and what is written to the pipes among them crashes it. */
function isGiven(fd: number, stats: Stats): boolean {
  const isSomething = stats.isFile() || stats.isFIFO() || stats.isSocket() || stats.isCharacterDevice() || stats.isBlockDevice();
  return isSomething && !(fd > 2 && stats.isFIFO() && isReadHere(stats));
}

/** Whether this process has the reading end of the pipe. */
function isReadHere({ dev, ino }: Stats): boolean {
  return descriptors().some((fd) => {
    const stats = statsOf(fd);
    return stats?.dev === dev && stats.ino === ino && (lstatSync(`/dev/fd/${fd}`).mode & 0o600) === 0o400;
  });
}

/** What is open; empty where the system does not tell. */
function descriptors(): number[] {
  try {
    return readdirSync('/dev/fd').map(Number);
  } catch {
    return [];
  }
}

function statsOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined;
  }
}

/** How often, and how long each time, a pipe that is full is waited for. */
const fullPipe = { tries: 500, waitMs: 20 };

function writeAll(fd: number, bytes: Uint8Array, name: string): void {
  let written = 0;
  let tries = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written);
      tries = 0;
    } catch (error) {
      const cause = error as NodeJS.ErrnoException;
      if (cause.code !== 'EAGAIN' || ++tries > fullPipe.tries) throw new OutputError(cause, name);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fullPipe.waitMs);
    }
  }
}
