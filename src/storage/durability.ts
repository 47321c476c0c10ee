// Whether what was written is made to last. fsync is what makes a final name mean something after a power cut; on a machine that is thrown
// away with its disk, as in CI, it only costs time.

import { fdatasync, fsync } from 'node:fs';
import { promisify } from 'node:util';
import { syncDirectory } from './positioned-io.ts';

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
