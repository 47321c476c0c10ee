// Files that the command line writes beside the download: event lines, a report. An edge to the file system; written in step with what
// happens, so that a line is with the system when the call returns and nothing waits when the process ends at once.

import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';

import { InputError, StorageError } from '../index.ts';
import { OutputError } from './env.ts';

/** A file open for writing. */
export interface OutputFile {
  /** Returns when the system has taken all of `text`; throws OutputError when it will not. */
  write(text: string): void;
  close(): void;
}

/**
 * Opens `target` and empties it; a number is a descriptor that is open already and stays so. Throws StorageError `create-failed`, or
 * InputError for a descriptor that is not open.
 */
export function openOutput(target: string | number): OutputFile {
  const name = typeof target === 'number' ? `descriptor ${target}` : target;
  const fd = typeof target === 'number' ? openDescriptor(target) : openFile(target);
  return {
    write: (text) => writeAll(fd, Buffer.from(text), name),
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

function openDescriptor(fd: number): number {
  try {
    fstatSync(fd);
    return fd;
  } catch (cause) {
    throw new InputError('bad-argument', `--events ${fd}: descriptor ${fd} is not open (a file of this name is ./${fd})`, { cause });
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
