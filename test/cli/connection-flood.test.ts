// A listener open to the world: thousands of connections from hundreds of addresses, silent, noisy or greedy, beside an honest transfer.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeTorrent } from '../support/make-torrent.ts';
import { startCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';
import { closedPort } from '../tracker/loopback-server.ts';
import { encodeFrame, encodeHandshake, encodeNumbers, messageIds } from '../support/wire.ts';

const bytesPerSecond = 4 * 2 ** 20;
const torrent = makeTorrent({ name: 'image', pieceLength: 256 * 1024, length: 10 * bytesPerSecond });
const connections = 5_000;
const addresses = 500;

/** What a connection says at its start, by turns: nothing, noise, a handshake alone, and a handshake with a flood of requests. */
const openings: readonly (readonly Buffer[])[] = [
  [],
  [Buffer.alloc(500, 'GET / HTTP/1.1\r\n')],
  [encodeHandshake(torrent.infohash, Buffer.alloc(20, 1), { fast: true, extended: true })],
  [
    encodeHandshake(torrent.infohash, Buffer.alloc(20, 2), { fast: true, extended: false }),
    encodeFrame(messageIds.interested),
    ...Array.from({ length: 2_000 }, (_, i) => encodeNumbers(messageIds.request, i % 40, 0, 16_384)),
  ],
];

/** Half a thousand a second; each stays until its other end, or the test, closes it. */
async function flood(port: number, sockets: Set<net.Socket>, isOver: () => boolean): Promise<void> {
  for (let made = 0; made < connections && !isOver(); made++) {
    const localAddress = `127.9.${Math.floor((made % addresses) / 250)}.${1 + (made % 250)}`;
    const socket = net.connect({ host: '127.0.0.1', port, localAddress });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.pause(); // it takes nothing of what it asks for
    sockets.add(socket);
    for (const bytes of openings[made % openings.length] ?? []) socket.write(bytes);
    if (made % 50 === 49) await sleep(100);
  }
}

/** The largest resident set so far, in bytes; 0 where the system does not tell. */
function peakMemory(pid: number | undefined): number {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return 0;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0) * 1024;
}

test('5 000 connections from 500 addresses in ten seconds cost an honest transfer less than a tenth, and 256 MB at most', async (t) => {
  const seeder = await Seeder.start({ torrent, rateBytesPerSecond: bytesPerSecond });
  t.after(() => seeder.close());
  const output = scratchDirectory(t);
  const torrentFile = path.join(output, 'image.torrent');
  writeFileSync(torrentFile, torrent.bytes);
  const port = await closedPort();
  const options = ['--peer', seeder.address, '-p', String(port), '-v', '--json', '--no-fsync'];
  const running = startCli(['get', torrentFile, '-o', output, ...options]);
  t.after(() => running.child.kill('SIGKILL'));
  let isOver = false;
  const sockets = new Set<net.Socket>();
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  let memory = 0;
  // With every line of progress, since what has ended tells nothing more.
  running.child.stdout?.on('data', () => (memory = Math.max(memory, peakMemory(running.child.pid))));
  await running.stderrMatches(/^peer .* connected$/m); // it listens before it asks anybody
  const flooding = flood(port, sockets, () => isOver);
  const { exitCode, stdout, stderr } = await running.finished;
  isOver = true;
  await flooding;
  assert.equal(exitCode, 0, stderr);
  const verdict = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { totals: { durationMs: number } };
  const idealMs = (torrent.totalLength / bytesPerSecond) * 1000;
  assert.ok(verdict.totals.durationMs < idealMs / 0.9, `${verdict.totals.durationMs} ms for ${idealMs}`);
  assert.ok(memory < 256e6, `${memory} bytes`);
});
