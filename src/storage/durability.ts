// Whether what was written is made to last. fsync is what makes a final name mean something after a power cut; on a machine that is thrown
// away with its disk, as in CI, it only costs time.

import { fdatasync, fsync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { inParallel } from './in-parallel.ts';
import { syncDirectory } from './positioned-io.ts';
import { storageError } from './storage-error.ts';

/** How a download makes bytes and names last. Each call rejects with the system's error. */
export interface Durability {
  /** The bytes of an open file, and what is needed to find them again. */
  syncData(fd: number): Promise<void>;
  /** Its times as well. */
  syncAll(fd: number): Promise<void>;
  /** The names in a directory. */
  syncDirectory(directory: string): Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** Survives a power cut. */
export const durable: Durability = { syncData: promisify(fdatasync), syncAll: promisify(fsync), syncDirectory };

/** Survives the end of the process, not that of the machine. */
export const fleeting: Durability = { syncData: nothing, syncAll: nothing, syncDirectory: nothing };

/** Makes the complete files at `paths` last, and their names: a run before, which did not, has left them. Throws StorageError. */
export async function makeLast(paths: readonly string[]): Promise<void> {
  try {
    await inParallel(paths, async (path) => {
      const handle = await open(path);
      try {
        await durable.syncAll(handle.fd);
      } finally {
        await handle.close();
      }
    });
    await inParallel([...new Set(paths.map((path) => dirname(path)))], syncDirectory);
  } catch (error) {
    throw storageError('flushing complete files to disk', error, 'read-write-failed');
  }
}

/** What has been made to last is there whatever run of the system it stems from: 16 zero bytes. */
export const anyBoot: Uint8Array = new Uint8Array(16);

/** This run of the system, which what has not been made to last may not outlive: 16 bytes; `anyBoot` where it has no name (not on Linux). */
export function thisBoot(): Uint8Array {
  try {
    const id = Buffer.from(readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').replaceAll('-', ''), 'hex');
    return id.length === anyBoot.length ? id : anyBoot;
  } catch {
    return anyBoot;
  }
}
