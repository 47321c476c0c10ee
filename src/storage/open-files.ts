// A bounded pool of open files: the one used longest ago is closed when room is needed. By callback and with no promise for a file that is
// open, since every write passes here. When the process runs out of descriptors the pool shrinks and goes on with fewer.

import { close } from 'node:fs';
import { promisify } from 'node:util';
import { storageLimits } from '../config.ts';
import { StorageError } from '../errors.ts';
import { delay, systemClock } from '../support/clock.ts';
import { isOutOfDescriptors, storageError } from './storage-error.ts';
import type { WorkFile } from './work-file.ts';

/** Called once with a descriptor, or with why there is none. */
export type UseDescriptor = (error: Error | undefined, fd: number) => void;

/** An open file, or one that is being opened. */
interface Slot {
  fd: number | undefined;
  /** How many use it now; it is closed only when nobody does. */
  users: number;
  /** Who waits for it to open. */
  readonly waiting: UseDescriptor[];
}

const closeFd = promisify(close);

/** The open files of one download. */
export class OpenFiles<T extends object = WorkFile> {
  readonly #open: (work: T) => Promise<number>;
  #limit: number;
  /** In order of use, the oldest first. */
  readonly #slots = new Map<T, Slot>();
  /** Who waits for room. */
  readonly #queue: { readonly work: T; readonly use: UseDescriptor }[] = [];
  readonly #closing = new Set<Promise<void>>();
  #opening = 0;
  #closeError: Error | undefined;

  constructor(limit: number, open: (work: T) => Promise<number>) {
    this.#limit = limit;
    this.#open = open;
  }

  /** Gives `use` a descriptor of `work`, at once when it is open. Every success is followed by one `release`. */
  acquire(work: T, use: UseDescriptor): void {
    const slot = this.#slots.get(work);
    if (slot === undefined) {
      this.#queue.push({ work, use });
      this.#serveQueue();
      return;
    }
    slot.users++;
    if (slot.fd === undefined) {
      slot.waiting.push(use);
      return;
    }
    this.#slots.delete(work);
    this.#slots.set(work, slot);
    use(undefined, slot.fd);
  }

  /** Whether `work` is open, or is being opened. */
  isOpen(work: T): boolean {
    return this.#slots.has(work);
  }

  release(work: T): void {
    const slot = this.#slots.get(work);
    if (slot !== undefined) slot.users--;
    if (this.#queue.length > 0) this.#serveQueue();
  }

  /** Runs `action` with a descriptor of `work`. */
  async use<R>(work: T, action: (fd: number) => Promise<R>): Promise<R> {
    const fd = await new Promise<number>((resolve, reject) => {
      this.acquire(work, (error, opened) => (error === undefined ? resolve(opened) : reject(error)));
    });
    try {
      return await action(fd);
    } finally {
      this.release(work);
    }
  }

  /** Runs `action`, which needs descriptors of its own, again until there are some. */
  async whileShort<R>(action: () => Promise<R>): Promise<R> {
    for (let retries: number = storageLimits.descriptorRetries; ; retries--) {
      try {
        return await action();
      } catch (error) {
        const cause = error instanceof StorageError ? error.cause : error;
        if (!isOutOfDescriptors(cause) || retries === 0) throw error;
        await this.#makeRoom();
      }
    }
  }

  /** Closes every file; nobody may use one any more. Throws what closing one threw. */
  async closeAll(): Promise<void> {
    while (this.#closeOldest());
    await Promise.all(this.#closing);
    if (this.#closeError !== undefined) throw this.#closeError;
  }

  #begin(work: T, use: UseDescriptor): void {
    const slot: Slot = { fd: undefined, users: 1, waiting: [use] };
    this.#slots.set(work, slot);
    this.#opening++;
    void this.#fill(work, slot);
  }

  async #fill(work: T, slot: Slot): Promise<void> {
    try {
      const fd = await this.whileShort(() => this.#open(work)).finally(() => this.#opening--);
      slot.fd = fd;
      for (const waiter of slot.waiting.splice(0)) waiter(undefined, fd);
    } catch (error) {
      this.#slots.delete(work);
      const failure = storageError('opening a file', error, 'open-failed');
      for (const waiter of slot.waiting.splice(0)) waiter(failure, -1);
    }
    this.#serveQueue();
  }

  #serveQueue(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const isOpen = this.#slots.has(next.work);
      if (!isOpen && this.#descriptors >= this.#limit) {
        // Each that waits gets the place of one that nobody uses; it is free when that is closed.
        while (this.#closing.size < this.#queue.length && this.#closeOldest());
        return;
      }
      this.#queue.shift();
      if (isOpen) this.acquire(next.work, next.use);
      else this.#begin(next.work, next.use);
    }
  }

  /** Descriptors in use: a file that is being opened has its directory open as well. */
  get #descriptors(): number {
    return this.#slots.size + this.#opening + this.#closing.size;
  }

  /** Closes the file used longest ago that nobody uses now; false when there is none. */
  #closeOldest(): boolean {
    for (const [work, slot] of this.#slots) {
      if (slot.users > 0 || slot.fd === undefined) continue;
      this.#slots.delete(work);
      this.#close(slot.fd);
      return true;
    }
    return false;
  }

  #close(fd: number): void {
    const closed: Promise<void> = closeFd(fd)
      .catch((error: unknown) => {
        // What a network file system could not store it may say only here.
        this.#closeError ??= storageError('closing a file', error, 'read-write-failed');
      })
      .finally(() => {
        this.#closing.delete(closed);
        this.#serveQueue();
      });
    this.#closing.add(closed);
  }

  /** The process is out of descriptors: from now on the pool has one less, and one is given back now. */
  async #makeRoom(): Promise<void> {
    const open = [...this.#slots.values()].filter((slot) => slot.fd !== undefined).length;
    this.#limit = Math.max(1, Math.min(this.#limit, open) - 1);
    if (this.#closeOldest()) await Promise.all(this.#closing);
    else await delay(systemClock, storageLimits.descriptorRetryMs);
  }
}
