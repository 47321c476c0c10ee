// The lock of a download: one file that names the process which holds it. Node has no flock, so the rules are made of operations that a
// file system does atomically. A lock appears whole (written aside, then hard-linked to its name) and is replaced only by `rename`, and
// only by the one process that holds the claim on the dead lock it replaces; so two takers of one dead lock never both win.

import { closeSync, constants, fstatSync, linkSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { StorageError } from '../errors.ts';
import { toHex } from '../support/bytes.ts';
import { systemRandom } from '../support/random.ts';
import { storageError, systemCode } from './storage-error.ts';

/** A lock that is held. */
export interface LockFile {
  /** Frees it. Harmless when something else took its place. */
  release(): void;
}

/**
 * Takes the lock at `lockPath`, over from a dead process if need be. Throws StorageError: `locked` when a living process has it,
 * `in-the-way` when something that is no lock has its name, `create-failed` when the directory cannot be written.
 */
export function takeLock(lockPath: string): LockFile {
  const holder = describeSelf();
  try {
    acquire(lockPath, holder);
    sweepLeftovers(path.dirname(lockPath));
  } catch (error) {
    throw storageError(`creating the lock ${lockPath}`, error, 'create-failed');
  }
  return { release: () => release(lockPath, holder) };
}

/** Who holds a lock. */
interface Holder {
  /** Tells this taking of the lock from every other. */
  readonly token: string;
  readonly pid: number;
  /** When the process began, in the kernel's ticks since boot: process ids are used again. Empty where the system does not say. */
  readonly startTime: string;
  /** Which boot of which machine; empty where the system does not say. */
  readonly bootId: string;
  readonly hostname: string;
}

function describeSelf(): Holder {
  return {
    token: toHex(systemRandom.bytes(8)),
    pid: process.pid,
    startTime: processState(process.pid)?.startTime ?? '',
    bootId: readProc('/proc/sys/kernel/random/boot_id').trim(),
    hostname: os.hostname(),
  };
}

function acquire(lockPath: string, self: Holder): void {
  for (;;) {
    if (createWhole(lockPath, self)) return;
    const found = readLock(lockPath);
    if (found === undefined) continue; // freed meanwhile
    if (isAlive(found)) {
      throw new StorageError(
        'locked',
        `another ttorrent (process ${found.pid} on ${found.hostname}) is downloading this; if it is not, remove ${lockPath}`,
      );
    }
    if (replaceDead(lockPath, found.token, self)) return;
  }
}

/**
 * Replaces the lock with `deadToken`. The claim, itself a lock and named after the dead one, says who may: while it is held the dead lock
 * cannot change, since nobody else may replace it and nobody is left to free it. False when it was replaced before the claim was held.
 */
function replaceDead(lockPath: string, deadToken: string, self: Holder): boolean {
  const claimPath = besides(lockPath, `${deadToken}.claim`);
  acquire(claimPath, self);
  const whole = besides(lockPath, `${self.token}.new`);
  try {
    if (readLock(lockPath)?.token !== deadToken) return false;
    writeNew(whole, self);
    renameSync(whole, lockPath);
    return true;
  } finally {
    rmSync(whole, { force: true });
    release(claimPath, self);
  }
}

/** Removes what processes left beside their locks when they were killed in the moment of taking one. */
function sweepLeftovers(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!/^\.ttorrent-[0-9a-z-]+\.(claim|new)$/.test(name)) continue;
    try {
      const leftover = path.join(directory, name);
      const holder = readLock(leftover);
      if (holder !== undefined && !isAlive(holder)) rmSync(leftover, { force: true });
    } catch {
      // being written by a living process, or not ours: it stays
    }
  }
}

function release(lockPath: string, self: Holder): void {
  try {
    if (readLock(lockPath)?.token === self.token) rmSync(lockPath, { force: true });
  } catch {
    // The lock is of no further use: the process that held it ends or says so itself.
  }
}

/** Creates the lock with all its content at once; false when there is one. */
function createWhole(lockPath: string, self: Holder): boolean {
  const whole = besides(lockPath, `${self.token}.new`);
  writeNew(whole, self);
  try {
    linkSync(whole, lockPath);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    return createDirectly(lockPath, self, error);
  } finally {
    rmSync(whole, { force: true });
  }
}

/** For file systems without hard links (FAT, some network ones). A reader may see it half written; `readLock` allows for that. */
function createDirectly(lockPath: string, self: Holder, linkError: unknown): boolean {
  if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'].includes(systemCode(linkError) ?? '')) throw linkError;
  try {
    writeNew(lockPath, self);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function writeNew(target: string, self: Holder): void {
  const fd = openSync(target, 'wx');
  try {
    writeSync(fd, `${JSON.stringify(self)}\n`);
  } finally {
    closeSync(fd);
  }
}

/** A hidden short name in the lock's directory: the lock's own name may leave no room for another suffix. */
function besides(lockPath: string, name: string): string {
  return path.join(path.dirname(lockPath), `.ttorrent-${name}`);
}

/** No lock of ours is longer. */
const longestLockBytes = 4096;
/** A lock that says nothing is being written right now, unless it is older than this; only where locks are not created whole. */
const writingMs = 10_000;

/** Who holds the lock; undefined when there is none. An unreadable content is that of a dead process that could not finish writing it. */
function readLock(lockPath: string): Holder | undefined {
  let fd: number;
  try {
    fd = openSync(lockPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile() || stat.size > longestLockBytes) throw new StorageError('in-the-way', `${lockPath} is not a lock of ttorrent`);
    const holder = parseHolder(readFileSync(fd, 'utf8'));
    if (holder !== undefined) return holder;
    if (Date.now() - Number(stat.mtimeMs) < writingMs) throw new StorageError('locked', `another ttorrent is just creating ${lockPath}`);
    return { token: `${stat.ino}-${stat.mtimeNs}`, pid: 0, startTime: '', bootId: '', hostname: os.hostname() };
  } finally {
    closeSync(fd);
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { token, pid, startTime, bootId, hostname } = JSON.parse(text) as Partial<Record<keyof Holder, unknown>>;
    if (typeof token !== 'string' || !/^[0-9a-f]{16}$/.test(token) || !Number.isSafeInteger(pid)) return undefined;
    if (typeof startTime !== 'string' || typeof bootId !== 'string' || typeof hostname !== 'string') return undefined;
    return { token, pid: Number(pid), startTime, bootId, hostname };
  } catch {
    return undefined;
  }
}

/** Whether the holder may still run. One on another machine cannot be asked: it is taken for alive. */
function isAlive(holder: Holder): boolean {
  const self = describeSelf();
  if (holder.hostname !== self.hostname) return true;
  if (holder.bootId !== self.bootId) return false;
  if (holder.pid <= 0 || !answersSignals(holder.pid)) return false;
  const state = processState(holder.pid);
  if (state === undefined) return true;
  return !state.hasEnded && (holder.startTime === '' || state.startTime === holder.startTime);
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** What /proc/PID/stat says: field 3 is the state, field 22 the start time; field 2, in brackets, may hold anything. */
function processState(pid: number): { readonly startTime: string; readonly hasEnded: boolean } | undefined {
  const line = readProc(`/proc/${pid}/stat`);
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  if (state === undefined || startTime === undefined) return undefined;
  return { startTime, hasEnded: state === 'Z' || state === 'X' };
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
