// Runs the built command line as a child process, as a user or a script would: exit code, stdout and stderr are what is tested. Event lines
// that a run leaves on stdout or in a file are held against the schema here, whatever the test is about.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEventLines, readEvents } from './events.ts';

/** What is published: the bundle. */
const builtCli = fileURLToPath(new URL('../../bundle/ttorrent.js', import.meta.url));

const brokenPipe = 141;

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The child is killed after so long, and `timedOut` is set. Default: 60 s. */
  readonly timeoutMs?: number;
  /** Written to its stdin, which is then closed. Default: nothing. */
  readonly stdin?: string | Uint8Array;
  /** Options of Node itself, before the program. */
  readonly nodeOptions?: readonly string[];
  /** Put before the command line: a program that runs another, such as `nsenter`. */
  readonly wrapper?: readonly string[];
}

/** Options of Node that make it run `script`, a module's text, before the program. */
export function preload(script: string): readonly string[] {
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`];
}

/** How a run ended. */
export interface RunResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly durationMs: number;
}

/** A run that is under way. */
export interface RunningCli {
  readonly child: ChildProcess;
  readonly finished: Promise<RunResult>;
  /** Resolves when stderr so far matches; rejects when the program ends without it. */
  stderrMatches(pattern: RegExp): Promise<void>;
}

/** Runs `ttorrent` with `args` to its end. */
export function runCli(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return startCli(args, options).finished;
}

/** Starts `ttorrent` with `args`; the test sends it signals through `child`. */
export function startCli(args: readonly string[], options: RunOptions = {}): RunningCli {
  return startProgram([process.execPath, ...(options.nodeOptions ?? []), builtCli, ...args], options);
}

/** Starts any program the same way. */
export function startProgram(command: readonly string[], options: RunOptions = {}): RunningCli {
  const [program = '', ...args] = [...(options.wrapper ?? []), ...command];
  const begunMs = performance.now();
  const child = spawn(program, args, { cwd: options.cwd, env: childEnvironment(options.env), stdio: 'pipe' });
  let timedOut = false;
  const timeout = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, options.timeoutMs ?? 60_000);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  child.stdin.on('error', () => {}); // it may end without reading its input
  child.stdin.end(options.stdin ?? '');
  const finished = new Promise<RunResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      const result = { exitCode, signal, stdout: stdout.text(), stderr: stderr.text(), timedOut, durationMs: performance.now() - begunMs };
      try {
        for (const text of [result.stdout, eventsInFile(command, options)]) checkEvents(text, result);
        resolve(result);
      } catch (error) {
        reject(error);
      }
    });
  }).finally(() => clearTimeout(timeout));
  finished.catch(() => {}); // whoever started it awaits `finished` in time; a failed start must not count as unhandled before
  return { child, finished, stderrMatches: (pattern) => stderr.matches(pattern) };
}

/** Throws unless `text`, if it is events, has valid ones only, and all of them when the run could say all. */
function checkEvents(text: string, { exitCode }: RunResult): void {
  if (!/^\{"v":\d+,"type":/.test(text)) return;
  const couldSayAll = exitCode !== null && exitCode !== brokenPipe;
  (couldSayAll ? readEvents : readEventLines)(text);
}

/** What stands in the file that `--events` names; nothing when there is none. */
function eventsInFile(command: readonly string[], { cwd = '.' }: RunOptions): string {
  const name = command[command.indexOf('--events') + 1];
  if (!command.includes('--events') || name === undefined) return '';
  const file = path.resolve(cwd, name);
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(file, 'utf8') : '';
}

/** No colours, no settings, no CI, and no variables of npm or of the test runner, so that a run is the same everywhere. */
function childEnvironment(added: RunOptions['env'] = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_TEST_CONTEXT$|NODE_OPTIONS$|FORCE_COLOR$|NO_COLOR$|CI$|TTORRENT_)/.test(name),
  );
  // Complete downloads are remembered nowhere unless a test says where, and nothing is said to the machine's network.
  return { ...Object.fromEntries(own), TTORRENT_CONFIG: '', TTORRENT_LSD: 'no', XDG_STATE_HOME: '/dev/null', ...added };
}

interface Collected {
  text(): string;
  matches(pattern: RegExp): Promise<void>;
}

function collect(stream: NodeJS.ReadableStream): Collected {
  const chunks: Buffer[] = [];
  const text = (): string => Buffer.concat(chunks).toString('utf8');
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const matches = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!pattern.test(text())) return;
        settle();
        resolve();
      };
      const giveUp = (): void => {
        settle();
        reject(new Error(`stderr ended without ${pattern}; it was:\n${text()}`));
      };
      const settle = (): void => {
        stream.off('data', look);
        stream.off('end', giveUp);
      };
      stream.on('data', look);
      stream.on('end', giveUp);
      look();
    });
  return { text, matches };
}
