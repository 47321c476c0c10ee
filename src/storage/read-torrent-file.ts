// Reads a torrent file from disk, bounded: whatever the user named, nothing is read that cannot be a torrent.

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { metainfoLimits } from '../config.ts';
import { InputError, StorageError } from '../errors.ts';
import { formatBytes } from '../support/format-bytes.ts';
import { storageError, systemCode } from './storage-error.ts';

/**
 * The bytes of the torrent file at `path`. Throws InputError: `torrent-not-found` when there is none, `bad-argument` when it is no regular
 * file, `bad-torrent` when it is longer than any torrent; StorageError `open-failed` or `read-write-failed` when it cannot be read.
 */
export async function readTorrentFile(path: string): Promise<Uint8Array> {
  const handle = await openForReading(path);
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) throw new InputError('bad-argument', `${path}: expected a torrent file, found a directory`);
    if (!stat.isFile())
      throw new InputError(
        'bad-argument',
        `${path}: expected a torrent file, found something that is not a regular file (from a pipe it is read as -)`,
      );
    return await readBounded(path, handle);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw storageError(`reading the torrent ${path}`, error, 'read-write-failed');
  } finally {
    await handle.close();
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK, opening a FIFO would wait for a writer for ever.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    switch (systemCode(error)) {
      case 'ENOENT':
      case 'ENOTDIR':
        throw new InputError('torrent-not-found', `${path}: there is no such file`, { cause: error });
      case 'ENXIO': // a socket
      case 'ENODEV':
      case 'ERR_INVALID_ARG_VALUE': // a NUL in the path
      case 'ENAMETOOLONG':
        throw new InputError('bad-argument', `${path}: not the path of a torrent file`, { cause: error });
      case 'ELOOP':
        throw new StorageError('open-failed', `opening the torrent ${path}: its symbolic links go round in a circle`, { cause: error });
      default:
        throw storageError(`opening the torrent ${path}`, error, 'open-failed');
    }
  }
}

/** Reads up to the limit, whatever the file's stat says its size is: it may grow, and files of /proc say 0. */
async function readBounded(path: string, handle: FileHandle): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > metainfoLimits.fileBytes) {
      throw new InputError('bad-torrent', `${path}: not a torrent: it is longer than ${formatBytes(metainfoLimits.fileBytes)}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
