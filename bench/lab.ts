// Where everything happens: directories, the compiled yardsticks, the network, and running a command in it with its cost measured.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { PrivateNetwork } from '../test/support/private-network.ts';

/** A command to measure. */
export interface Task {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The command goes on for ever: its work is done when this file appears. */
  readonly until?: string;
  /** Count the open files below this directory. */
  readonly countOpenBelow?: string;
  /** Default: 3 minutes. */
  readonly limitMs?: number;
}

/** What it cost. Times of the kernel's monotonic clock. */
export interface Cost {
  readonly startMs: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly openFiles: number;
  readonly exitCode: number;
  /** The last line that it wrote to stderr, or that it took too long. */
  readonly stderr: string;
  readonly stdout: string;
}

/** A helper that runs until it is stopped. */
export interface Service {
  /** What it has printed so far, line by line. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

/** Each with the libraries to try in turn: the second finds OpenSSL where its development files are not installed. */
const yardsticks = { measure: [[]], seeder: [[]], floor: [['-lcrypto'], ['-l:libcrypto.so.3']] } as const;
const longestRunMs = 180_000;

/** See the head of this file. Made by `open`, removed by `close`. */
export class Lab {
  /** On a memory-backed file system where there is one: the disk must not decide. */
  readonly memory: string;
  /** On whatever disk the temporary directory is. */
  readonly disk: string;
  /** Why there is no network namespace; undefined when there is one. */
  readonly noNamespace: string | undefined;
  readonly #network: PrivateNetwork | undefined;
  readonly #missing = new Map<string, string>();
  #runs = 0;

  private constructor(network: PrivateNetwork | string) {
    this.#network = typeof network === 'string' ? undefined : network;
    this.noNamespace = typeof network === 'string' ? network : undefined;
    this.disk = mkdtempSync(path.join(os.tmpdir(), 'ttorrent-bench-'));
    this.memory = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/ttorrent-bench-') : path.join(this.disk, 'memory');
    mkdirSync(this.memory, { recursive: true });
    process.on('exit', () => this.#removeFiles());
    this.#compile();
  }

  static async open(): Promise<Lab> {
    return new Lab(await PrivateNetwork.open());
  }

  async close(): Promise<void> {
    await this.#network?.close();
    this.#removeFiles();
  }

  /** The path of a compiled yardstick. Throws with the compiler's words when there is none. */
  yardstick(name: keyof typeof yardsticks): string {
    const why = this.#missing.get(name);
    if (why !== undefined) throw new Error(why);
    return path.join(this.disk, name);
  }

  /** Why the yardstick cannot be used; undefined when it can. */
  missingYardstick(name: keyof typeof yardsticks): string | undefined {
    return this.#missing.get(name);
  }

  /** The `index`-th address (from 1) of a host in the network. Each looks like a host of its own to whoever it connects to. */
  address(index: number): string {
    return this.#network === undefined ? `127.0.0.${index}` : PrivateNetwork.address(index);
  }

  /** Throws when `bytes` more do not fit into memory. */
  requireRoom(bytes: number): void {
    const { bavail, bsize } = statfsSync(this.memory);
    if (bavail * bsize < bytes) throw new Error(`${this.memory} has no room for ${Math.ceil(bytes / 2 ** 20)} MiB: choose a smaller --mib`);
  }

  /** A fresh, empty directory. */
  directory(below: 'memory' | 'disk', name: string): string {
    const directory = path.join(this[below], name);
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    return directory;
  }

  /** Runs `task` to its end. */
  async measure(task: Task): Promise<Cost> {
    const resultFile = path.join(this.disk, `cost-${this.#runs++}`);
    const below = task.countOpenBelow ?? '-';
    const child = this.#spawn([this.yardstick('measure'), resultFile, task.until ?? '-', below, ...task.argv], task.env);
    child.stdin?.end();
    const stderr: Buffer[] = [];
    const stdout: Buffer[] = [];
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    const limitMs = task.limitMs ?? longestRunMs;
    let isOverdue = false;
    const limit = setTimeout(() => {
      isOverdue = true;
      child.kill('SIGTERM');
    }, limitMs);
    await once(child, 'close');
    clearTimeout(limit);
    const text = existsSync(resultFile) ? readFileSync(resultFile, 'utf8') : '';
    const [startMs, wallSeconds, user, system, peakKib, openFiles, exitCode] = text.trim().split(' ').map(Number);
    if (exitCode === undefined) throw new Error(`${task.argv[0]} could not be measured: ${Buffer.concat(stderr).toString('utf8')}`);
    return {
      startMs: startMs ?? 0,
      wallSeconds: wallSeconds ?? 0,
      cpuSeconds: (user ?? 0) + (system ?? 0),
      peakBytes: (peakKib ?? 0) * 1024,
      openFiles: openFiles ?? 0,
      exitCode,
      stderr: isOverdue ? `stopped, since it had not ended after ${limitMs / 1000} s` : lastLine(stderr),
      stdout: Buffer.concat(stdout).toString('utf8'),
    };
  }

  /** Starts a helper and waits for its line "ready". It must end when its standard input is closed, so that it dies with us. */
  async serve(argv: readonly string[]): Promise<Service> {
    const child = this.#spawn(argv);
    const lines: string[] = [];
    const closed = once(child, 'close');
    const stderr: Buffer[] = [];
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    if (child.stdout === null) throw new Error('a pipe was asked for');
    const reader = createInterface({ input: child.stdout });
    const isReady = await new Promise<boolean>((resolve) => {
      reader.on('line', (line) => {
        lines.push(line);
        if (line === 'ready') resolve(true);
      });
      child.once('close', () => resolve(false));
    });
    if (!isReady) throw new Error(`${argv.slice(0, 2).join(' ')} did not start: ${Buffer.concat(stderr).toString('utf8')}`);
    return {
      lines,
      stop: async () => {
        child.stdin?.end();
        await closed;
      },
    };
  }

  #spawn(argv: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const [program = '', ...args] = [...(this.#network?.wrapper ?? []), ...argv];
    // What is remembered of complete downloads goes with the lab.
    const own = { ...process.env, XDG_STATE_HOME: path.join(this.disk, 'state-home') };
    return spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...own, ...env } });
  }

  #compile(): void {
    for (const [name, alternatives] of Object.entries(yardsticks)) {
      const args = ['-O2', '-o', path.join(this.disk, name), path.resolve('bench/yardsticks', `${name}.c`)];
      const attempts = alternatives.map((libraries) => spawnSync('cc', [...args, ...libraries], { encoding: 'utf8' }));
      const best = attempts.find(({ status }) => status === 0) ?? attempts[0];
      if (best?.error !== undefined) this.#missing.set(name, 'no C compiler (cc) is installed');
      else if (best?.status !== 0) this.#missing.set(name, `${name}.c does not compile: ${best?.stderr.trim().split('\n').at(-1)}`);
    }
  }

  #removeFiles(): void {
    for (const directory of [this.memory, this.disk]) rmSync(directory, { recursive: true, force: true });
  }
}

function lastLine(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8').trim().split('\n').at(-1) ?? '';
}
