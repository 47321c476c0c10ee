// Files that the command line writes beside the download: event lines, a report. An edge to the file system; written in step with what
// happens, so that a line is with the system when the call returns and nothing waits when the process ends at once. Pipes alone may wait.

import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';

import { InputError, StorageError } from '../index.ts';
import { OutputError } from './env.ts';
import { pipeOutput } from './pipe-output.ts';
import type { Output } from './reader-limit.ts';

/** A file open for writing. */
export interface OutputFile extends Output {
  /** Resolves when the system has taken all of `text`; rejects with OutputError when it will not. The first write empties a file. */
  write(text: string | Uint8Array): Promise<void>;
  /** Before the first write: throws InputError, and never touches the file, when it is one of `paths`. */
  refuseAmong(paths: Iterable<string>): void;
  /** The one of `paths` that is this file. */
  sameAs(paths: Iterable<string>): string | undefined;
  close(): void;
}

/**
 * Opens `target`; a number is a descriptor that is open already. Throws StorageError `create-failed`, or InputError for a descriptor that is
 * not open.
 */
export function openOutput(target: string | number): OutputFile {
  const name = typeof target === 'number' ? `descriptor ${target}` : target;
  const isNew = typeof target === 'string' && !existsSync(target);
  const fd = typeof target === 'number' ? openDescriptor(target) : openFile(target);
  const stats = fstatSync(fd);
  // Of the standard streams Node has made such streams itself.
  if (fd > 2 && (stats.isFIFO() || stats.isSocket())) return { ...pipeOutput(fd, name), refuseAmong: () => {}, sameAs: () => undefined };
  if (typeof target === 'number' || !stats.isFile()) {
    const close = typeof target === 'number' ? () => {} : () => closeSync(fd);
    return { write: async (text) => writeAll(fd, Buffer.from(text), name), refuseAmong: () => {}, sameAs: () => undefined, close };
  }
  return regularFile(target, fd, stats, isNew);
}

/** Emptied only when it is known to be no other's. */
function regularFile(path: string, fd: number, stats: Stats, isNew: boolean): OutputFile {
  let state: 'as it was' | 'ours' | 'refused' = 'as it was';
  const sameAs = (paths: Iterable<string>): string | undefined => {
    for (const other of paths) if (isSameFile(other, stats)) return other;
    return undefined;
  };
  return {
    write: async (text) => {
      if (state === 'refused') return;
      if (state === 'as it was') empty(fd, path);
      state = 'ours';
      writeAll(fd, Buffer.from(text), path);
    },
    refuseAmong: (paths) => {
      const other = sameAs(paths);
      if (other === undefined) return;
      state = 'refused';
      if (isNew) unlinkSync(realpathSync(path));
      throw new InputError('bad-argument', `${path} is not written to: it is the same file as ${other}`);
    },
    sameAs,
    close: () => closeSync(fd),
  };
}

/** Throws InputError when a file is at `path` that does not begin with `prefix`: it is somebody's. */
export function refuseUnlessIs(path: string, prefix: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return;
  const fd = openSync(path, 'r');
  try {
    const found = Buffer.alloc(prefix.length);
    const length = readSync(fd, found);
    if (length > 0 && found.toString('latin1', 0, length) !== prefix) {
      throw new InputError('bad-argument', `${path} is not written to: it is there already, and holds no events`);
    }
  } finally {
    closeSync(fd);
  }
}

/** Not waiting: a named pipe that nobody reads would hold up the process, and its end, for ever. */
const flags = constants.O_WRONLY | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);

function openFile(path: string): number {
  try {
    return openSync(path, flags, 0o666);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENXIO' ? 'nobody reads this pipe' : message;
    throw new StorageError('create-failed', `cannot write ${path}: ${why}`, { cause });
  }
}

function isSameFile(path: string, { dev, ino }: Stats): boolean {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.ino === ino && stats.dev === dev;
  } catch {
    return false; // not to be reached by its name
  }
}

function empty(fd: number, name: string): void {
  try {
    ftruncateSync(fd);
  } catch (error) {
    throw new OutputError(error as NodeJS.ErrnoException, name);
  }
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
