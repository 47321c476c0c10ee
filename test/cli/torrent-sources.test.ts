// A torrent from a URL or from stdin, through the real command line.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { skipWithout } from '../support/programs.ts';
import { preload, runCli, startCli } from '../support/run-cli.ts';
import { album, startSeeder, workDirectory } from '../support/work-directory.ts';
import { closedPort, serveHttp, serveHttps, serveRaw } from '../tracker/loopback-server.ts';

const secret = 'c0ffee1234567890c0ffee1234567890';

test('get downloads the torrent that a URL or stdin gives', async (t) => {
  const { address } = await startSeeder(t);
  const { origin } = await serveHttp(t, (_, response) => response.end(album.bytes));
  for (const [source, stdin] of [
    [`${origin}/album.torrent`, ''],
    ['-', album.bytes],
  ] as const) {
    const directory = workDirectory(t);
    const { exitCode, stderr } = await runCli(['get', source, '-o', 'out', '--peer', address], { cwd: directory, stdin });
    assert.equal(exitCode, 0, stderr);
    assert.equal(readFileSync(path.join(directory, 'out', 'album', 'one.bin')).length, 200_000);
  }
});

test('info, verify and seed take a URL and stdin, too', async (t) => {
  const { origin } = await serveHttp(t, (_, response) => response.end(album.bytes));
  for (const [command, exitCode, words] of [
    ['info', 0, /album/],
    ['verify', 32, /missing/],
    ['seed', 32, /0 of 10 pieces/],
  ] as const) {
    for (const source of [`${origin}/album.torrent`, '-']) {
      const result = await runCli([command, source], { cwd: workDirectory(t), stdin: album.bytes });
      assert.equal(result.exitCode, exitCode, result.stderr);
      assert.match(result.stdout + result.stderr, words);
    }
  }
});

test('follows redirects and unpacks gzip', async (t) => {
  const server = await serveHttp(t, (request, response) => {
    if (request.url === '/latest') return void response.writeHead(302, { location: '/a.torrent' }).end();
    return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(album.bytes));
  });
  const { exitCode, stderr } = await runCli(['info', `${server.origin}/latest`]);
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(server.targets, ['/latest', '/a.torrent']);
});

for (const [why, answer] of [
  ['a circle of redirects', { status: 302, headers: { location: '/a.torrent' }, body: '' }],
  ['a redirect to a file', { status: 302, headers: { location: 'file:///etc/passwd' }, body: '' }],
  ['a gzip bomb', { status: 200, headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(64 * 2 ** 20)) }],
  ['a length beyond any torrent', { status: 200, headers: { 'content-length': String(2 ** 31) }, body: 'd' }],
  ['a packing that was not asked for', { status: 200, headers: { 'content-encoding': 'br' }, body: 'd' }],
] as const) {
  test(`ends with 6 on ${why}`, async (t) => {
    const { origin } = await serveHttp(t, (_, response) => void response.writeHead(answer.status, answer.headers).end(answer.body));
    const { exitCode, stderr } = await runCli(['info', `${origin}/a.torrent`]);
    assert.equal(exitCode, 6, stderr);
    assert.match(stderr, /^ttorrent: fetching http.*\n$/);
  });
}

test('a certificate that nobody vouches for ends with 6, and nothing is asked', async (t) => {
  const files = { key: readFileSync('fixtures/tls/key.pem'), cert: readFileSync('fixtures/tls/loopback.pem') };
  const server = await serveHttps(t, files, (_, response) => response.end(album.bytes));
  const url = `${server.origin}/a.torrent`;
  const refused = await runCli(['info', url], { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
  assert.equal(refused.exitCode, 6, refused.stderr);
  assert.deepEqual(server.targets, []);
  const trusted = await runCli(['info', url], { env: { NODE_EXTRA_CA_CERTS: 'fixtures/tls/loopback.pem' } });
  assert.equal(trusted.exitCode, 0, trusted.stderr);
});

test('a page of the web in place of a torrent ends with 25', async (t) => {
  const { origin } = await serveHttp(t, (_, response) => response.end('<!DOCTYPE html><html></html>'));
  assert.equal((await runCli(['info', `${origin}/a.torrent`])).exitCode, 25);
});

test('a protocol that is not fetched ends with 28', async () => {
  for (const url of ['ftp://127.0.0.1/a.torrent', 'file:///a.torrent', 'http://[::1']) {
    assert.equal((await runCli(['info', url])).exitCode, 28, url);
  }
});

test('a magnet link in a list ends with 28, and only its infohash is shown', async () => {
  const link = `magnet:?xt=urn:btih:${'0'.repeat(40)}`;
  const stdin = `${link}&tr=http://127.0.0.1/announce?passkey=s3cret`;
  const { exitCode, stdout, stderr } = await runCli(['get', '-i', '-', '--json'], { stdin });
  assert.equal(exitCode, 28);
  assert.equal(stderr.split('\n')[0], `ttorrent: ${link}: magnet links are not supported yet`);
  assert.ok(!stdout.includes('s3cret'), stdout);
});

test('secrets of the URL are neither printed nor recorded, whatever becomes of it', async (t) => {
  const warning = await serveHttp(t, (_, response) => response.end(album.bytes));
  const gone = await serveHttp(t, (_, response) => response.writeHead(404).end());
  const elsewhere = await serveHttp(t, (_, response) => response.writeHead(302, { location: `http://u:${secret}@127.0.0.1:1/` }).end());
  const dead = `http://127.0.0.1:${await closedPort()}`;
  for (const origin of [warning.origin, gone.origin, elsewhere.origin, dead]) {
    const url = `${origin.replace('//', `//me:${secret}@`)}/${secret}/a.torrent?passkey=${secret}#${secret}`;
    const directory = workDirectory(t);
    const args = ['get', url, '-v', '--json', '--report', 'r.json', '--stall-timeout', '1s', '--on-fail', 'env'];
    const { stdout, stderr } = await runCli(args, { cwd: directory });
    assert.ok(!(stdout + stderr + readFileSync(path.join(directory, 'r.json'), 'utf8')).includes(secret), stdout + stderr);
  }
});

test('credentials of the URL are not sent to where another server redirects', async (t) => {
  const seen: (string | undefined)[] = [];
  const target = await serveHttp(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.end(album.bytes);
  });
  const from = await serveHttp(t, (_, response) => response.writeHead(302, { location: `${target.origin}/a` }).end());
  assert.equal((await runCli(['info', `${from.origin.replace('//', '//me:word@')}/`])).exitCode, 0);
  assert.deepEqual(seen, [undefined]);
});

test('a server or a stdin that never ends is left at the deadline, and at a signal', async (t) => {
  const silent = await serveRaw(t, () => {});
  for (const source of [`${silent.origin}/a.torrent`, '-']) {
    for (const deadline of [['--deadline', '1s'], []]) {
      // A pipe that nobody closes, since the program itself could write to it.
      const wrapper = ['sh', '-c', 'mkfifo pipe && exec "$0" "$@" 0<>pipe'];
      const says = preload('setTimeout(() => process.stderr.write("under way"), 500)');
      const running = startCli(['get', source, ...deadline], { wrapper, nodeOptions: says, cwd: workDirectory(t) });
      await running.stderrMatches(/under way/);
      if (deadline.length === 0) running.child.kill('SIGINT');
      const { exitCode, stderr } = await running.finished;
      assert.equal(exitCode, deadline.length === 0 ? 130 : 2, stderr);
    }
  }
});

test('an empty stdin is no torrent', async () => {
  const { exitCode, stderr } = await runCli(['info', '-'], { stdin: '' });
  assert.equal(exitCode, 25);
  assert.match(stderr, /^ttorrent: stdin: /);
});

test('a torrent from nginx', { skip: skipWithout('nginx') }, async (t) => {
  const directory = workDirectory(t);
  const port = await closedPort();
  writeFileSync(
    path.join(directory, 'nginx.conf'),
    `daemon off; master_process off; pid ${directory}/pid; error_log stderr; events {}
http { access_log off; types { application/x-bittorrent torrent; } gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
  client_body_temp_path ${directory}; proxy_temp_path ${directory}; fastcgi_temp_path ${directory}; uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
  server { listen 127.0.0.1:${port}; root ${directory}; location = /moved { return 301 /a.torrent; } } }`,
  );
  const nginx = spawn('nginx', ['-c', path.join(directory, 'nginx.conf'), '-e', 'stderr']);
  t.after(async () => {
    nginx.kill('SIGKILL');
    if (nginx.exitCode === null && nginx.signalCode === null) await once(nginx, 'exit');
  });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 100 && (await runCli(['info', `${url}/a.torrent`])).exitCode === 6; tries++);
  const { exitCode, stdout, stderr } = await runCli(['info', `${url}/moved`, '--json']);
  assert.equal(exitCode, 0, stderr);
  assert.equal((JSON.parse(stdout) as { name: string }).name, 'album');
  assert.equal((await runCli(['info', `${url}/gone.torrent`])).exitCode, 3);
});
