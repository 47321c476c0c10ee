// Positioned reads and writes that finish what they begin, by callback: the hot path makes no promise per system call.

import { close, fsync, open, read, write } from 'node:fs';
import { promisify } from 'node:util';

/** Called once, with the system's error or nothing. */
export type Done = (error: Error | undefined) => void;

/** Writes `length` bytes of `bytes` from `offset` on to `position` in the file, in as many writes as the system needs. */
export function writeFully(fd: number, bytes: Uint8Array, offset: number, length: number, position: number, done: Done): void {
  write(fd, bytes, offset, length, position, (error, written) => {
    if (error !== null) done(error);
    else if (written === length) done(undefined);
    else if (written === 0) done(new Error('the system wrote nothing'));
    else writeFully(fd, bytes, offset + written, length - written, position + written, done);
  });
}

/** Reads `length` bytes at `position` into `bytes` from `offset` on. A file that ends before is an error. */
export function readFully(fd: number, bytes: Uint8Array, offset: number, length: number, position: number, done: Done): void {
  read(fd, bytes, offset, length, position, (error, got) => {
    if (error !== null) done(error);
    else if (got === length) done(undefined);
    else if (got === 0) done(new Error('the file ends too early'));
    else readFully(fd, bytes, offset + got, length - got, position + got, done);
  });
}

const openFd = promisify(open);
const syncFd = promisify(fsync);
const closeFd = promisify(close);

/** Makes the names in `directory` last: a rename is only then safe from a power cut. Windows cannot and need not. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const fd = await openFd(directory, 'r');
  try {
    await syncFd(fd);
  } finally {
    await closeFd(fd);
  }
}
