// Waits for another process to end: `--seed-until-exit-of PID`. It is no child of ours, so it is looked at once a second.

import { readFileSync } from 'node:fs';

import { InputError } from '../index.ts';

const intervalMs = 1_000;

/** A process that is watched. */
export interface ProcessWatch {
  /** Aborts when it has ended. */
  readonly ended: AbortSignal;
  stop(): void;
}

/** Watches process `pid`. Throws InputError when there is none. */
export function watchProcess(pid: number): ProcessWatch {
  const watched = identityOf(pid);
  if (watched === undefined) throw new InputError('bad-argument', `seeding until process ${pid} has ended: there is no such process`);
  const controller = new AbortController();
  const timer = setInterval(() => {
    if (identityOf(pid) === watched) return;
    clearInterval(timer);
    controller.abort();
  }, intervalMs);
  return { ended: controller.signal, stop: () => clearInterval(timer) };
}

/** Tells the process from a later one of the same number, where the system says when each began; undefined when there is none. */
function identityOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined; // EPERM: it lives, and is not ours
  }
  const [state, startTime] = statOf(pid);
  // What has ended and only waits to be asked how has ended: a shell may ask late.
  return state === 'Z' || state === 'X' ? undefined : `began at ${startTime}`;
}

/** State and start time, fields 3 and 22 of proc_pid_stat(5), behind the name in parentheses, which may hold anything. */
function statOf(pid: number): [state: string, startTime: string] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
    return [fields[0] ?? '', fields[19] ?? ''];
  } catch {
    return ['', '']; // not Linux, or hidden from us
  }
}
