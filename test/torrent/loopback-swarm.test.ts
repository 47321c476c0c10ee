// Whole downloads through the library, from scripted seeders on loopback.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { download } from '../../src/torrent/download.ts';
import type { DownloadEvent, DownloadProgress } from '../../src/torrent/events.ts';
import * as behaviours from '../support/behaviours.ts';
import { type MadeTorrent, makeTorrent } from '../support/make-torrent.ts';
import { runCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { type Behaviour, Seeder, type SeederOptions } from '../support/seeder.ts';

interface Outcome {
  readonly progress: DownloadProgress;
  readonly durationMs: number;
  readonly banned: string[];
}

/** Starts one seeder for each of `swarm` and downloads from them; fails unless every byte is right. */
async function downloadFrom(
  t: TestContext,
  torrent: MadeTorrent,
  swarm: readonly Partial<SeederOptions>[],
  onSeeders: (seeders: Seeder[]) => void = () => {},
): Promise<Outcome> {
  const seeders = await Promise.all(swarm.map((options) => Seeder.start({ torrent, ...options })));
  t.after(() => Promise.all(seeders.map((seeder) => seeder.close())));
  onSeeders(seeders);
  const outputDir = scratchDirectory(t);
  const startedMs = performance.now();
  const running = download(parseTorrent(torrent.bytes), {
    outputDir,
    localDiscovery: false,
    peers: seeders.map((seeder) => seeder.address),
    stallTimeoutMs: 30_000,
  });
  const events: DownloadEvent[] = [];
  for await (const event of running) events.push(event);
  const { progress } = await running.result;
  const durationMs = performance.now() - startedMs;
  const sum = createHash('sha256')
    .update(readFileSync(path.join(outputDir, torrent.name)))
    .digest('hex');
  assert.equal(sum, createHash('sha256').update(torrent.read(0, torrent.totalLength)).digest('hex'));
  return { progress, durationMs, banned: events.flatMap((event) => (event.type === 'banned' ? [event.peer] : [])) };
}

/** A time is a fact of the program only when the machine had nothing else to do: one of three tries must be quick enough. */
async function soonEnough(limitMs: number, attempt: () => Promise<number>): Promise<void> {
  const tookMs: number[] = [];
  while (tookMs.length < 3) {
    tookMs.push(await attempt());
    if ((tookMs.at(-1) ?? 0) <= limitMs) return;
  }
  assert.fail(`took ${tookMs.map(Math.round).join(', ')} ms, at most ${limitMs} expected`);
}

const MiB = 2 ** 20;
const small = makeTorrent({ name: 'small.bin', pieceLength: 64 * 1024, length: 8 * MiB + 1 });

describe('download on loopback', () => {
  it('adds up the rates of eight throttled seeders, within 1.15 times the ideal', async (t) => {
    const torrent = makeTorrent({ name: 'f', pieceLength: 256 * 1024, length: 32 * MiB });
    const swarm = Array.from({ length: 8 }, () => ({ rateBytesPerSecond: MiB }));
    await soonEnough(4000 * 1.15, async () => {
      const { durationMs, progress } = await downloadFrom(t, torrent, swarm);
      assert.ok(progress.wastedBytes <= 0.01 * torrent.totalLength, `wasted ${progress.wastedBytes}`);
      return durationMs;
    });
  });

  it('completes from two peers with complementary halves', async (t) => {
    await downloadFrom(t, small, [{ has: (piece) => piece % 2 === 0 }, { has: (piece) => piece % 2 === 1 }]);
  });

  it('completes although every connection is cut each second', async (t) => {
    const cutEachSecond = { rateBytesPerSecond: MiB, behaviour: behaviours.dropEvery(1000) };
    await downloadFrom(t, small, [cutEachSecond, cutEachSecond, cutEachSecond]);
  });

  it('bans exactly the one corrupt peer of three', async (t) => {
    let corrupt = '';
    const { banned } = await downloadFrom(t, small, [{}, { behaviour: behaviours.corruptEvery(1) }, {}], (seeders) => {
      corrupt = seeders[1]?.address ?? '';
    });
    assert.deepEqual(banned, [corrupt]);
  });

  const bad: readonly [name: string, behaviour: Behaviour][] = [
    ['a silent peer', behaviours.silent()],
    ['a choking peer', behaviours.neverUnchoke()],
    ['a peer that stalls', behaviours.stallAfter(3)],
    ['a peer that sends a byte a second', behaviours.drip(1)],
    ['a peer that chokes and unchokes without end', behaviours.chokeFlapping(5)],
    ['a peer that rejects everything', behaviours.rejectAll()],
    ['a peer that claims to have nothing', behaviours.hasNothing()],
  ];
  for (const [name, behaviour] of bad) {
    it(`lets ${name} beside an honest one cost less than a second`, async (t) => {
      const honest = { rateBytesPerSecond: 8 * MiB };
      // The honest peer alone takes one second.
      await soonEnough(2000, async () => (await downloadFrom(t, small, [honest, { behaviour }])).durationMs);
    });
  }

  it('completes with an honest slow peer among peers of every hostile kind', async (t) => {
    const hostile = [
      ...bad.map(([, behaviour]) => behaviour),
      behaviours.garbage(),
      behaviours.oversizedPrefix(),
      behaviours.unsolicited(1000),
      behaviours.duplicateBlocks(),
      behaviours.badHave(),
      behaviours.corruptEvery(1),
      behaviours.corruptEvery(7),
      behaviours.dropAfter(5),
      behaviours.dropEvery(100),
    ];
    const swarm = [{ rateBytesPerSecond: 2 * MiB }, ...Array.from({ length: 3 }, () => hostile.map((behaviour) => ({ behaviour }))).flat()];
    const { durationMs } = await downloadFrom(t, small, swarm);
    assert.ok(durationMs < 8000 + 4000, `took ${durationMs} ms`);
  });

  it('completes alone with a peer that sends unasked and duplicate blocks', async (t) => {
    await downloadFrom(t, small, [{ behaviour: behaviours.unsolicited(50) }]);
    await downloadFrom(t, small, [{ behaviour: behaviours.duplicateBlocks() }]);
  });

  it('makes do with few descriptors, however many peers there are', async (t) => {
    const torrent = makeTorrent({ name: 'many.bin', pieceLength: 64 * 1024, length: 4 * MiB });
    const seeders = await Promise.all(Array.from({ length: 120 }, () => Seeder.start({ torrent, rateBytesPerSecond: MiB / 16 })));
    t.after(() => Promise.all(seeders.map((seeder) => seeder.close())));
    const directory = scratchDirectory(t);
    const torrentFile = path.join(directory, 'many.torrent');
    writeFileSync(torrentFile, torrent.bytes);
    const peers = seeders.flatMap((seeder) => ['--peer', seeder.address]);
    const { exitCode, stderr } = await runCli(['get', torrentFile, '-o', directory, ...peers], {
      wrapper: ['sh', '-c', 'ulimit -n 80; exec "$@"', 'sh'],
    });
    assert.equal(exitCode, 0, stderr);
  });

  it('works with peers that speak neither the fast nor the extension protocol', async (t) => {
    await downloadFrom(t, small, [{ fast: false, extended: false }]);
  });
});
