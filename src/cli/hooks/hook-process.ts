// Runs a hook: a process group of its own that gets its facts on stdin and in its environment, writes to our stderr, and ends in bounded
// time: by itself, by the timeout, by a signal to us, and with us.

import { spawn } from 'node:child_process';

import { formatDuration } from '../../index.ts';
import type { HookCommand } from './hook-options.ts';

/** What a hook is given. */
export interface HookCall {
  /** Its whole environment. */
  readonly variables: NodeJS.ProcessEnv;
  /** Written to its stdin, which is then closed. */
  readonly stdin: string;
  /** 0 = no limit. */
  readonly timeoutMs: number;
  /** Ends the hook early. */
  readonly signal: AbortSignal | undefined;
}

/** Between the request to end and the end that cannot be refused. With what a download takes to stop it stays below 10 s, the patience of Docker. */
const graceMs = 2_000;

/** Windows has neither process groups nor signals: there the process itself is ended. */
const hasGroups = process.platform !== 'win32';

/** Runs `command` to its end. Resolves with undefined when it succeeded, else with what became of it ("exited with code 3"). Never rejects. */
export function runHook(command: HookCommand, call: HookCall): Promise<string | undefined> {
  if (call.signal?.aborted === true) return Promise.resolve('was not run, since ttorrent was told to stop');
  return new Promise((resolve) => {
    let endedBecause: string | undefined;
    let timeout: NodeJS.Timeout | undefined;
    let grace: NodeJS.Timeout | undefined;
    const kill = (signal: NodeJS.Signals): void => killGroup(child.pid, signal);
    const killNow = (): void => kill('SIGKILL');
    const end = (because: string): void => {
      endedBecause ??= because;
      kill('SIGTERM');
      grace ??= setTimeout(killNow, graceMs);
    };
    const stop = (): void => end('was stopped, since ttorrent was told to stop');
    const settle = (failure: string | undefined): void => {
      clearTimeout(timeout);
      clearTimeout(grace);
      call.signal?.removeEventListener('abort', stop);
      process.off('exit', killNow);
      // What it started and what has ignored the first request must not outlive it; what a hook that succeeded left running may.
      if (endedBecause !== undefined) killNow();
      resolve(failure);
    };
    const child = start(command, call.variables);
    process.on('exit', killNow);
    call.signal?.addEventListener('abort', stop);
    if (call.timeoutMs > 0)
      timeout = setTimeout(() => end(`did not end within ${formatDuration(call.timeoutMs)} and was killed`), call.timeoutMs);
    child.once('error', (error) => settle(`cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      settle(endedBecause ?? (code === 0 ? undefined : code === null ? `was ended by ${signal}` : `exited with code ${code}`));
    });
    child.stdin?.on('error', () => undefined); // it need not read what it is told
    child.stdin?.end(call.stdin);
  });
}

function start({ words }: HookCommand, env: NodeJS.ProcessEnv): ReturnType<typeof spawn> {
  // Its stdout goes to stderr: ours carries data only.
  const options = { env, stdio: ['pipe', 2, 2], detached: hasGroups, windowsHide: true } satisfies Parameters<typeof spawn>[2];
  return typeof words === 'string' ? spawn(words, { ...options, shell: true }) : spawn(words[0] ?? '', words.slice(1), options);
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(hasGroups ? -pid : pid, signal);
  } catch {
    // it has ended
  }
}
