// A temporary file for pieces that arrived before their turn. Its name is gone as soon as it is open, where the system allows that: a
// process that is killed leaves nothing behind. It has as many places of one piece length as were in use at a time.

import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { storageError } from './storage-error.ts';

/** Where a piece lies in a spool. */
export interface SpoolPlace {
  readonly slot: number;
  readonly length: number;
}

/** The spool of one download. */
export class Spool {
  readonly #directory: string;
  readonly #slotBytes: number;
  readonly #file: FileHandle;
  /** What is left to remove at the end: nothing where an open file can be unlinked. */
  readonly #remains: string | undefined;
  readonly #free: number[] = [];
  #slots = 0;

  private constructor(directory: string, slotBytes: number, file: FileHandle, remains: string | undefined) {
    this.#directory = directory;
    this.#slotBytes = slotBytes;
    this.#file = file;
    this.#remains = remains;
  }

  /** Makes the file in `directory`, which must exist. Throws StorageError. */
  static async open(directory: string, slotBytes: number): Promise<Spool> {
    try {
      const own = await mkdtemp(path.join(directory, '.ttorrent-spool-'));
      const file = await open(path.join(own, 'pieces'), 'wx+', 0o600);
      const isGone = await rm(own, { recursive: true }).then(
        () => true,
        () => false, // Windows keeps the name of an open file
      );
      return new Spool(directory, slotBytes, file, isGone ? undefined : own);
    } catch (error) {
      throw storageError(`making a spool file in ${directory}`, error, 'create-failed');
    }
  }

  /** Stores a piece. `bytes` must stay unchanged until the promise settles. Throws StorageError. */
  async write(bytes: Uint8Array): Promise<SpoolPlace> {
    const slot = this.#free.pop() ?? this.#slots++;
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, slot * this.#slotBytes + done);
        done += bytesWritten;
      }
    } catch (error) {
      throw storageError(`writing to the spool file in ${this.#directory}`, error, 'read-write-failed');
    }
    return { slot, length: bytes.length };
  }

  /** Reads a piece back into `into`, of its length, and frees its place. Throws StorageError. */
  async take(place: SpoolPlace, into: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < into.length; ) {
        const { bytesRead } = await this.#file.read(into, done, into.length - done, place.slot * this.#slotBytes + done);
        if (bytesRead === 0) throw new Error('the file ends too early');
        done += bytesRead;
      }
    } catch (error) {
      throw storageError(`reading the spool file in ${this.#directory}`, error, 'read-write-failed');
    }
    this.#free.push(place.slot);
  }

  /** Closes and removes it. Never rejects. */
  async close(): Promise<void> {
    await this.#file.close().catch(() => {});
    if (this.#remains !== undefined) await rm(this.#remains, { recursive: true, force: true }).catch(() => {});
  }
}
