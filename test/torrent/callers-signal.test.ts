// The signal that a caller hands to a download.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { download } from '../../src/torrent/download.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { serveHttp } from '../tracker/loopback-server.ts';

const torrent = makeTorrent({ name: 'f', pieceLength: 32_768, length: 300_000 });

test("a timeout of the caller's comes, though nobody else holds its signal", async (t) => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: unknown = runInNewContext('gc');
  assert.ok(typeof collectGarbage === 'function');
  const busy = await serveHttp(t, (_, r) => void r.writeHead(503).end());
  const running = download(parseTorrent(torrent.bytes), {
    outputDir: scratchDirectory(t),
    webSeeds: [`http://127.0.0.1:${busy.port}/`],
    noPeers: true,
    signal: AbortSignal.timeout(500),
  });
  for (let round = 0; round < 20; round++) {
    await sleep(50);
    collectGarbage();
  }
  running.stop(new Error('it never came'));
  await assert.rejects(running.result, { name: 'TimeoutError' });
});
