// `--proxy`, `--bind`, `-4`, `-6` and `--blocklist` of the command line, as the others see it and as the system counts it.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { contentFaults } from '../support/content-files.ts';
import { cannotTrace, skipWithout } from '../support/programs.ts';
import { startMicrosocks } from '../support/proxies.ts';
import { runCli } from '../support/run-cli.ts';
import { FakeTracker } from '../support/tracker.ts';
import { FakeUdpTracker } from '../support/udp-tracker.ts';
import { sendRange, WebServer } from '../support/web-server.ts';
import { album, startSeeder, workDirectory } from '../support/work-directory.ts';
import { closedPort, serveHttp } from '../tracker/loopback-server.ts';

test('--proxy: nothing else leaves, and the password is told to nobody', {
  skip: skipWithout('microsocks') || cannotTrace(),
}, async (t) => {
  const cwd = workDirectory(t);
  const port = await startMicrosocks(t, '-u', 'me', '-P', 'pass-phrase');
  const seeders = [await startSeeder(t), await startSeeder(t, { host: '127.0.0.3' })];
  const from: (string | undefined)[] = [];
  const tracker = await FakeTracker.start({
    reply: (_, response) => {
      from.push(response.socket?.remoteAddress);
      const peers = Buffer.concat(
        seeders.map((seeder) => Buffer.from([...seeder.host.split('.').map(Number), seeder.port >> 8, seeder.port & 255])),
      );
      response.end(Buffer.concat([Buffer.from(`d8:intervali1800e5:peers${peers.length}:`), peers, Buffer.from('e')]));
    },
  });
  t.after(() => tracker.close());
  const trackerUrl = tracker.url.replace('127.0.0.1', 'localhost');
  const list = await serveHttp(t, (request, response) => {
    from.push(request.socket.remoteAddress);
    const head = `d8:announce${trackerUrl.length}:${trackerUrl}`;
    response.end(request.url === '/l' ? '9.9.9.9' : Buffer.concat([Buffer.from(head), album.bytes.subarray(1)]));
  });
  // It gives nothing until the peers have been reached, too.
  const webSeed = await WebServer.start(t, album, (request, response) => {
    void (async () => {
      while (!seeders.every((seeder) => seeder.counts.handshakes > 0)) await new Promise((resolve) => setImmediate(resolve));
      sendRange(request, response);
    })();
  });
  const udpTracker = await FakeUdpTracker.start(t);

  const args = ['get', `http://localhost:${list.port}/a.torrent`, '-o', 'out', '-v', '--map-port', '--web-seed', webSeed.url];
  args.push('-a', udpTracker.url);
  const result = await runCli([...args, '-b', `http://localhost:${list.port}/l`, '--events', 'events', '--report', 'report.html'], {
    cwd,
    env: { TTORRENT_PROXY: `socks5://me:pass-phrase@127.0.0.1:${port}`, TTORRENT_LSD: 'yes' },
    wrapper: ['strace', '-f', '-qq', '-o', 'trace', '-e', 'trace=socket,connect,bind,listen,sendto,sendmsg,sendmmsg'],
  });
  assert.equal(result.exitCode, 0, result.stderr);
  assert.deepEqual(contentFaults(album, path.join(cwd, 'out')), []);
  assert.match(result.stderr, new RegExp(`every connection goes through socks5://127\\.0\\.0\\.1:${port}; no UDP, DHT or local discovery`));

  const calls = readFileSync(path.join(cwd, 'trace'), 'utf8')
    .split('\n')
    .filter((line) => /AF_INET/.test(line));
  const connects = calls.filter((line) => /connect\(/.test(line));
  const toProxy = connects.filter((line) => line.includes(`sin_port=htons(${port}), sin_addr=inet_addr("127.0.0.1")`));
  // The torrent, the list, two announces, the two peers, the web seed.
  assert.ok(toProxy.length >= 7, calls.join('\n'));
  assert.deepEqual(
    calls.filter((line) => !toProxy.includes(line) && !/socket\(AF_INET, SOCK_STREAM/.test(line)),
    [],
  );
  assert.ok(from.length >= 3 && from.every((address) => address === '127.0.0.9'), from.join());
  assert.ok(seeders.every((seeder) => seeder.counts.handshakes > 0));
  assert.ok(webSeed.requests.length > 0);
  assert.match(result.stderr, /not asked: UDP does not go through the proxy/);

  const files = ['events', 'report.html'].map((name) => readFileSync(path.join(cwd, name), 'utf8'));
  for (const text of [result.stdout, result.stderr, ...files]) assert.doesNotMatch(text, /pass-phrase/);
});

test('a proxy that is none is refused without repeating it, and config does not show its password', async (t) => {
  const cwd = workDirectory(t);
  for (const proxy of ['me:pass-phrase@host:1080', 'http://me:pass-phrase@host']) {
    const result = await runCli(['get', 'a.torrent', '--proxy', proxy], { cwd });
    assert.equal(result.exitCode, 28);
    assert.match(result.stderr, /the proxy: not a kind of proxy .*expected socks5:\/\//);
    assert.doesNotMatch(result.stderr, /pass-phrase/);
    const config = await runCli(['config', '--proxy', proxy, '-a', 'http://me:pass-phrase@tracker.example/announce'], { cwd });
    assert.match(config.stdout, /\*\*\*@host/);
    assert.match(config.stdout, /http:\/\/\*\*\*@tracker\.example/);
    assert.doesNotMatch(config.stdout, /pass-phrase/);
  }
  const env = { https_proxy: 'gopher://me:pass-phrase@host' };
  const result = await runCli(['get', 'a.torrent', '--peer', '127.0.0.1:1'], { cwd, env });
  assert.equal(result.exitCode, 28);
  assert.match(result.stderr, /the variable https_proxy: not a kind of proxy/);
  assert.doesNotMatch(result.stderr, /pass-phrase/);
});

test('--bind is where all comes from', async (t) => {
  const cwd = workDirectory(t);
  const from: (string | undefined)[] = [];
  const seeder = await startSeeder(t);
  const tracker = await FakeTracker.start({
    reply: (_, response) => {
      from.push(response.socket?.remoteAddress);
      response.end('d8:intervali1800e5:peers0:e');
    },
  });
  t.after(() => tracker.close());
  const args = ['get', 'a.torrent', '-o', 'out', '--peer', seeder.address, '-a', tracker.url, '--bind', '127.0.0.5'];
  const result = await runCli(args, { cwd });
  assert.equal(result.exitCode, 0, result.stderr);
  assert.deepEqual(new Set(from), new Set(['127.0.0.5']));
});

test('--bind to what is not of this machine is refused, and what is there is told', async (t) => {
  const cwd = workDirectory(t);
  for (const bind of ['eth99', '192.0.2.1']) {
    const result = await runCli(['get', 'a.torrent', '--bind', bind], { cwd });
    assert.equal(result.exitCode, 28);
    assert.match(result.stderr, new RegExp(`"${bind}" is no address or interface of this machine; there are: .*127\\.0\\.0\\.1`));
  }
  const both = await runCli(['get', 'a.torrent', '-4', '-6'], { cwd });
  assert.equal(both.exitCode, 28);
});

test('-4 and -6 ask nobody of the other family', async (t) => {
  const cwd = workDirectory(t);
  const seeder = await startSeeder(t);
  const other = await runCli(['get', 'a.torrent', '-o', 'out', '-6', '--peer', seeder.address], { cwd });
  assert.equal(other.exitCode, 40, other.stderr);
  assert.match(other.stderr, /the peer 127\.0\.0\.1 has no IPv6 address/);
  assert.equal(seeder.counts.connections, 0);
  const right = await runCli(['get', 'a.torrent', '-o', 'out', '-4', '--peer', seeder.address], { cwd });
  assert.equal(right.exitCode, 0, right.stderr);
});

test('--blocklist: who is listed is not asked, and -v says how many', async (t) => {
  const cwd = workDirectory(t);
  const good = await startSeeder(t);
  const [second, third] = [await startSeeder(t, { host: '127.0.0.2' }), await startSeeder(t, { host: '127.0.0.3' })];
  const server = await serveHttp(t, (_, response) => response.end(gzipSync('bad people:127.0.0.2-127.0.0.2\n')));
  writeFileSync(path.join(cwd, 'list.cidr'), '# comment\n127.0.0.3/32\nwhat is this\n192.0.2.0/24\n');
  const args = ['get', 'a.torrent', '-o', 'out', '-v', '-b', `${server.origin}/list.p2p.gz?key=hidden`, '-b', 'list.cidr'];
  const peers = [good, second, third].flatMap(({ address }) => ['--peer', address]);
  const result = await runCli([...args, ...peers], { cwd });
  assert.equal(result.exitCode, 0, result.stderr);
  assert.match(result.stderr, /blocklist: 2 ranges of addresses/);
  assert.match(result.stderr, /list\.cidr: lines that are no range of addresses: 1, first line 3/);
  assert.match(result.stderr, /the blocklist kept out 2 hosts/);
  assert.equal(second.counts.connections + third.counts.connections, 0);
});

test('a blocklist that cannot be had ends the run before anybody is asked', async (t) => {
  const cwd = workDirectory(t);
  const seeder = await startSeeder(t);
  const gone = await serveHttp(t, (_, response) => response.writeHead(404).end());
  const silent = await serveHttp(t, () => {});
  writeFileSync(path.join(cwd, 'page.html'), '<!doctype html>\n<p>Please log in\n');
  writeFileSync(path.join(cwd, 'broken.gz'), gzipSync('127.0.0.2\n').subarray(0, 15));
  for (const [list, exitCode, words] of [
    ['missing', 3, /missing: there is no such file/],
    ['page.html', 28, /page\.html: not a blocklist in p2p, \.dat or CIDR format/],
    ['broken.gz', 28, /broken\.gz: a gzip that is damaged/],
    ['ftp://me:pass-phrase@host/list', 28, /ftp:\/\/\*\*\*@host\/list: only http and https/],
    [`${gone.origin}/0123456789abcdef/list`, 3, /\/\*\*\*\/list: .*HTTP 404/],
    [`http://127.0.0.1:${await closedPort()}/list`, 6, /fetching the blocked addresses http.*connection refused/],
  ] as const) {
    const result = await runCli(['get', 'a.torrent', '-o', 'out', '-b', list, '--peer', seeder.address], { cwd });
    assert.equal(result.exitCode, exitCode, result.stderr);
    assert.match(result.stderr, words);
  }
  const late = await runCli(['get', 'a.torrent', '-o', 'out', '-b', `${silent.origin}/l`, '--deadline', '1s', '--peer', seeder.address], {
    cwd,
  });
  assert.equal(late.exitCode, 2, late.stderr);
  assert.match(late.stderr, /while reading the blocklists/);
  assert.equal(seeder.counts.connections, 0);
});
