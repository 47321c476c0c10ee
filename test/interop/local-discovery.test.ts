// Local discovery on a network of two machines, with another ttorrent and with libtorrent: nobody is told of anybody, and there is no tracker.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, describe, test } from 'node:test';
import { clientsAreRequired, missingClient } from '../support/clients.ts';
import { eventsOf, readEvents } from '../support/events.ts';
import { type LocalNetwork, openLocalNetwork } from '../support/local-network.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { type RunningCli, type RunOptions, runCli, startCli, startProgram } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';

// Two that dial each other at once may each close the other's connection, and come back after half a minute.
const discovering = { env: { TTORRENT_LSD: undefined }, timeoutMs: 90_000 };
const shape = { name: 'image.iso', pieceLength: 65_536, length: 1_500_000 };

/** A torrent, the directory with its content, and one for a download. */
function prepare(t: TestContext, isPrivate = false): { torrent: string; content: string; output: string } {
  const scratch = scratchDirectory(t);
  const [torrent, content, output] = [path.join(scratch, 'image.torrent'), path.join(scratch, 'content'), path.join(scratch, 'output')];
  for (const directory of [content, output]) mkdirSync(directory);
  const made = makeTorrent({ ...shape, info: isPrivate ? { private: 1 } : {} });
  writeFileSync(torrent, made.bytes);
  writeFileSync(path.join(content, shape.name), made.read(0, shape.length));
  return { torrent, content, output };
}

async function network(t: TestContext, family: 'IPv4' | 'IPv6'): Promise<LocalNetwork | undefined> {
  const opened = await openLocalNetwork(family);
  if (typeof opened !== 'string') {
    t.after(() => opened.close());
    return opened;
  }
  assert.ok(!clientsAreRequired, opened);
  t.skip(opened);
  return undefined;
}

/** Until the test is over. */
function keep(t: TestContext, running: RunningCli): RunningCli {
  t.after(async () => {
    running.child.kill('SIGTERM');
    await running.finished;
  });
  return running;
}

function libtorrent(t: TestContext, directory: string, torrent: string, options: RunOptions): RunningCli {
  const tool = ['/usr/bin/python3', path.resolve('test/support/libtorrent-tool.py'), 'join', 'lsd', '6889', '0', directory, torrent];
  return keep(t, startProgram(['timeout', '100', ...tool], options));
}

for (const family of ['IPv4', 'IPv6'] as const) {
  describe(`local discovery over ${family}`, () => {
    test('two ttorrents find each other', async (t) => {
      const lan = await network(t, family);
      if (lan === undefined) return;
      const { torrent, content, output } = prepare(t);
      const seeding = keep(t, startCli(['seed', torrent, '-o', content, '-v'], { ...discovering, wrapper: lan.there }));
      await seeding.stderrMatches(/seeding/);
      const { exitCode, stdout, stderr } = await runCli(['get', torrent, '-o', output, '--json'], { ...discovering, wrapper: lan.here });
      assert.equal(exitCode, 0, stderr);
      // Whoever hears the other first connects: either is found.
      const origins = eventsOf(readEvents(stdout), 'source').map(({ kind, change }) => `${String(kind)} ${String(change)}`);
      assert.ok(origins.includes('peer connected'), origins.join());
    });

    test('ttorrent downloads from libtorrent', { skip: missingClient('libtorrent') ?? false }, async (t) => {
      const lan = await network(t, family);
      if (lan === undefined) return;
      const { torrent, content, output } = prepare(t);
      libtorrent(t, content, torrent, { wrapper: lan.there, timeoutMs: 100_000 });
      const { exitCode, stderr } = await runCli(['get', torrent, '-o', output], { ...discovering, wrapper: lan.here });
      assert.equal(exitCode, 0, stderr);
    });

    test('libtorrent downloads from ttorrent', { skip: missingClient('libtorrent') ?? false }, async (t) => {
      const lan = await network(t, family);
      if (lan === undefined) return;
      const { torrent, content, output } = prepare(t);
      libtorrent(t, output, torrent, { wrapper: lan.there, timeoutMs: 100_000 });
      // It ends when libtorrent has all of it.
      const args = ['seed', torrent, '-o', content, '--seed-ratio', '1', '--json', '-v'];
      const { exitCode, stdout, stderr } = await runCli(args, { ...discovering, wrapper: lan.here });
      assert.equal(exitCode, 0, stderr);
      const clients = eventsOf(readEvents(stdout), 'source').map(({ message }) => String(message));
      assert.ok(
        clients.some((client) => client.startsWith('libtorrent')),
        clients.join(),
      );
    });
  });
}

test('nobody is found with --no-lsd, and not for a private torrent: there is nobody to wait for', async (t) => {
  const lan = await network(t, 'IPv4');
  if (lan === undefined) return;
  for (const [isPrivate, options] of [
    [true, []],
    [false, ['--no-lsd']],
  ] as const) {
    const { torrent, content, output } = prepare(t, isPrivate);
    const seeding = keep(t, startCli(['seed', torrent, '-o', content, '-v'], { ...discovering, wrapper: lan.there }));
    await seeding.stderrMatches(/seeding/);
    const { exitCode, stderr } = await runCli(['get', torrent, '-o', output, ...options], { ...discovering, wrapper: lan.here });
    assert.equal(exitCode, 40, stderr);
  }
});

test('without a network it is silent, but for -v', async (t) => {
  const lan = await network(t, 'IPv4');
  if (lan === undefined) return;
  const { torrent, output } = prepare(t);
  const lonely = { ...discovering, wrapper: [...lan.here, 'unshare', '--net'] };
  const { exitCode, stderr } = await runCli(['get', torrent, '-o', output], lonely);
  assert.equal(exitCode, 40, stderr);
  assert.doesNotMatch(stderr, /local discovery/);
  const verbose = await runCli(['get', torrent, '-o', output, '-v'], lonely);
  assert.match(verbose.stderr, /local discovery failed: no network to speak to/);
});
