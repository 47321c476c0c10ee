// Data on stdout: `ttorrent get -o -`. Finds out what stdout is, refuses where bytes would do harm or be lost, and connects it to a download.

import { fstatSync, readSync, statSync, write } from 'node:fs';

import { type ByteSink, type Download, type DownloadOptions, downloadInto, InputError, type Metainfo } from '../index.ts';
import { type Environment, OutputError } from './env.ts';
import type { StreamRequest } from './stream-options.ts';

const stdoutFd = 1;

/** Starts a download whose data goes to stdout. Throws InputError on a terminal, OutputError when stdout is closed. */
export function startStream(metainfo: Metainfo, request: StreamRequest, options: DownloadOptions, env: Environment): Download {
  if (env.stdout.isTerminal) {
    throw new InputError('bad-argument', 'stdout is a terminal: send the data to a file or a pipe (`| cat` shows it all the same)');
  }
  return downloadInto(metainfo, openStdout(env), { ...options, ...request });
}

/**
 * A pipe or socket is Node's own stream, which waits for the reader without holding a thread that the process could not end without.
 * For files Node's stream would block everything else during each write.
 */
function openStdout(env: Environment): ByteSink {
  const stats = fstatSync(stdoutFd);
  if (stats.isFIFO() || stats.isSocket()) return env.stdout;
  if (stats.isCharacterDevice() && isClosed(stats.rdev)) {
    throw new OutputError(new Error('it is closed (or /dev/null, opened for reading too, which looks the same)'));
  }
  return { write: writeToFile };
}

/** Node opens /dev/null for reading and writing in place of a closed stdout; a shell's `>/dev/null` is for writing only. */
function isClosed(device: number): boolean {
  try {
    if (device !== statSync('/dev/null').rdev) return false;
    readSync(stdoutFd, new Uint8Array(1), 0, 1, null);
    return true;
  } catch {
    return false;
  }
}

async function writeToFile(bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += await writeSome(bytes.subarray(done));
}

function writeSome(bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(stdoutFd, bytes, 0, bytes.length, null, (error, written) => (error === null ? resolve(written) : reject(new OutputError(error))));
  });
}
