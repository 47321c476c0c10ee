// The edge to the process: arguments, environment, the standard streams, signals, and the way out. Nothing else in cli/ touches `process`.

import { setMaxListeners } from 'node:events';
import { homedir } from 'node:os';
import { isatty } from 'node:tty';

// Not by way of index.ts: loading the whole library takes longer than all else that `--version` does.
import { version } from '../config.ts';
import { type StopSignal, brokenPipeExitCode, exitCodeOfSignal } from './exit-codes.ts';
import { stateDirectory } from './state-directory.ts';

/** What a command sees of the world. */
export interface Environment {
  /** What was typed behind the program's name. */
  readonly args: readonly string[];
  /** This program's version. */
  readonly version: string;
  readonly stdin: DataInput;
  readonly stdout: DataOutput;
  readonly stderr: TalkOutput;
  /** Whether the variable NO_COLOR is set and not empty (no-color.org). */
  readonly noColor: boolean;
  /** Whether FORCE_COLOR asks for colours even where there is no terminal (force-color.org; 0 and false do not). */
  readonly forceColor: boolean;
  /** Whether the terminal says that it understands no control sequence, or does not say what it is. */
  readonly dumbTerminal: boolean;
  /** Whether the variable CI tells that nobody is watching, though a log may look like a terminal. */
  readonly isCi: boolean;
  /** Where to keep what outlives a run; undefined when the user has no home. */
  readonly stateDir: string | undefined;
  /** Aborts on the first signal that asks to stop, with an Interruption as its reason. */
  readonly interrupted: AbortSignal;
  /** Once, after a signal: there is something to be done before the end, and so it may take `cleanStopMs` more. */
  postponeExit(): void;
  /** Asks a person on the terminal; resolves with undefined at the end of input and after a signal. Absent where nobody can be asked. */
  readonly ask: ((question: string) => Promise<string | undefined>) | undefined;
  /** Variables of the environment. */
  readonly variables: NodeJS.ProcessEnv;
  /** When the process began, by the wall clock. */
  readonly startedAt: Date;
  /** Node's version, the system and the processor: `v20.1.0 linux x64`. */
  readonly platform: string;
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** `action` is called, once, when the process ends before its command does: a second signal, a crash. It cannot wait for anything. */
  onSuddenEnd(action: SuddenEnd): void;
}

/** Told the exit code and, in a line, why. */
export type SuddenEnd = (exitCode: number, reason: string) => void;

/** stdin: a torrent, or a list of them. */
export interface DataInput {
  readonly isTerminal: boolean;
  /** Its bytes to the end; the iteration rejects when `signal` aborts. */
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** stdout: what was asked for. */
export interface DataOutput {
  readonly isTerminal: boolean;
  /** Resolves when the system has taken `data`; rejects with OutputError when it cannot. */
  write(data: string | Uint8Array): Promise<void>;
}

/** stderr: everything else. It may be closed or full: then nobody wants to know. */
export interface TalkOutput {
  readonly isTerminal: boolean;
  /** For cli-progress, which draws on a stream. */
  readonly stream: NodeJS.WriteStream;
  write(text: string): void;
}

/** A file system, a quota or a limit of a file's size is used up. */
const fullDisk = /^(ENOSPC|EDQUOT|EFBIG)$/;

/** What was asked for could not be delivered. */
export class OutputError extends Error {
  readonly exitCode: number;

  constructor(cause: NodeJS.ErrnoException, to = 'stdout') {
    super(`cannot write to ${to}: ${cause.message}`, { cause });
    this.name = 'OutputError';
    this.exitCode = cause.code === 'EPIPE' ? brokenPipeExitCode : fullDisk.test(cause.code ?? '') ? 9 : 17;
  }
}

/** The user or the system asked the process to stop. */
export class Interruption extends Error {
  readonly exitCode: number;

  constructor(signal: StopSignal) {
    super(`stopped by ${signal}`);
    this.name = 'Interruption';
    this.exitCode = exitCodeOfSignal[signal];
  }
}

/** How long a command may take to stop cleanly after a signal: saving state and one goodbye to a tracker, with room to spare. */
const cleanStopMs = 5_000;

/** How long the process may linger when its work is done and told: something was left open, which must not keep a pipeline waiting. */
const lingerMs = 1_000;

/** Talk that stderr's reader has not taken, in bytes; beyond it lines are dropped rather than kept. */
const talkBytes = 1024 * 1024;

/** The environment of this process. Signals are watched from now on; `onCrash` is called with what nobody caught. */
export function openEnvironment(onCrash: (error: unknown) => void): Environment {
  process.on('uncaughtException', onCrash);
  const signals = watchSignals();
  const { NO_COLOR, FORCE_COLOR = '', TERM, CI = '' } = process.env;
  return {
    args: process.argv.slice(2),
    version,
    // Not opened before it is read: an open pipe keeps the process alive.
    stdin: { isTerminal: isatty(0), read: readStdin },
    stdout: dataOutput(process.stdout),
    stderr: talkOutput(process.stderr),
    noColor: NO_COLOR !== undefined && NO_COLOR !== '',
    forceColor: isOn(FORCE_COLOR),
    dumbTerminal: TERM === 'dumb' || ((TERM ?? '') === '' && process.platform !== 'win32'),
    isCi: isOn(CI),
    ...signals,
    ask: isatty(0) && isatty(process.stderr.fd) ? (question) => ask(question, signals.interrupted) : undefined,
    variables: process.env,
    stateDir: stateDirectory(process.platform, process.env, homedir),
    startedAt: new Date(performance.timeOrigin),
    platform: `${process.version} ${process.platform} ${process.arch}`,
    nowMs: () => performance.now(),
    onSuddenEnd: (action) => {
      suddenEnd = action;
    },
  };
}

/** Set and not switched off: what CI systems and other tools take for yes. */
function isOn(value: string): boolean {
  return value !== '' && value !== '0' && value.toLowerCase() !== 'false';
}

/** The terminal itself edits the line: nothing of its settings is changed, and Ctrl-C stays a signal. */
async function ask(question: string, signal: AbortSignal): Promise<string | undefined> {
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  const close = (): void => lines.close();
  signal.addEventListener('abort', close);
  try {
    return await new Promise((resolve) => {
      lines.once('close', () => resolve(undefined));
      lines.question(question, resolve);
      if (signal.aborted) close();
    });
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

/** Ends the process with `exitCode`: by itself when nothing is left open, else soon. What was written to stdout has been taken by then. */
export function endProcess(exitCode: number): void {
  process.exitCode = exitCode;
  for (const signal of stopSignals) process.removeAllListeners(signal);
  setTimeout(() => process.exit(exitCode), lingerMs).unref();
}

/** Ends the process at once. */
export function exitNow(exitCode: number, reason: string): never {
  const action = suddenEnd;
  suddenEnd = undefined;
  action?.(exitCode, reason);
  process.exit(exitCode);
}

let suddenEnd: SuddenEnd | undefined;

const stopSignals = Object.keys(exitCodeOfSignal) as StopSignal[];

/** The first signal asks for a clean stop, which may take `cleanStopMs`; any later one ends the process at once. */
function watchSignals(): Pick<Environment, 'interrupted' | 'postponeExit'> {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // each of several torrents listens
  let exitTimer: NodeJS.Timeout | undefined;
  for (const signal of stopSignals) {
    process.on(signal, () => {
      const exitCode = exitCodeOfSignal[signal];
      if (controller.signal.aborted) exitNow(exitCode, `stopped by a second signal, ${signal}`);
      exitTimer = setTimeout(() => exitNow(exitCode, `stopped by ${signal}; stopping cleanly took too long`), cleanStopMs).unref();
      controller.abort(new Interruption(signal));
    });
  }
  return { interrupted: controller.signal, postponeExit: () => void exitTimer?.refresh() };
}

function readStdin(signal: AbortSignal): AsyncIterable<Uint8Array> {
  signal.addEventListener('abort', () => process.stdin.destroy(signal.reason as Error), { once: true });
  return process.stdin;
}

type StandardStream = NodeJS.WriteStream & { readonly fd: number };

function dataOutput(stream: StandardStream): DataOutput {
  return { isTerminal: isatty(stream.fd), write: writerOf(stream, 'stdout') };
}

/** How to write to `stream`, which is called `name`; once a write has failed, all do. */
export function writerOf(stream: NodeJS.WritableStream, name: string): DataOutput['write'] {
  // Each write learns of its own failure; without a listener the stream would also crash the process.
  stream.on('error', () => undefined);
  let failure: OutputError | undefined;
  return (data) =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) return reject(failure);
      stream.write(data, (error) => {
        if (error === null || error === undefined) return resolve();
        failure ??= new OutputError(error, name);
        reject(failure);
      });
    });
}

function talkOutput(stream: StandardStream): TalkOutput {
  stream.on('error', () => undefined);
  return {
    isTerminal: isatty(stream.fd),
    stream,
    write: (text) => {
      if (stream.writable && stream.writableLength < talkBytes) stream.write(text);
    },
  };
}
