// A download whose trackers are mostly dead begins soon all the same (BEP 12 tiers of HTTP and UDP). "Soon" is when the good tracker is asked,
// by its own clock; what is asserted is an order of magnitude, not a speed.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { closedPort, serveRaw } from '../tracker/loopback-server.ts';
import { eventsOf, readEvents } from '../support/events.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { runCli } from '../support/run-cli.ts';
import { Seeder } from '../support/seeder.ts';
import { FakeUdpTracker } from '../support/udp-tracker.ts';
import { workDirectory } from '../support/work-directory.ts';

/** Milliseconds until the first byte of a download by these trackers; `good` is put into the last tier. */
async function firstByteMs(t: TestContext, dead: readonly string[]): Promise<number> {
  const shape = { name: 'f', pieceLength: 16_384, length: 50_000 };
  const seeder = await Seeder.start({ torrent: makeTorrent(shape) });
  t.after(() => seeder.close());
  const good = await FakeUdpTracker.start(t, { peers: [seeder] });
  const torrent = makeTorrent({ ...shape, trackers: [...dead, good.url].map((url) => [url]) });
  const args = ['get', 'a.torrent', '-o', 'out', '--json', '--deadline', '25s', '--piece-events'];
  const { exitCode, stdout, stderr } = await runCli(args, { cwd: workDirectory(t, torrent.bytes) });
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(good.events, ['started', 'completed', 'stopped']);
  const [first] = eventsOf(readEvents(stdout), 'piece');
  assert.ok(typeof first?.['t'] === 'number');
  return first['t'];
}

test('a tracker that hangs, one that refuses and then one over UDP: the first byte within 6 s', async (t) => {
  const hanging = await serveRaw(t, () => {});
  const ms = await firstByteMs(t, [`${hanging.origin}/announce`, `http://127.0.0.1:${await closedPort()}/announce`]);
  assert.ok(ms < 6_000, `${ms} ms`);
});

test('20 dead trackers of every kind before the good one: the first byte within 10 s', async (t) => {
  const hanging = await serveRaw(t, () => {});
  const silent = await FakeUdpTracker.start(t, { reply: () => {} });
  const kinds = [`${hanging.origin}/announce`, `udp://127.0.0.1:${silent.port}/announce`, `udp://[::1]:${await closedPort()}/announce`];
  const dead = Array.from({ length: 20 }, (_, index) => `${kinds[index % kinds.length]}/${index}`);
  const ms = await firstByteMs(t, dead);
  assert.ok(ms < 10_000, `${ms} ms`);
});
