// What holds for all downloads of a session.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { Session } from '../../src/session/session.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';
import { serveRaw } from '../tracker/loopback-server.ts';

test("a session's proxy is that of its downloads", async (t) => {
  const torrent = makeTorrent({ name: 'f', pieceLength: 32_768, length: 300_000 });
  const seeder = await Seeder.start({ torrent });
  t.after(() => seeder.close());
  const proxy = await serveRaw(t, (socket) => socket.destroy());
  const session = new Session({ network: { proxy: `socks5://127.0.0.1:${proxy.port}` } });
  t.after(() => session.close());
  const running = session.download(parseTorrent(torrent.bytes), {
    outputDir: scratchDirectory(t),
    peers: [seeder.address],
    stallTimeoutMs: 1_500,
    network: {},
  });
  await assert.rejects(running.result, { name: 'IncompleteError' });
  assert.ok(proxy.targets.length > 0);
  assert.equal(seeder.counts.connections, 0);
});
