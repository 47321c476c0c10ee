// A network namespace for tests with real clients: its only interface is a loopback one with addresses of its own, so that nothing in it
// can reach the outside, and nothing is left when the test ends, however it ends. Transmission needs it: it never talks to peers on
// 127.0.0.0/8.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** See the head of this file. */
export class PrivateNetwork {
  /** What to put before a command to run it in the network. */
  readonly wrapper: readonly string[];
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess, wrapper: readonly string[]) {
    this.#holder = holder;
    this.wrapper = wrapper;
  }

  /**
   * One of its 99 addresses, from 1 on. A connection to one also comes from it, so that two connections to different addresses look like
   * two hosts to whoever accepts them.
   */
  static address(index: number): string {
    return `10.77.0.${index}`;
  }

  /** A fresh network, or one line that says why this machine cannot have one. */
  static async open(): Promise<PrivateNetwork | string> {
    const isRoot = process.getuid?.() === 0;
    const unshare = isRoot ? ['--net'] : ['--net', '--user', '--map-root-user'];
    // The shell holds the namespace open until its standard input, our end of the pipe, is closed: by us, or by our death.
    const setUp = 'ip link set lo up && for i in $(seq 99); do ip address add 10.77.0.$i/32 dev lo; done && echo up && read -r _';
    const holder = spawn('unshare', [...unshare, 'sh', '-c', setUp], { stdio: ['pipe', 'pipe', 'pipe'] });
    const stderr: Buffer[] = [];
    holder.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    const outcome = await Promise.race([
      once(holder.stdout, 'data').then(() => 'up'),
      once(holder, 'close').then(() => Buffer.concat(stderr).toString('utf8').trim()),
      once(holder, 'error').then(([error]: Error[]) => error?.message ?? 'failed'),
    ]).catch((error: Error) => error.message);
    if (outcome !== 'up') return `a network namespace cannot be made here (needs root and iproute2): ${outcome}`;
    const joinUser = isRoot ? [] : ['--user', '--preserve-credentials'];
    return new PrivateNetwork(holder, ['nsenter', '--net', ...joinUser, '--target', String(holder.pid), '--']);
  }

  /** A process in it, by which tools name it. */
  get pid(): number | undefined {
    return this.#holder.pid;
  }

  async close(): Promise<void> {
    const closed = once(this.#holder, 'close');
    this.#holder.stdin?.end();
    await closed;
  }
}
