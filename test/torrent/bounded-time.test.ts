// The bounds on a download's time, each on a hand-turned clock: it ends at its moment, and not before. The peer is real and
// gives nothing; only the time is made up.

import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { TtorrentError } from '../../src/errors.ts';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { Download } from '../../src/torrent/download.ts';
import type { DownloadOptions } from '../../src/torrent/options.ts';
import { neverUnchoke } from '../support/behaviours.ts';
import { HandClock } from '../support/hand-clock.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';
import { seededRandom } from '../support/simulated-torrent.ts';

const torrent = makeTorrent({ name: 'f', pieceLength: 32_768, length: 300_000 });

interface Connected {
  readonly clock: HandClock;
  /** The code it ended with; undefined as long as it has not. */
  code(): string | undefined;
  /** The same, when it has ended; saving and closing take the machine's own time. */
  readonly ended: Promise<string>;
}

/** A download from a peer that never gives anything, at the moment when it is connected. */
async function connected(t: TestContext, options: Partial<DownloadOptions>): Promise<Connected> {
  const seeder = await Seeder.start({ torrent, behaviour: neverUnchoke() });
  t.after(() => seeder.close());
  const clock = new HandClock();
  const outputDir = scratchDirectory(t);
  const running = new Download(
    parseTorrent(torrent.bytes),
    { outputDir, localDiscovery: false, peers: [seeder.address], ...options },
    clock,
    seededRandom(1),
  );
  let code: string | undefined;
  const ended = running.result.then(
    () => 'complete',
    (error: TtorrentError) => (code = error.code),
  );
  t.after(() => {
    running.stop();
    return ended;
  });
  for await (const event of running) if (event.type === 'peer' && event.change === 'connected') break;
  return { clock, code: () => code, ended };
}

describe('the bounds on a download’s time', () => {
  it('the deadline ends it at its moment, and not before', async (t) => {
    const download = await connected(t, { deadlineMs: 60_000, stallTimeoutMs: 0 });
    await download.clock.run(59_999);
    assert.equal(download.code(), undefined);
    await download.clock.run(1);
    assert.equal(await download.ended, 'deadline-reached');
  });

  it('the stall timeout ends it when nothing came for so long', async (t) => {
    const download = await connected(t, { stallTimeoutMs: 30_000 });
    await download.clock.run(29_900);
    assert.equal(download.code(), undefined);
    await download.clock.run(200);
    assert.equal(await download.ended, 'stalled');
  });

  it('the minimum rate ends it after a whole window below', async (t) => {
    const download = await connected(t, { stallTimeoutMs: 0, minRate: { bytesPerSecond: 1, windowMs: 20_000 } });
    await download.clock.run(19_900);
    assert.equal(download.code(), undefined);
    await download.clock.run(200);
    assert.equal(await download.ended, 'below-min-rate');
  });

  it('without a bound it goes on for an hour', async (t) => {
    const download = await connected(t, { stallTimeoutMs: 0 });
    await download.clock.run(3_600_000);
    assert.equal(download.code(), undefined);
  });
});
