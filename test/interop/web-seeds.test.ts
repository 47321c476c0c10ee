// Web seeds through the real command line, from nginx; and the exit codes, events and reports that tell of them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { corruptEvery } from '../support/behaviours.ts';
import { readEvents } from '../support/events.ts';
import { type MadeTorrent, makeTorrent } from '../support/make-torrent.ts';
import { startNginx } from '../support/nginx.ts';
import { skipWithout } from '../support/programs.ts';
import { runCli } from '../support/run-cli.ts';
import { sendRange, WebServer } from '../support/web-server.ts';
import { startSeeder, workDirectory } from '../support/work-directory.ts';
import { closedPort } from '../tracker/loopback-server.ts';

const skip = skipWithout('nginx');
const single = makeTorrent({ name: 'content.bin', pieceLength: 65_536, length: 20_000_000 });
const names = ['a b', '100%', 'ü#?', "it's;", '%2e%2e'];
const many = makeTorrent({
  name: 'of many',
  pieceLength: 32_768,
  padFiles: true,
  files: names.map((name, index) => ({ path: ['d', name], length: index * 70_001 })),
});

function assertFetched(directory: string, torrent: MadeTorrent): void {
  for (const file of torrent.files) {
    if (file.pad) continue;
    assert.ok(readFileSync(path.join(directory, 'out', ...file.path)).equals(torrent.read(file.offset, file.length)), file.path.join('/'));
  }
}

for (const torrent of [single, many]) {
  test(`${torrent.name} from nginx, with trackers that are dead`, { skip }, async (t) => {
    const dead = `http://127.0.0.1:${await closedPort()}/announce`;
    const directory = workDirectory(t, torrent.bytes);
    const url = await startNginx(t, torrent);
    const args = ['-a', dead, '--web-seed', url, '--no-listen', '--events', 'events', '--report', 'report.html'];
    const result = await runCli(['get', 'a.torrent', '-o', 'out', ...args], { cwd: directory });
    assert.equal(result.exitCode, 0, result.stderr);
    assert.match(result.stderr, /complete and verified.* from web seeds/);
    assertFetched(directory, torrent);
    const events = readEvents(readFileSync(path.join(directory, 'events'), 'utf8'));
    const summary = events.find(({ type }) => type === 'summary');
    const bytes = torrent.files.reduce((sum, { length, pad }) => sum + (pad ? 0 : length), 0);
    const [webSeed] = (summary?.['webSeeds'] ?? []) as { url: string; fate: string; downloadedBytes: number }[];
    assert.deepEqual([webSeed?.url, webSeed?.fate, webSeed?.downloadedBytes], [url, 'serving', bytes]);
    assert.equal(summary?.['downloadedBytes'], bytes);
    assert.ok(
      events.some(({ type, kind, peer, change }) => type === 'source' && kind === 'web-seed' && peer === url && change === 'connected'),
    );
    assert.ok(readFileSync(path.join(directory, 'report.html'), 'utf8').includes(url));
  });
}

test('a stream from nginx, which hangs up after a few requests and sends a part at a time', { skip }, async (t) => {
  const directory = workDirectory(t, single.bytes);
  const url = await startNginx(t, single, 'keepalive_requests 2; limit_rate_after 4m; limit_rate 8m;');
  const args = ['-o', '-', '--spool', '.', '--web-seed', `${url}content.bin`, '--no-peers'];
  const result = await runCli(['get', 'a.torrent', ...args], { cwd: directory });
  assert.equal(result.exitCode, 0, result.stderr);
  assert.ok(result.stdout === single.read(0, single.totalLength).toString('utf8'));
});

test('nginx without ranges is read from the beginning to the end', { skip }, async (t) => {
  const directory = workDirectory(t, single.bytes);
  const url = await startNginx(t, single, 'max_ranges 0;');
  const result = await runCli(['get', 'a.torrent', '-o', 'out', '--web-seed', url, '--no-peers'], { cwd: directory });
  assert.equal(result.exitCode, 0, result.stderr);
  assertFetched(directory, single);
});

test('nginx and peers that lie: the peers are banned, nginx is not', { skip }, async (t) => {
  const directory = workDirectory(t, single.bytes);
  const liar = await startSeeder(t, { torrent: single, behaviour: corruptEvery(1) });
  const url = await startNginx(t, single);
  const args = ['--web-seed', url, '--peer', liar.address, '--no-listen', '--json'];
  const result = await runCli(['get', 'a.torrent', '-o', 'out', ...args], { cwd: directory });
  assert.equal(result.exitCode, 0, result.stderr);
  const banned = readEvents(result.stdout).filter(({ type }) => type === 'banned');
  assert.ok(banned.every(({ peer }) => peer === liar.address));
});

test('40 when a web seed has nothing, 42 when it lies, with what it did in the words at the end', async (t) => {
  const directory = workDirectory(t, single.bytes);
  const get = (url: string): ReturnType<typeof runCli> =>
    runCli(['get', 'a.torrent', '-o', 'out', '--no-peers', '--web-seed', url], { cwd: directory });
  const empty = await WebServer.start(t, single, (_, response) => void response.writeHead(404).end());
  const none = await get(`${empty.url}0123456789abcdef/`);
  assert.deepEqual([none.exitCode, none.stdout], [40, '']);
  assert.match(
    none.stderr,
    /no usable source was found; 0 of 306 pieces verified; http:\/\/127\.0\.0\.1:\d+\/\*\*\*\/ failed: HTTP 404\n$/,
  );
  const liar = await WebServer.start(t, single, (request, response) =>
    sendRange({ ...request, content: () => request.content().fill(1) }, response),
  );
  const lied = await get(liar.url);
  assert.equal(lied.exitCode, 42, lied.stderr);
  assert.match(lied.stderr, /every source left has sent wrong bytes; .* sent wrong bytes/);
  const bare = await runCli(['get', 'a.torrent', '-o', 'out', '--no-peers'], { cwd: directory });
  assert.equal(bare.exitCode, 40, bare.stderr);
  assert.equal((await get('ftp://h/')).exitCode, 28);
});
