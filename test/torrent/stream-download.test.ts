// Streams through the library, from scripted seeders on loopback.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { streamDownload } from '../../src/torrent/stream-download.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { Seeder, type SeederOptions } from '../support/seeder.ts';

const torrent = makeTorrent({ name: 'content.bin', pieceLength: 32_768, length: 3_000_000 });
const metainfo = parseTorrent(torrent.bytes);

async function seeder(t: TestContext, options: Partial<SeederOptions> = {}): Promise<Seeder> {
  const started = await Seeder.start({ torrent, ...options });
  t.after(() => started.close());
  return started;
}

test('gives the file as a web stream of verified bytes, and the result of the download', async (t) => {
  const { stream, download } = streamDownload(metainfo, { localDiscovery: false, peers: [(await seeder(t)).address] });
  const sum = createHash('sha256');
  const kept: Uint8Array[] = [];
  for await (const chunk of stream) {
    sum.update(chunk);
    kept.push(chunk);
  }
  assert.equal(sum.digest('hex'), createHash('sha256').update(torrent.read(0, torrent.totalLength)).digest('hex'));
  assert.ok(Buffer.concat(kept).equals(torrent.read(0, torrent.totalLength)), 'chunks stay as they were');
  const { files, progress } = await download.result;
  assert.deepEqual([files.map(({ path }) => path), progress.verifiedBytes], [['content.bin'], 3_000_000]);
});

test('asks for no more than the read-ahead beyond what was read', async (t) => {
  const peer = await seeder(t);
  const { stream, download } = streamDownload(metainfo, { localDiscovery: false, peers: [peer.address], readAheadBytes: 300_000 });
  let readBytes = 0;
  for await (const chunk of stream) {
    readBytes += chunk.length;
    // A piece beyond, for the chunk that is on its way to us.
    assert.ok(peer.counts.payloadSent <= readBytes + 300_000 + 32_768, `${peer.counts.payloadSent} sent, ${readBytes} read`);
  }
  await download.result;
  assert.equal(readBytes, 3_000_000);
});

test('a reader that cancels ends the download, and a signal fails the stream', async (t) => {
  const peer = await seeder(t, { rateBytesPerSecond: 500_000 });
  const cancelled = streamDownload(metainfo, { localDiscovery: false, peers: [peer.address] });
  const reader = cancelled.stream.getReader();
  await reader.read();
  await reader.cancel(new Error('seen enough'));
  await assert.rejects(cancelled.download.result, /seen enough/);

  const stop = new AbortController();
  const aborted = streamDownload(metainfo, { localDiscovery: false, peers: [peer.address], signal: stop.signal });
  const other = aborted.stream.getReader();
  await other.read();
  stop.abort(new Error('no more'));
  await assert.rejects(aborted.download.result, /no more/);
  await assert.rejects(async () => {
    while (!(await other.read()).done);
  }, /no more/);
});
