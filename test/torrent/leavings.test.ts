// What a download leaves behind in its process, whichever way it ended: nothing.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Download, type DownloadOptions, download, parseTorrent } from '../../src/index.ts';
import * as behaviours from '../support/behaviours.ts';
import { settle } from '../support/hand-clock.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';
import { FakeTracker } from '../support/tracker.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
/** Each of one download of every kind. The first ones compile code and open what the runtime keeps. */
const rounds = 6;
const warmUpRounds = 2;
/** Code that is still being compiled grows by 0.6 MiB in four rounds. The buffers of a single download are 4 MiB. */
const toleranceBytes = 2 * MiB;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('downloads that succeed, fail and are stopped leave no descriptor, timer, socket or memory behind', async (t) => {
  const torrent = makeTorrent({ name: 'leavings.bin', pieceLength: 256 * KiB, length: 4 * MiB });
  const metainfo = parseTorrent(torrent.bytes);
  const honest = [await Seeder.start({ torrent }), await Seeder.start({ torrent })];
  const slow = await Seeder.start({ torrent, rateBytesPerSecond: 2 * MiB });
  const corrupt = await Seeder.start({ torrent, behaviour: behaviours.corruptEvery(3) });
  const silent = await Seeder.start({ torrent, behaviour: behaviours.silent() });
  const tracker = await FakeTracker.start({ peers: honest });
  t.after(() => Promise.all([...honest, slow, corrupt, silent, tracker].map((server) => server.close())));
  const gone = await Seeder.start({ torrent });
  const nobody = gone.address;
  await gone.close();
  const directory = scratchDirectory(t);
  const notDirectory = path.join(directory, 'file');
  writeFileSync(notDirectory, '');

  const begun: WeakRef<Download>[] = [];
  // One signal for all, as a program that can be interrupted has.
  const { signal } = new AbortController();
  const begin = (options: Partial<DownloadOptions>): Download => {
    const outputDir = path.join(directory, String(begun.length));
    const running = download(metainfo, { outputDir, localDiscovery: false, stallTimeoutMs: 10_000, signal, ...options });
    begun.push(new WeakRef(running));
    return running;
  };
  const kinds: readonly (() => Promise<string>)[] = [
    () => outcomeOf(begin({ announce: [tracker.url], peers: [corrupt.address, silent.address] })),
    async () => {
      const running = begin({ peers: [slow.address] });
      for await (const event of running) if (event.type === 'piece') running.stop('stopped');
      return outcomeOf(running);
    },
    () => outcomeOf(begin({ peers: [slow.address], signal: AbortSignal.abort('aborted') })),
    () => outcomeOf(begin({ peers: [silent.address, nobody], stallTimeoutMs: 150 })),
    () => outcomeOf(begin({ peers: [slow.address], outputDir: path.join(notDirectory, 'below') })),
  ];

  const atFirst = await leavings();
  let warmedUp = atFirst;
  for (let round = 1; round <= rounds; round++) {
    const outcomes: string[] = [];
    for (const run of kinds) outcomes.push(await run());
    assert.deepEqual(outcomes, ['complete', 'stopped', 'aborted', 'no-source', 'mkdir-failed']);
    const now = await leavings(atFirst.resources);
    assert.equal(now.resources, atFirst.resources, `round ${round}`);
    if (round === warmUpRounds) warmedUp = now;
    if (round !== rounds) continue;
    assert.equal(now.descriptors, warmedUp.descriptors);
    assert.equal(begun.filter((reference) => reference.deref() !== undefined).length, 0, `downloads of ${begun.length} are still held`);
    assert.ok(now.bytes - warmedUp.bytes < toleranceBytes, `${now.bytes - warmedUp.bytes} bytes more`);
  }
});

async function outcomeOf(running: Download): Promise<string> {
  try {
    await running.result;
    return 'complete';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

interface Leavings {
  readonly descriptors: number;
  /** Sockets, timers and the like, by their names. */
  readonly resources: string;
  readonly bytes: number;
}

/** A socket that was closed is gone some turns later, its other end after that: so many turns of the event loop it may take. */
const turnsMax = 20_000;

/** What the process holds when nothing of it is about to go, which `expected` tells. */
async function leavings(expected?: string): Promise<Leavings> {
  const resourcesNow = (): string => process.getActiveResourcesInfo().toSorted().join(' ');
  const hasGone = (): boolean => expected === undefined || resourcesNow() === expected;
  for (let turn = 0; turn < turnsMax && !hasGone(); turn++) await settle();
  for (let collection = 0; collection < 3; collection++) {
    await settle();
    collectGarbage();
  }
  const { heapUsed, external } = process.memoryUsage();
  const descriptors = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0;
  return { descriptors, resources: resourcesNow(), bytes: heapUsed + external };
}
