// Proxies that nobody here wrote, each until its test is done.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';
import { closedPort } from '../tracker/loopback-server.ts';

/** microsocks on loopback, which connects from 127.0.0.9; resolves with its port when it listens. `more`: arguments beside. */
export function startMicrosocks(t: TestContext, ...more: readonly string[]): Promise<number> {
  return startProxy(t, 'microsocks', (port) => ['-i', '127.0.0.1', '-p', String(port), '-b', '127.0.0.9', ...more]);
}

/** Any proxy that listens on loopback at the port that its arguments name. */
export async function startProxy(t: TestContext, program: string, argumentsFor: (port: number) => readonly string[]): Promise<number> {
  const port = await closedPort();
  const proxy = spawn(program, argumentsFor(port), { stdio: 'ignore' });
  t.after(() => proxy.kill());
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const probe = net.connect(port, '127.0.0.1');
    const isUp = await once(probe, 'connect').then(
      () => true,
      () => false,
    );
    probe.destroy();
    if (isUp) return port;
    assert.equal(proxy.exitCode, null, `${program} ended`);
  }
  return assert.fail(`${program} does not listen`);
}
