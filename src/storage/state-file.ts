// The state file `NAME.ttorrent`: read with suspicion, replaced in one step. It is always written anew beside its name, fsynced, renamed
// over the old one, and the directory fsynced, so that a crash at any moment leaves the old state or the new one.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../errors.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { equalBytes } from '../support/bytes.ts';
import { anyBoot, type Durability, thisBoot } from './durability.ts';
import { decodeState, type EncodedRecords, encodeState, type FileRecords, longestState } from './state-codec.ts';
import { storageError, systemCode } from './storage-error.ts';

/** The state file at `statePath`. */
export class StateFile {
  readonly #path: string;
  readonly #metainfo: Metainfo;
  readonly #durability: Durability;
  #isLasting: boolean;

  /** `durability` of the state itself; `isLasting`: whether what it tells of was made to last. */
  constructor(statePath: string, metainfo: Metainfo, durability: Durability, isLasting: boolean) {
    this.#path = statePath;
    this.#metainfo = metainfo;
    this.#durability = durability;
    this.#isLasting = isLasting;
  }

  /** Whether all that it tells of was made to last, as far as it has been loaded. */
  get isLasting(): boolean {
    return this.#isLasting;
  }

  /**
   * The saved records; undefined when there are none, or none to be trusted: then `warn` says why, as it does when the system was started
   * anew and the records only tell which files are ours. Throws StorageError `in-the-way` when a directory has its name.
   */
  load(geometry: Geometry, warn: (message: string) => void): FileRecords | undefined {
    const read = this.#read();
    if (read === undefined) return undefined;
    const decoded = typeof read === 'string' ? { kind: 'unusable' as const, reason: read } : decodeState(read, this.#metainfo, geometry);
    if (decoded.kind === 'unusable') {
      warn(`the saved state ${this.#path} is not used: ${decoded.reason}; existing data is checked instead`);
      return undefined;
    }
    if (equalBytes(decoded.boot, anyBoot)) return decoded.records;
    if (equalBytes(decoded.boot, thisBoot())) {
      // What is added to it does not make the rest last.
      this.#isLasting = false;
      return decoded.records;
    }
    warn(`the saved state ${this.#path} was not made to last, and the system was started anew since; existing data is checked instead`);
    return withoutLooks(decoded.records);
  }

  /** Replaces the state. Throws StorageError; the old state is then still there. */
  async save(...records: readonly EncodedRecords[]): Promise<void> {
    const fresh = `${this.#path}.tmp`;
    try {
      // A leftover may be anything, a link for example: it is removed, never written through.
      await rm(fresh, { force: true });
      const handle = await open(fresh, 'wx');
      try {
        await handle.writeFile(encodeState(this.#metainfo.infohash, this.#isLasting ? anyBoot : thisBoot(), ...records));
        await this.#durability.syncAll(handle.fd);
      } finally {
        await handle.close();
      }
      await rename(fresh, this.#path);
      await this.#durability.syncDirectory(path.dirname(this.#path));
    } catch (error) {
      await rm(fresh, { force: true }).catch(() => undefined);
      throw storageError(`saving the state ${this.#path}`, error, 'read-write-failed');
    }
  }

  /** Removes the state. Throws StorageError. */
  async remove(): Promise<void> {
    try {
      await rm(this.#path, { force: true });
      await this.#durability.syncDirectory(path.dirname(this.#path));
    } catch (error) {
      throw storageError(`removing the state ${this.#path}`, error, 'read-write-failed');
    }
  }

  /** The bytes of the file, why it cannot be used, or undefined when there is none. */
  #read(): Uint8Array | string | undefined {
    let fd: number;
    try {
      fd = openSync(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT') return undefined;
      return code === 'ELOOP' ? 'it is a symbolic link' : storageError('it cannot be read', error, 'open-failed').message;
    }
    try {
      const stat = fstatSync(fd);
      if (stat.isDirectory()) throw new StorageError('in-the-way', `${this.#path}: expected the saved state or nothing, found a directory`);
      if (!stat.isFile()) return 'it is not a regular file';
      if (process.getuid !== undefined && stat.uid !== process.getuid()) return 'it belongs to another user';
      if (stat.size > longestState(this.#metainfo)) return 'it is damaged';
      const bytes = Buffer.alloc(stat.size);
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
    } catch (error) {
      if (error instanceof StorageError) throw error;
      return storageError('it cannot be read', error, 'open-failed').message;
    } finally {
      closeSync(fd);
    }
  }
}

/** Records that describe no file as it looks now, but still tell that it is ours. */
function withoutLooks(records: FileRecords): FileRecords {
  return new Map([...records].map(([index, record]) => [index, { ...record, ctimeNs: 0n, isToBeRenamed: false }]));
}
