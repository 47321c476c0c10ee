// Web seeds that would have us crash, ask for ever, or knock on strangers' doors; and those that are just of no use, in the way of others.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { webSeedLimits } from '../../src/config.ts';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { download } from '../../src/torrent/download.ts';
import type { WebSeedAccount } from '../../src/webseed/web-seed.ts';
import { type MadeTorrent, makeTorrent } from '../support/make-torrent.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { type WebReply, WebServer } from '../support/web-server.ts';
import { serveHttp } from '../tracker/loopback-server.ts';

const torrent = makeTorrent({ name: 'content.bin', pieceLength: 32_768, length: 3_000_000 });
const twoFiles = makeTorrent({
  name: 'two',
  pieceLength: 32_768,
  files: ['a', 'b'].map((name) => ({ path: [name], length: 65_536 })),
});

/** Everything is there in the end: pieces are hashed as they come. */
async function complete(t: TestContext, made: MadeTorrent, webSeeds: readonly string[]): Promise<WebSeedAccount[]> {
  const running = download(parseTorrent(made.bytes), { outputDir: scratchDirectory(t), webSeeds, noPeers: true, fsync: false });
  await running.result;
  return running.webSeeds();
}

const surplus: readonly [what: string, made: MadeTorrent, reply: WebReply][] = [
  [
    'a chunk more than the range',
    torrent,
    ({ begin, end, file, content }, r) => {
      r.writeHead(206, { 'content-range': `bytes ${begin}-${end - 1}/${file.length}` }).write(content());
      r.end('and more');
    },
  ],
  [
    'a chunk more than the file, where another file follows',
    twoFiles,
    ({ begin, end, file, content }, r) => {
      r.writeHead(206, { 'content-range': `bytes ${begin}-${end - 1}/${file.length}` }).write(content());
      r.end(Buffer.alloc(65_536, 'x'));
    },
  ],
  [
    'a chunk more than the whole file',
    torrent,
    ({ file, content }, r) => {
      r.writeHead(200).write(content(0, file.length));
      r.end('and more');
    },
  ],
];

for (const [what, made, reply] of surplus) {
  test(`W1: ${what} is not taken for content`, async (t) => {
    const server = await WebServer.start(t, made, reply);
    const [account] = await complete(t, made, [server.url]);
    assert.deepEqual([account?.fate, account?.downloadedBytes, account?.badPieces], ['serving', made.totalLength, 0]);
  });
}

test('a redirect is no answer that another request may follow: who hangs up behind it is left alone', async (t) => {
  let connections = 0;
  const server = net.createServer((socket) => {
    connections++;
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write('HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n');
      socket.once('data', () => socket.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const honest = await WebServer.start(t, torrent);
  const [account] = await complete(t, torrent, [`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, honest.url]);
  assert.deepEqual([account?.fate, account?.message], ['failed', 'connection closed before the answer was complete']);
  assert.equal(connections, 1);
});

test('W6: who gives a byte for each request is left alone', async (t) => {
  const server = await WebServer.start(t, torrent, ({ begin, file, content }, r) => {
    r.writeHead(206, { 'content-range': `bytes ${begin}-${begin}/${file.length}`, 'content-length': 1 }).end(content(begin, begin + 1));
  });
  const honest = await WebServer.start(t, torrent);
  const [account] = await complete(t, torrent, [server.url, honest.url]);
  assert.deepEqual([account?.fate, account?.message], ['failed', 'it sent next to nothing of what was asked for']);
  assert.equal(server.requests.length, 1);
});

test('W2: who has none of many files is not asked for each', async (t) => {
  const files = Array.from({ length: 500 }, (_, index) => ({ path: [`f${index}`], length: 40_000 }));
  const made = makeTorrent({ name: 'many', pieceLength: 32_768, files });
  const empty = await WebServer.start(t, made, (_, r) => void r.writeHead(404).end());
  const running = download(parseTorrent(made.bytes), {
    outputDir: scratchDirectory(t),
    webSeeds: [empty.url],
    noPeers: true,
    fsync: false,
  });
  while (empty.requests.length < webSeedLimits.goneInARow) await sleep(20);
  await sleep(500); // it would have been asked for all by now
  running.stop();
  await assert.rejects(running.result);
  assert.equal(empty.requests.length, webSeedLimits.goneInARow);
});

test('servers that are of no use, or of no more use, keep no other from being asked', async (t) => {
  const dead = await Promise.all(
    Array.from({ length: webSeedLimits.seedsAtOnce + 1 }, () => serveHttp(t, (_, r) => void r.writeHead(404).end())),
  );
  const honest = await WebServer.start(t, torrent);
  assert.equal((await complete(t, torrent, [...dead.map(({ port }) => `http://127.0.0.1:${port}/`), honest.url])).at(-1)?.fate, 'serving');
  // These have the first of two files.
  const halves = await Promise.all(
    Array.from({ length: webSeedLimits.seedsAtOnce }, () =>
      WebServer.start(t, twoFiles, ({ target }, r) => target.endsWith('/a') || void r.writeHead(404).end()),
    ),
  );
  const all = await WebServer.start(t, twoFiles);
  assert.equal((await complete(t, twoFiles, [...halves.map(({ url }) => url), all.url])).at(-1)?.fate, 'serving');
});
