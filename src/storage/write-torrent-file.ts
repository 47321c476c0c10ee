// Writes a torrent file: whole or not at all, and nothing in its place is lost unless that was asked for.

import { lstatSync } from 'node:fs';
import { access, constants, link, open, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../errors.ts';
import { toHex } from '../support/bytes.ts';
import { systemRandom } from '../support/random.ts';
import { syncDirectory } from './positioned-io.ts';
import { storageError, systemCode } from './storage-error.ts';

/** How a torrent file is written. */
export interface WriteOptions {
  /** Replace a file that is there. Default: false. */
  readonly overwrite?: boolean;
}

/**
 * Writes `bytes` to `target`, in one step: under another name beside it, then renamed. Throws StorageError: `in-the-way` when something is
 * there and is not to be replaced, `create-failed` when the directory takes no file, `disk-full`.
 */
export async function writeTorrentFile(target: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
  await checkTorrentTarget(target, options);
  await write(target, bytes, options.overwrite === true, undefined);
}

/** Replaces the torrent file at `target`, which keeps its mode; when it is a symbolic link, the file that it leads to. Throws StorageError. */
export async function replaceTorrentFile(target: string, bytes: Uint8Array): Promise<void> {
  const { file, mode } = await lookThroughLinks(target);
  await write(file, bytes, true, mode);
}

async function lookThroughLinks(target: string): Promise<{ file: string; mode: number }> {
  try {
    const file = await realpath(target);
    return { file, mode: lstatSync(file).mode & 0o7777 };
  } catch (error) {
    throw storageError(`writing the torrent ${target}`, error, 'open-failed');
  }
}

async function write(target: string, bytes: Uint8Array, overwrite: boolean, mode: number | undefined): Promise<void> {
  const fresh = path.join(path.dirname(target), `.ttorrent-${toHex(systemRandom.bytes(6))}`);
  try {
    const handle = await open(fresh, 'wx', mode);
    try {
      // What open is told goes through the umask.
      if (mode !== undefined) await handle.chmod(mode);
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await (overwrite ? rename(fresh, target) : renameToFree(fresh, target));
    await syncDirectory(path.dirname(target));
  } catch (error) {
    throw storageError(`writing the torrent ${target}`, error, 'create-failed');
  } finally {
    await rm(fresh, { force: true });
  }
}

/** Throws the StorageError that `writeTorrentFile` would throw for what is to be seen beforehand: hashing may take an hour. */
export async function checkTorrentTarget(target: string, { overwrite = false }: WriteOptions): Promise<void> {
  try {
    const there = lstatSync(target, { throwIfNoEntry: false });
    if (there !== undefined && (!overwrite || !there.isFile())) throw inTheWay(target, there.isFile());
    await access(path.dirname(target), constants.W_OK);
  } catch (error) {
    throw storageError(`writing the torrent ${target}`, error, 'create-failed');
  }
}

/** Rename replaces what is there; a second name fails instead, where the file system has such. */
async function renameToFree(fresh: string, target: string): Promise<void> {
  try {
    await link(fresh, target);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') throw inTheWay(target, true);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    await rename(fresh, target);
  }
}

function inTheWay(target: string, isFile: boolean): StorageError {
  return new StorageError('in-the-way', isFile ? `${target} exists: --force replaces it` : `${target} exists and is no file`);
}
