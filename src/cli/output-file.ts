// Files that the command line writes beside the download: event lines, a report. An edge to the file system; written in step with what
// happens, so that a line is with the system when the call returns and nothing waits when the process ends at once. Pipes alone may wait.

import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, type Stats, writeSync } from 'node:fs';

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
 * InputError for a descriptor that is not open.
 */
export function openOutput(target: string | number): OutputFile {
  const name = typeof target === 'number' ? `descriptor ${target}` : target;
  const fd = typeof target === 'number' ? openDescriptor(target) : openFile(target);
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

/** Not waiting: a named pipe that nobody reads would hold up the process, and its end, for ever. */
const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NONBLOCK ?? 0);

function openFile(path: string): number {
  try {
    return openSync(path, flags, 0o666);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENXIO' ? 'nobody reads this pipe' : message;
    throw new StorageError('create-failed', `cannot write ${path}: ${why}`, { cause });
  }
}

/** A pipe is opened anew where the system can do that (Linux), so that for others who write to it nothing changes. */
function openDescriptor(fd: number): number {
  const stats = statsOf(fd);
  if (stats === undefined || !isGiven(fd, stats)) {
    throw new InputError('bad-argument', `--events ${fd}: descriptor ${fd} is not open (a file of this name is ./${fd})`);
  }
  if (!stats.isFIFO()) return fd;
  try {
    return openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return fd; // another user's, or nobody reads it any more, which the first write tells
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
