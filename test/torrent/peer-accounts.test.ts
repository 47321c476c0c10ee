// What a download says of its peers, brought about by scripted seeders on loopback.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, describe, it } from 'node:test';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { type Download, download } from '../../src/torrent/download.ts';
import { chokeAfter, corruptEvery, dropAfter, garbage, hasNothing, neverUnchoke, stallAfter } from '../support/behaviours.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { type Behaviour, Seeder } from '../support/seeder.ts';

const torrent = makeTorrent({ name: 'f', pieceLength: 32_768, length: 300_000 });
const other = makeTorrent({ name: 'other', pieceLength: 32_768, length: 300_000 });

async function seeder(t: TestContext, behaviour: Behaviour = {}, of = torrent): Promise<string> {
  const started = await Seeder.start({ torrent: of, behaviour });
  t.after(() => started.close());
  return started.address;
}

/** A port on which nobody listens. */
async function closedPort(): Promise<string> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

/** The download from `peers`, ended. */
async function ended(t: TestContext, peers: readonly string[], stallTimeoutMs = 1500): Promise<{ running: Download; message: string }> {
  const running = download(parseTorrent(torrent.bytes), { outputDir: scratchDirectory(t), localDiscovery: false, peers, stallTimeoutMs });
  const message = await running.result.then(
    () => '',
    (error: Error) => error.message,
  );
  return { running, message };
}

describe('the accounts of peers', () => {
  it('tell in what way each peer failed', async (t) => {
    const peers = {
      refused: await closedPort(),
      'choked-us': await seeder(t, neverUnchoke()),
      'had-nothing': await seeder(t, hasNothing()),
      stalled: await seeder(t, stallAfter(0)),
      'not-this-torrent': await seeder(t, garbage()),
      'no-handshake': await seeder(t, {}, other),
      disconnected: await seeder(t, dropAfter(0)),
    };
    const { running, message } = await ended(t, Object.values(peers), 2_000);
    const fates = new Map(running.peers().map(({ peer, fate }) => [peer, fate]));
    const found = Object.fromEntries(Object.entries(peers).map(([fate, address]) => [fate, fates.get(address)]));
    assert.deepEqual(found, Object.fromEntries(Object.keys(peers).map((fate) => [fate, fate])));
    for (const words of ['7 peers tried', '1 refused', '1 choked us for', '1 owed us blocks for', '1 disconnected'])
      assert.ok(message.includes(words), message);
  });

  it('count who gave data and chokes us then as one that gave data', async (t) => {
    const { running, message } = await ended(t, [await seeder(t, chokeAfter(1))]);
    const [{ fate, downloadedBytes } = assert.fail('no peer is told of')] = running.peers();
    assert.deepEqual([fate, downloadedBytes], ['serving', 16_384]);
    assert.match(message, /; 1 peer tried: 1 gave 16\.0 KiB \(the last [\d.]+s ago\)$/);
  });

  it('tell who sent bad data, how much came and when it began', async (t) => {
    const liar = await seeder(t, corruptEvery(1));
    const honest = await seeder(t);
    const { running, message } = await ended(t, [liar, honest], 10_000);
    assert.equal(message, '');
    const accounts = new Map(running.peers().map((account) => [account.peer, account]));
    const bad = accounts.get(liar);
    const good = accounts.get(honest);
    assert.ok(bad !== undefined && good !== undefined);
    if (bad.badPieces > 0) assert.equal(bad.fate, 'sent-bad-data');
    assert.deepEqual([good.fate, good.badPieces, good.origin], ['serving', 0, 'user']);
    assert.equal(bad.downloadedBytes + good.downloadedBytes, running.progress().downloadedBytes);
    assert.ok((good.firstBlockMs ?? 0) > 0 && (good.firstBlockMs ?? 0) <= running.progress().elapsedMs);
  });
});
