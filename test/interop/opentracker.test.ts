// opentracker, over HTTP and UDP: one of us seeds by its word, another finds it there. Debian's build serves IPv4 only and the infohashes of a
// list; a build with WANT_V6 on the PATH as `opentracker-ipv6` has the same asked of it over IPv6.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { contentFaults, writeContent } from '../support/content-files.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { isInstalled, skipWithout } from '../support/programs.ts';
import { runCli, startCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { closedPort } from '../tracker/loopback-server.ts';

const shape = { name: 'f.bin', pieceLength: 16_384, length: 200_000 };
const torrent = makeTorrent(shape);

/** Starts it, until the test is done; resolves with its port, for TCP and UDP, when it listens. */
async function startTracker(t: TestContext, program: string, host: string): Promise<number> {
  const directory = scratchDirectory(t);
  chmodSync(directory, 0o755); // it gives up being root
  writeFileSync(path.join(directory, 'served'), `${torrent.infohash.toString('hex')}\n`);
  const port = await closedPort();
  const list = program === 'opentracker' ? ['-w', 'served'] : [];
  const args = ['120', program, '-i', host, '-p', String(port), '-P', String(port), '-d', directory, ...list];
  const child = spawn('timeout', args, { stdio: 'ignore', cwd: directory });
  const closed = once(child, 'close');
  t.after(async () => {
    child.kill('SIGTERM');
    await closed;
  });
  while (child.exitCode === null && !(await accepts(host, port))) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(child.exitCode, null, `${program} ended`);
  return port;
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

for (const [program, host, literal, skip] of [
  ['opentracker', '127.0.0.1', '127.0.0.1', skipWithout('opentracker')],
  ['opentracker-ipv6', '::1', '[::1]', isInstalled('opentracker-ipv6') ? false : 'not installed: opentracker-ipv6'],
] as const) {
  test(`seeds, finds peers and scrapes by ${program} over UDP and HTTP`, { skip }, async (t) => {
    const port = await startTracker(t, program, host);
    const urls = ['udp', 'http'].map((scheme) => `${scheme}://${literal}:${port}/announce`);
    const directory = scratchDirectory(t);
    const files = urls.map((url, index) => {
      const file = path.join(directory, `${index}.torrent`);
      writeFileSync(file, makeTorrent({ ...shape, trackers: [[url]] }).bytes);
      return file;
    });
    const [byUdp = '', byHttp = ''] = files;
    const content = path.join(directory, 'content');
    writeContent(torrent, content);
    // Each way of announcing a seed is found by the other.
    for (const [announced, sought] of [
      [byUdp, byHttp],
      [byHttp, byUdp],
    ] as const) {
      const seed = startCli(['seed', announced, '-o', content, '-v', '--recheck'], { cwd: directory });
      await seed.stderrMatches(/ named \d+ peer/);
      const out = path.join(directory, path.basename(sought, '.torrent'));
      const got = await runCli(['get', sought, '-o', out, '--deadline', '30s'], { cwd: directory });
      assert.equal(got.exitCode, 0, got.stderr);
      assert.deepEqual(contentFaults(torrent, out), []);
      for (const file of files) {
        const { exitCode, stdout, stderr } = await runCli(['peers', file], { cwd: directory });
        assert.equal(exitCode, 0, stderr);
        assert.match(stdout, new RegExp(`^${literal.replace(/[[\]]/g, '\\$&')}:\\d+\n$`), 'the seed, and neither who left nor we');
      }
      seed.child.kill('SIGTERM');
      await seed.finished;
      const scrape = await runCli(['scrape', announced, '-a', urls[0] ?? '', '-a', urls[1] ?? ''], { cwd: directory });
      assert.equal(scrape.exitCode, 0, scrape.stderr);
      const downloads = announced === byUdp ? 1 : 2;
      assert.equal(scrape.stdout, urls.map((url) => `0\t0\t${downloads}\t${url}\n`).join(''), 'all have taken their leave');
    }
  });
}
