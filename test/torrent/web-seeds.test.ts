// Web seeds through the library: servers that behave, and those that do everything else (rows W1 to W9 of the catalogue of hostile input).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parseTorrent } from '../../src/metainfo/parse-torrent.ts';
import { download } from '../../src/torrent/download.ts';
import type { DownloadOptions } from '../../src/torrent/options.ts';
import { streamDownload } from '../../src/torrent/stream-download.ts';
import type { WebSeedAccount } from '../../src/webseed/web-seed.ts';
import { corruptEvery } from '../support/behaviours.ts';
import { type MadeTorrent, makeTorrent } from '../support/make-torrent.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';
import { sendRange, type WebReply, WebServer } from '../support/web-server.ts';
import { closedPort, serveHttp } from '../tracker/loopback-server.ts';

const torrent = makeTorrent({ name: 'content.bin', pieceLength: 32_768, length: 3_000_000 });

/** Downloads `made` from web seeds at `urls`, looks at every byte, and gives what became of each. */
async function fetchFrom(
  t: TestContext,
  made: MadeTorrent,
  urls: readonly string[],
  more: Partial<DownloadOptions> = {},
): Promise<WebSeedAccount[]> {
  const outputDir = scratchDirectory(t);
  const running = download(parseTorrent(made.bytes), { outputDir, webSeeds: urls, noPeers: true, fsync: false, ...more });
  await running.result;
  for (const file of made.files) {
    if (!file.pad)
      assert.ok(readFileSync(path.join(outputDir, ...file.path)).equals(made.read(file.offset, file.length)), file.path.join('/'));
  }
  return running.webSeeds();
}

/** The same from a server that answers with `reply` beside one that is honest; gives the account of the first. */
async function besideHonest(
  t: TestContext,
  reply: WebReply,
  made: MadeTorrent = torrent,
): Promise<WebSeedAccount & { readonly server: WebServer }> {
  const server = await WebServer.start(t, made, reply);
  const honest = await WebServer.start(t, made);
  const [account] = await fetchFrom(t, made, [server.url, honest.url]);
  assert.ok(account !== undefined);
  return { ...account, server };
}

test('a file, by the URL of its directory or by its own, over connections that stay open', async (t) => {
  const server = await WebServer.start(t, torrent);
  const [account] = await fetchFrom(t, torrent, [server.url]);
  assert.deepEqual([account?.fate, account?.downloadedBytes, account?.message], ['serving', 3_000_000, '']);
  assert.ok(server.connections < server.requests.length || server.requests.length === 1, `${server.connections} connections`);
  assert.ok(server.requests.every(({ headers }) => headers['accept-encoding'] === 'identity'));
  await fetchFrom(t, torrent, [`${server.url}content.bin`]);
});

test('many files, some empty, over their borders and the borders of pieces; pad files are not asked for', async (t) => {
  const lengths = [10, 0, 32_758, 100_000, 1, 7, 65_536, 0, 300_001];
  const files = lengths.map((length, index) => ({ path: index % 2 === 0 ? [`f${index}`] : ['sub', `f${index}`], length }));
  for (const padFiles of [false, true]) {
    const made = makeTorrent({ name: 'many', pieceLength: 32_768, files, padFiles });
    const server = await WebServer.start(t, made);
    const [account] = await fetchFrom(t, made, [server.url]);
    assert.equal(account?.fate, 'serving');
    assert.ok(server.requests.every(({ target }) => /^\/many\/(sub\/)?f\d$/.test(target)));
  }
});

test('pad files, which come over no network, do not count as received', async (t) => {
  const made = makeTorrent({
    name: 'padded',
    pieceLength: 32_768,
    padFiles: true,
    files: ['a', 'b'].map((name) => ({ path: [name], length: 40_000 })),
  });
  const server = await WebServer.start(t, made);
  const options = { outputDir: scratchDirectory(t), webSeeds: [server.url], noPeers: true, fsync: false };
  const { progress } = await download(parseTorrent(made.bytes), options).result;
  assert.deepEqual([progress.downloadedBytes, progress.webBytes], [80_000, 80_000]);
});

test('through a proxy of HTTP', async (t) => {
  const server = await WebServer.start(t, torrent);
  const proxy = await serveHttp(t, ({ url = '', method, headers }, response) => {
    const { hostname, pathname } = new URL(url);
    assert.deepEqual([hostname, headers['proxy-authorization']], ['mirror.example', `Basic ${Buffer.from('me:ours').toString('base64')}`]);
    http.get({ port: server.port, path: pathname, method, headers: { range: headers.range } }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
  });
  const variables = { http_proxy: `http://me:ours@127.0.0.1:${proxy.port}` };
  const [account] = await fetchFrom(t, torrent, ['http://mirror.example/'], { network: { variables } });
  assert.deepEqual([account?.fate, account?.downloadedBytes], ['serving', 3_000_000]);
  assert.ok(
    proxy.targets.every((target) => target === 'http://mirror.example/content.bin'),
    proxy.targets.join(),
  );
});

test('goes the way of peers to a stream, in order', async (t) => {
  const server = await WebServer.start(t, torrent);
  const options = { webSeeds: [server.url], noPeers: true, readAheadBytes: 200_000 };
  const { stream, download: running } = streamDownload(parseTorrent(torrent.bytes), options);
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  await running.result;
  assert.ok(Buffer.concat(chunks).equals(torrent.read(0, torrent.totalLength)));
});

test('W1: a whole file instead of a range is read as far as it is of use', async (t) => {
  const whole: WebReply = ({ file, content }, response) => {
    const body = content(0, file.length);
    response.writeHead(200, { 'content-length': body.length }).end(body);
  };
  const server = await WebServer.start(t, torrent, whole);
  const [account] = await fetchFrom(t, torrent, [server.url]);
  assert.deepEqual([account?.fate, account?.downloadedBytes, server.requests.length], ['serving', 3_000_000, 1]);
  const files = Array.from({ length: 5 }, (_, index) => ({ path: [`f${index}`], length: 50_000 }));
  const made = makeTorrent({ name: 'many', pieceLength: 32_768, files });
  assert.equal((await fetchFrom(t, made, [(await WebServer.start(t, made, whole)).url]))[0]?.fate, 'serving');
});

const wrongAnswers: readonly [what: string, reply: WebReply, message: RegExp][] = [
  [
    'another range',
    ({ begin, file, content }, r) => {
      r.writeHead(206, { 'content-range': `bytes ${begin + 1}-${begin + 100}/${file.length}` }).end(content(begin, begin + 100));
    },
    /another range/,
  ],
  [
    'more than was asked for',
    ({ begin, end, file, content }, r) => {
      r.writeHead(206, { 'content-range': `bytes ${begin}-${end}/${file.length}` }).end(content(begin, Math.min(end + 1, file.length)));
    },
    /another range/,
  ],
  [
    'several ranges',
    (_, r) => {
      r.writeHead(206, { 'content-type': 'multipart/byteranges; boundary=x' }).end('--x\r\n\r\n--x--');
    },
    /which range/,
  ],
  [
    'packed content',
    ({ begin, end, file, content }, r) => {
      const fields = { 'content-range': `bytes ${begin}-${end - 1}/${file.length}`, 'content-encoding': 'gzip' };
      r.writeHead(206, fields).end(gzipSync(content()));
    },
    /packs/,
  ],
  [
    'another file',
    (_, r) => {
      r.writeHead(200, { 'content-length': 5 }).end('hello');
    },
    /has 5 bytes instead of 3000000/,
  ],
  [
    'nothing',
    ({ begin, end, file }, r) => {
      r.writeHead(206, { 'content-range': `bytes ${begin}-${end - 1}/${file.length}`, 'content-length': 0 }).end();
    },
    /sent nothing/,
  ],
  [
    'no HTTP',
    (_, r) => {
      r.socket?.end('SSH-2.0-OpenSSH_9.2\r\n\r\n');
    },
    /not HTTP/,
  ],
  [
    'a head without end',
    (_, r) => {
      r.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`);
    },
    /head of more than/,
  ],
  [
    'a hang-up',
    (_, r) => {
      r.socket?.destroy();
    },
    /connection/,
  ],
  [
    'an error of its own',
    (_, r) => {
      r.writeHead(500).end();
    },
    /HTTP 500/,
  ],
];
for (const [what, reply, message] of wrongAnswers) {
  test(`W1, W2: ${what} is no content, and the others bring it`, async (t) => {
    const account = await besideHonest(t, reply);
    assert.deepEqual([account.fate, account.downloadedBytes, account.badPieces], ['failed', 0, 0]);
    assert.match(account.message, message);
    assert.equal(account.server.requests.length, 1);
  });
}

test('W1: a short body is asked on from where it ended', async (t) => {
  const server = await WebServer.start(t, torrent, ({ begin, end, file, content }, response) => {
    const shortEnd = Math.min(end, begin + 123_457);
    const fields = { 'content-range': `bytes ${begin}-${shortEnd - 1}/${file.length}`, 'content-length': shortEnd - begin };
    response.writeHead(206, fields).end(content(begin, shortEnd));
  });
  const [account] = await fetchFrom(t, torrent, [server.url]);
  assert.deepEqual([account?.downloadedBytes, account?.message], [3_000_000, '']);
});

test('W2: one file that is not there is had from others, or ends it with 40 when there are none', async (t) => {
  const files = [0, 1, 2].map((index) => ({ path: [`f${index}`], length: 100_000 }));
  const made = makeTorrent({ name: 'many', pieceLength: 32_768, files });
  const lacking: WebReply = ({ target }, response) => (target.endsWith('f1') ? void response.writeHead(404).end('gone') : true);
  const account = await besideHonest(t, lacking, made);
  assert.match(account.message, /HTTP 404 for f1/);
  const alone = await WebServer.start(t, made, lacking);
  await assert.rejects(fetchFrom(t, made, [alone.url]), { code: 'no-source', message: /6 of 10 pieces.*HTTP 404 for f1/ });
  const shorter = await WebServer.start(t, torrent, (_, response) => void response.writeHead(416).end());
  await assert.rejects(fetchFrom(t, torrent, [shorter.url]), { code: 'no-source', message: /no usable source.*shorter \(HTTP 416\)/ });
});

test('W2: ten servers that lack the file keep no other from being asked', async (t) => {
  const lacking = await WebServer.start(t, torrent, (_, response) => void response.writeHead(404).end());
  const honest = await WebServer.start(t, torrent);
  const gone = Array.from({ length: 10 }, (_, i) => `${lacking.url}${i}/`);
  const accounts = await fetchFrom(t, torrent, [...gone, honest.url], { stallTimeoutMs: 20_000 });
  assert.deepEqual(
    accounts.map(({ fate }) => fate),
    [...gone.map(() => 'failed'), 'serving'],
  );
});

test('W2: a server that is busy is asked again when it said', async (t) => {
  for (const status of [429, 503]) {
    const server = await WebServer.start(t, torrent, ({ number }, response) =>
      number === 0 ? void response.writeHead(status, { 'retry-after': '0' }).end('later') : true,
    );
    const [account] = await fetchFrom(t, torrent, [server.url]);
    assert.deepEqual([account?.fate, account?.downloadedBytes], ['serving', 3_000_000]);
  }
});

test('W2: a server that is busy for ever, and would be asked again at once, is left alone in between', async (t) => {
  const server = await WebServer.start(t, torrent, (_, response) => void response.writeHead(503, { 'retry-after': '0' }).end());
  await assert.rejects(fetchFrom(t, torrent, [server.url], { deadlineMs: 1_500 }), { code: 'deadline-reached' });
  assert.ok(server.requests.length <= 3, `${server.requests.length} requests`);
});

test('W3: two bad pieces ban a web seed, and peers are not blamed', async (t) => {
  const liar = await WebServer.start(t, torrent, (request, response) => {
    const lie = { ...request, content: () => request.content().fill(7) };
    sendRange(lie, response);
  });
  const seeder = await Seeder.start({ torrent });
  t.after(() => seeder.close());
  const outputDir = scratchDirectory(t);
  const running = download(parseTorrent(torrent.bytes), {
    outputDir,
    webSeeds: [liar.url],
    peers: [seeder.address],
    fsync: false,
    listen: false,
  });
  const banned: string[] = [];
  for await (const event of running) if (event.type === 'banned') banned.push(event.peer);
  await running.result;
  assert.deepEqual(banned, [liar.url]);
  assert.equal(running.progress().bannedPeers, 0);
  assert.equal(running.webSeeds()[0]?.fate, 'sent-bad-data');
  await assert.rejects(fetchFrom(t, torrent, [liar.url]), { code: 'only-corrupt-sources' });
});

test('W3: one bad piece is fetched again, and a web seed is not blamed for those of peers', async (t) => {
  let lies = 1;
  const server = await WebServer.start(t, torrent, (request, response) => {
    if (lies-- <= 0) return true;
    const content = request.content();
    content[5] = (content[5] as number) ^ 1;
    return sendRange({ ...request, content: () => content }, response);
  });
  const [account] = await fetchFrom(t, torrent, [server.url]);
  assert.deepEqual([account?.fate, account?.badPieces], ['serving', 1]);

  const corrupt = await Seeder.start({ torrent, behaviour: corruptEvery(1) });
  t.after(() => corrupt.close());
  const honest = await WebServer.start(t, torrent);
  const running = download(parseTorrent(torrent.bytes), {
    outputDir: scratchDirectory(t),
    webSeeds: [honest.url],
    peers: [corrupt.address],
    listen: false,
    fsync: false,
  });
  await running.result;
  assert.equal(running.webSeeds()[0]?.fate, 'serving');
});

test('W4: redirects are followed up to five times, without the password of another server', async (t) => {
  const target = await WebServer.start(t, torrent);
  const server = await WebServer.start(t, torrent, ({ target: path_ }, response) => {
    const step = Number(/\d+/.exec(path_)?.[0] ?? 0);
    const location = step < 4 ? `/step${step + 1}` : `${target.url}content.bin`;
    response.writeHead(302, { location }).end('elsewhere');
  });
  const url = server.url.replace('//', '//user:geheim@');
  const [account] = await fetchFrom(t, torrent, [`${url}step0`]);
  assert.deepEqual([account?.fate, account?.url], ['serving', `${server.url.replace('//', '//***@')}step0`]);
  assert.ok(server.requests.every(({ headers }) => headers.authorization === `Basic ${Buffer.from('user:geheim').toString('base64')}`));
  assert.ok(target.requests.every(({ headers }) => headers.authorization === undefined));
});

const redirects: readonly [location: string, message: RegExp][] = [
  ['/again', /more than 5 times/],
  ['file:///etc/passwd', /not HTTP/],
  ['http://[', /not a URL/],
  ['http://169.254.169.254/latest/meta-data', /not one that we may be led to/],
];
for (const [location, message] of redirects) {
  test(`W4: a redirect to ${location} leads nowhere`, async (t) => {
    const account = await besideHonest(t, (_, response) => void response.writeHead(302, { location }).end());
    assert.deepEqual([account.fate, account.downloadedBytes], ['failed', 0]);
    assert.match(account.message, message);
  });
}

test('W5: a torrent cannot lead us to this machine, in any spelling; the user can', async (t) => {
  const server = await WebServer.start(t, torrent);
  const spellings = ['127.0.0.1', '2130706433', '0x7f.1', '[::ffff:7f00:1]', 'localhost', 'localhost.', '0.0.0.0'];
  const urls = spellings.flatMap((host) => [`http://${host}:${server.port}/`, `http://${host}:${server.port}/announce/content.bin`]);
  const evil = makeTorrent({ name: 'content.bin', pieceLength: 32_768, length: 3_000_000, root: { 'url-list': urls, httpseeds: urls } });
  const running = download(parseTorrent(evil.bytes), {
    outputDir: scratchDirectory(t),
    noPeers: true,
    stallTimeoutMs: 1_500,
    fsync: false,
  });
  await assert.rejects(running.result, { code: 'no-source' });
  assert.deepEqual([server.requests.length, server.connections], [0, 0]);
  const tried = running.webSeeds().filter(({ fate }) => fate === 'failed');
  assert.ok(tried.length > 0 && tried.every(({ message }) => /may be led to|host name/.test(message)), JSON.stringify(tried));
});

test('W6: goes on at the byte reached when connections are cut every 100 KB', async (t) => {
  const server = await WebServer.start(t, torrent, ({ begin, end, file, content }, response) => {
    response.writeHead(206, { 'content-range': `bytes ${begin}-${end - 1}/${file.length}`, 'content-length': end - begin });
    const cutAt = Math.min(end, begin + 100_001);
    response.write(content(begin, cutAt), () => (cutAt < end ? response.socket?.end() : response.end()));
  });
  const [account] = await fetchFrom(t, torrent, [server.url]);
  assert.equal(account?.downloadedBytes, 3_000_000, 'no byte came twice');
  assert.ok(server.requests.length >= 30);
});

test('W6: HTTP/1.0, no connection that stays open, and chunks', async (t) => {
  const old = await WebServer.start(t, torrent, ({ begin, end, file, content }, response) => {
    response.socket?.write(`HTTP/1.0 206 Partial Content\r\nContent-Range: bytes ${begin}-${end - 1}/${file.length}\r\n\r\n`);
    response.socket?.end(content());
  });
  assert.equal((await fetchFrom(t, torrent, [old.url]))[0]?.downloadedBytes, 3_000_000);
  const closing = await WebServer.start(t, torrent, (request, response) => sendRange(request, response, { connection: 'close' }));
  assert.equal((await fetchFrom(t, torrent, [closing.url]))[0]?.downloadedBytes, 3_000_000);
  assert.equal(closing.connections, closing.requests.length);
  const chunked = await WebServer.start(t, torrent, ({ begin, end, file, content }, response) => {
    response.writeHead(206, { 'content-range': `bytes ${begin}-${end - 1}/${file.length}`, 'transfer-encoding': 'chunked' });
    for (let at = begin; at < end; at += 10_007) response.write(content(at, Math.min(end, at + 10_007)));
    response.end();
  });
  assert.equal((await fetchFrom(t, torrent, [chunked.url]))[0]?.downloadedBytes, 3_000_000);
});

test('W6: what a server holds back at the end is had from another', async (t) => {
  const account = await besideHonest(t, ({ begin, end, file, content }, response) => {
    response.writeHead(206, { 'content-range': `bytes ${begin}-${end - 1}/${file.length}`, 'content-length': end - begin });
    response.write(content(begin, begin + 100));
  });
  assert.ok(account.downloadedBytes <= 100 * account.server.requests.length);
});

test('W7: names are escaped once, and lead nowhere else', async (t) => {
  const names = ['a b#c?d%2e%2e', '%2e%2e', 'ä+&=', 'x;y:z@', 'quote\'"<>'];
  const made = makeTorrent({
    name: 'of #?% ü',
    pieceLength: 32_768,
    files: names.map((name) => ({ path: ['d &', name], length: 40_000 })),
  });
  const server = await WebServer.start(t, made);
  const [account] = await fetchFrom(t, made, [server.url]);
  assert.equal(account?.fate, 'serving', account?.message);
});

test('W7: a name that is no UTF-8 is asked for as it is in the torrent, and written as it can be', async (t) => {
  const name = Buffer.from([0x66, 0xff, 0x2f, 0x67]); // f, no UTF-8, a slash, g
  const content = makeTorrent({ name: 'dir', pieceLength: 32_768, files: [{ path: ['x'], length: 50_000 }] });
  const made = makeTorrent({
    name: 'dir',
    pieceLength: 32_768,
    files: [{ path: ['x'], length: 50_000 }],
    info: { files: [{ length: 50_000, path: [name] }] },
  });
  const server = await WebServer.start(t, content, (request, response) => {
    if (request.target !== '/dir/f%FF%2Fg') return void response.writeHead(404).end();
    return sendRange(request, response);
  });
  const outputDir = scratchDirectory(t);
  await download(parseTorrent(made.bytes), { outputDir, webSeeds: [server.url], noPeers: true, fsync: false }).result;
  assert.ok(server.requests.length > 0);
});

test('W8: trackers that are all dead and one living web seed are enough', async (t) => {
  const dead = [[`http://127.0.0.1:${await closedPort()}/announce`], [`http://127.0.0.1:${await closedPort()}/announce`]];
  const made = makeTorrent({ name: 'content.bin', pieceLength: 32_768, length: 3_000_000, trackers: dead });
  const server = await WebServer.start(t, made);
  await fetchFrom(t, made, [server.url], { noPeers: false, listen: false });
});

test('W9: a host name in another script is left out, unless it was typed', () => {
  const { webSeeds, httpSeeds, warnings } = parseTorrent(
    makeTorrent({
      name: 'a',
      pieceLength: 32_768,
      length: 10,
      root: { 'url-list': 'http://xn--exmple-cua.example/', httpseeds: ['http://bücher.example/'] },
    }).bytes,
  );
  assert.deepEqual([webSeeds, httpSeeds, warnings.length], [[], undefined, 2]);
});

test('BEP 17: pieces, and parts of pieces, from a program', async (t) => {
  const made = makeTorrent({ name: 'content.bin', pieceLength: 200_000, length: 1_900_000 });
  const program: WebReply = ({ target }, response) => {
    const query = new URLSearchParams(target.slice(target.indexOf('?')));
    const piece = Number(query.get('piece'));
    const length = Math.min(200_000, 1_900_000 - piece * 200_000);
    const [from, to] = (query.get('ranges') ?? `0-${length - 1}`).split('-').map(Number) as [number, number];
    assert.match(target, /^\/seed\?key=1&info_hash=(%[0-9A-F]{2}|[\w.~-]){20}&piece=\d(&ranges=\d+-\d+)?$/);
    response.writeHead(200).end(made.read(piece * 200_000 + from, to - from + 1));
  };
  const server = await WebServer.start(t, made, program);
  const bytes = makeTorrent({
    name: 'content.bin',
    pieceLength: 200_000,
    length: 1_900_000,
    root: { httpseeds: [`${server.url}seed?key=1`] },
  }).bytes;
  const outputDir = scratchDirectory(t);
  // As if the user had named it: a torrent could not lead us to loopback.
  const metainfo = parseTorrent(bytes);
  await download(metainfo, { outputDir, webSeeds: metainfo.httpSeeds ?? [], noPeers: true, fsync: false }).result;
  assert.ok(readFileSync(path.join(outputDir, 'content.bin')).equals(made.read(0, 1_900_000)));
});

test('pausing for a rate limit holds web seeds, too', async (t) => {
  const server = await WebServer.start(t, torrent);
  const [account] = await fetchFrom(t, torrent, [server.url], { maxDownloadRate: 8_000_000 });
  assert.equal(account?.downloadedBytes, 3_000_000);
});

test('web seeds and peers share the work, and peers come first when they are preferred', async (t) => {
  const server = await WebServer.start(t, torrent);
  const seeder = await Seeder.start({ torrent });
  t.after(() => seeder.close());
  const [both] = await fetchFrom(t, torrent, [server.url], { noPeers: false, listen: false, peers: [seeder.address] });
  assert.ok(both !== undefined);
  const [idle] = await fetchFrom(t, torrent, [server.url], { noPeers: false, listen: false, peers: [seeder.address], prefer: 'peers' });
  assert.equal(idle?.fate, 'unused');
  const before = seeder.counts.payloadSent;
  const [web] = await fetchFrom(t, torrent, [server.url], { noPeers: false, listen: false, peers: [seeder.address], prefer: 'web' });
  assert.deepEqual([web?.downloadedBytes, seeder.counts.payloadSent], [3_000_000, before]);
});
