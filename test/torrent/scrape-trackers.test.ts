// The scrape of many trackers at once through the library. What trackers answer is tested in test/tracker/ and test/cli/.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { scrapeTrackers } from '../../src/torrent/scrape-trackers.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { closedPort } from '../tracker/loopback-server.ts';

test('a signal of the caller bears many trackers, and gives its reason', async (t) => {
  const port = await closedPort();
  const trackers = [Array.from({ length: 30 }, (_, i) => `http://127.0.0.1:${port}/${i}/announce`)];
  const metainfo = parseTorrent(makeTorrent({ name: 'a', pieceLength: 16_384, length: 1, trackers }).bytes);
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  t.after(() => process.off('warning', note));
  const controller = new AbortController();
  const scrapes = await scrapeTrackers(metainfo, { signal: controller.signal });
  assert.deepEqual(
    scrapes.map(({ outcome }) => outcome),
    trackers.flat().map(() => 'failed'),
  );
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(warnings, []);
  controller.abort(new Error('enough'));
  await assert.rejects(scrapeTrackers(metainfo, { signal: controller.signal }), /enough/);
});
