// The lock of a download: one file that names the process which holds it. Node has no flock, so the rules are made of operations that a
// file system does atomically. A lock appears whole (written aside, then hard-linked to its name) and is replaced only by `rename`, and
// only by the one process that holds the claim on the dead lock it replaces; so two takers of one dead lock never both win.

import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { StorageError } from '../errors.ts';
import { answersSignals, describeSelf, type Holder, isAlive, parseHolder } from './lock-holder.ts';
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
  const heartbeat = setInterval(() => touch(lockPath, holder), heartbeatMs).unref();
  return {
    release: () => {
      clearInterval(heartbeat);
      release(lockPath, holder);
    },
  };
}

/** Throws the StorageError that `takeLock` would throw because a living process holds the lock; changes nothing. */
export function refuseWhenHeld(lockPath: string): void {
  try {
    const found = readLock(lockPath);
    if (found !== undefined && isAlive(found.holder, found.touchedMs)) throw heldBy(found.holder, lockPath);
  } catch (error) {
    throw storageError(`reading the lock ${lockPath}`, error, 'open-failed');
  }
}

function heldBy(holder: Holder, lockPath: string): StorageError {
  return new StorageError(
    'locked',
    `another ttorrent (process ${holder.pid} on ${holder.hostname}) is downloading this; if it is not, remove ${lockPath}`,
  );
}

/** How often a held lock gets a new mtime: several times in the silence after which its holder counts as dead (lock-holder.ts). */
const heartbeatMs = 10_000;

function touch(lockPath: string, self: Holder): void {
  try {
    const now = new Date();
    if (readLock(lockPath)?.holder.token === self.token) utimesSync(lockPath, now, now);
  } catch {
    // A lock that cannot be touched now may be at the next beat.
  }
}

function acquire(lockPath: string, self: Holder): void {
  for (;;) {
    if (createWhole(lockPath, self)) return;
    const found = readLock(lockPath);
    if (found === undefined) continue; // freed meanwhile
    if (isAlive(found.holder, found.touchedMs)) {
      throw heldBy(found.holder, lockPath);
    }
    if (replaceDead(lockPath, found.holder.token, self)) return;
  }
}

/**
 * Replaces the lock with `deadToken`. The claim, itself a lock and named after the dead one, says who may: while it is held the dead lock
 * cannot change, since nobody else may replace it and nobody is left to free it. False when it was replaced before the claim was held.
 */
function replaceDead(lockPath: string, deadToken: string, self: Holder): boolean {
  const claimPath = besides(lockPath, `${deadToken}.claim`);
  acquire(claimPath, self);
  const whole = besides(lockPath, `${self.token}-${self.pid}.new`);
  try {
    if (readLock(lockPath)?.holder.token !== deadToken) return false;
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
      if (isUnfilled(leftover) || isOfDeadHolder(leftover)) rmSync(leftover, { force: true });
    } catch {
      // being written by a living process, or not ours: it stays
    }
  }
}

/** What names no process is not known to be ours. */
function isOfDeadHolder(leftover: string): boolean {
  const found = readLock(leftover);
  return found?.isReadable === true && !isAlive(found.holder, found.touchedMs);
}

/** An empty file whose maker, which its name tells, was killed before it could fill it. */
function isUnfilled(leftover: string): boolean {
  const maker = /\.ttorrent-[0-9a-f]{16}-(\d+)\.new$/.exec(leftover)?.[1];
  return maker !== undefined && statSync(leftover).size === 0 && !answersSignals(Number(maker));
}

function release(lockPath: string, self: Holder): void {
  try {
    if (readLock(lockPath)?.holder.token === self.token) rmSync(lockPath, { force: true });
  } catch {
    // The lock is of no further use: the process that held it ends or says so itself.
  }
}

/** Creates the lock with all its content at once; false when there is one. */
function createWhole(lockPath: string, self: Holder): boolean {
  const whole = besides(lockPath, `${self.token}-${self.pid}.new`);
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

/** A lock as found. */
interface FoundLock {
  readonly holder: Holder;
  /** Whether the file says who holds it. */
  readonly isReadable: boolean;
  /** Wall clock of the last heartbeat. */
  readonly touchedMs: number;
}

/** Who holds the lock; undefined when there is none. An unreadable content is that of a dead process that could not finish writing it. */
function readLock(lockPath: string): FoundLock | undefined {
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
    const touchedMs = Number(stat.mtimeMs);
    if (holder !== undefined) return { holder, isReadable: true, touchedMs };
    if (Date.now() - touchedMs < writingMs) throw new StorageError('locked', `another ttorrent is just creating ${lockPath}`);
    const token = `${stat.ino}-${stat.mtimeNs}`;
    const nobody = { token, pid: 0, startTime: '', bootId: '', hostname: os.hostname(), pidNamespace: '' };
    return { holder: nobody, isReadable: false, touchedMs };
  } finally {
    closeSync(fd);
  }
}
