// Who holds a lock, and whether that process still runs. A process id alone tells little: ids are used again, start anew with every boot,
// and mean other processes in other containers.

import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';
import { toHex } from '../support/bytes.ts';
import { systemRandom } from '../support/random.ts';
import { systemCode } from './storage-error.ts';

/** Who holds a lock: what the lock file says, as JSON. */
export interface Holder {
  /** Tells this taking of the lock from every other. */
  readonly token: string;
  readonly pid: number;
  /** When the process began, in the kernel's ticks since boot: process ids are used again. Empty where the system does not say. */
  readonly startTime: string;
  /** Which boot of which machine; empty where the system does not say. */
  readonly bootId: string;
  readonly hostname: string;
  /** In which namespace `pid` counts (containers have their own); empty where the system does not say. */
  readonly pidNamespace: string;
}

/** This process as the holder of a lock that it takes now. */
export function describeSelf(): Holder {
  return {
    token: toHex(systemRandom.bytes(8)),
    pid: process.pid,
    startTime: processState(process.pid)?.startTime ?? '',
    bootId: readProc('/proc/sys/kernel/random/boot_id').trim(),
    hostname: os.hostname(),
    pidNamespace: readLink('/proc/self/ns/pid'),
  };
}

/** The holder that the content of a lock names; undefined when it names none. */
export function parseHolder(text: string): Holder | undefined {
  try {
    const { token, pid, startTime, bootId, hostname, pidNamespace = '' } = JSON.parse(text) as Partial<Record<keyof Holder, unknown>>;
    if (typeof token !== 'string' || !/^[0-9a-f]{16}$/.test(token) || !Number.isSafeInteger(pid)) return undefined;
    if (typeof startTime !== 'string' || typeof bootId !== 'string') return undefined;
    if (typeof hostname !== 'string' || typeof pidNamespace !== 'string') return undefined;
    return { token, pid: Number(pid), startTime, bootId, hostname, pidNamespace };
  } catch {
    return undefined;
  }
}

/** After so long without a heartbeat a holder in another container is taken for dead. */
const silenceMs = 60_000;

/**
 * Whether the holder may still run. One in another container of this machine cannot be asked, since its process id means another process
 * here: its heartbeat tells, and both read the same clock. One on another machine cannot be asked either, and the clocks may differ: it is
 * taken for alive. `touchedMs` is the wall clock of its last heartbeat.
 */
export function isAlive(holder: Holder, touchedMs: number): boolean {
  const self = describeSelf();
  const isSameBoot = holder.bootId === self.bootId;
  const isForeignNamespace = holder.pidNamespace !== '' && self.pidNamespace !== '' && holder.pidNamespace !== self.pidNamespace;
  if (isSameBoot && isForeignNamespace) return Date.now() - touchedMs < silenceMs;
  if (holder.hostname !== self.hostname) return true;
  if (!isSameBoot) return false;
  if (holder.pid <= 0 || !answersSignals(holder.pid)) return false;
  const state = processState(holder.pid);
  if (state === undefined) return true;
  return !state.hasEnded && (holder.startTime === '' || state.startTime === holder.startTime);
}

/** Whether a process with this id runs in our namespace. */
export function answersSignals(pid: number): boolean {
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

function readLink(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
