// Reads a list that the user names from disk, bounded: a file, or a pipe such as a shell's `<(gpg --decrypt ...)`.

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { delay, systemClock } from '../support/clock.ts';
import { formatBytes } from '../support/format-bytes.ts';
import { storageError, systemCode } from './storage-error.ts';

/** What is listed, and how long the list may be. */
export interface ListKind {
  readonly what: 'blocked addresses' | 'checksums' | 'torrents';
  readonly bodyBytes: number;
}

/**
 * The bytes of the file or pipe at `path`. Throws InputError `torrent-not-found` when there is none, `bad-argument` when it is too long or
 * a directory; StorageError when it cannot be read; the signal's reason when aborted.
 */
export async function readListFile(path: string, kind: ListKind, signal: AbortSignal): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK a FIFO that nobody writes to would be waited for where no signal reaches.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await handle.stat()).isDirectory()) {
      throw new InputError('bad-argument', `${path}: expected a list of ${kind.what}, found a directory`);
    }
    return await readBounded(handle, path, kind, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof InputError) throw error;
    if (systemCode(error) === 'ENOENT') throw new InputError('torrent-not-found', `${path}: there is no such file`, { cause: error });
    throw storageError(`reading the ${kind.what} in ${path}`, error, handle === undefined ? 'open-failed' : 'read-write-failed');
  } finally {
    await handle?.close();
  }
}

/** How long to wait for who writes a pipe. */
const pipeWaitMs = 10;

async function readBounded(handle: FileHandle, path: string, { what, bodyBytes }: ListKind, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let length = 0; ; ) {
    const chunk = await readChunk(handle, signal);
    if (chunk.length === 0) return Buffer.concat(chunks);
    chunks.push(chunk);
    length += chunk.length;
    if (length > bodyBytes) {
      throw new InputError('bad-argument', `${path}: longer than a list of ${what} may be, ${formatBytes(bodyBytes)}`);
    }
  }
}

/** What is there; empty at the end. */
async function readChunk(handle: FileHandle, signal: AbortSignal): Promise<Uint8Array> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.allocUnsafe(64 * 1024) });
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error;
      await delay(systemClock, pipeWaitMs, signal);
    }
  }
}
