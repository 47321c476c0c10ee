// `--checksum`, `--sums` and `--print-sums` through the real command line and a swarm on loopback.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { skipWithout } from '../support/programs.ts';
import { type MadeTorrent, makeTorrent } from '../support/make-torrent.ts';
import { type RunOptions, type RunResult, runCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Seeder } from '../support/seeder.ts';
import { closedPort, serveHttp, serveHttps } from '../tracker/loopback-server.ts';

const single = makeTorrent({ name: 'disk.iso', pieceLength: 32_768, length: 300_000 });
const tree = makeTorrent({
  name: 'release',
  pieceLength: 32_768,
  files: [
    { path: ['a b.bin'], length: 100_000 },
    { path: ['sub', 'c.bin'], length: 50_000 },
    { path: ['sub', 'd.bin'], length: 70_000 },
  ],
});
const wrong = '0'.repeat(64);

function sum(torrent: MadeTorrent, index = 0, algorithm = 'sha256'): string {
  const file = torrent.files[index];
  assert.ok(file !== undefined);
  return createHash(algorithm).update(torrent.read(file.offset, file.length)).digest('hex');
}

interface Place {
  readonly directory: string;
  readonly seeder: Seeder;
  get(args: readonly string[], options?: RunOptions): Promise<RunResult>;
}

/** A fresh directory and a seeder of `torrent`. */
async function place(t: TestContext, torrent: MadeTorrent): Promise<Place> {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), torrent.bytes);
  const seeder = await Seeder.start({ torrent });
  t.after(() => seeder.close());
  const common = ['get', 'a.torrent', '--peer', seeder.address];
  return { directory, seeder, get: (args, options) => runCli([...common, ...args], { cwd: directory, timeoutMs: 30_000, ...options }) };
}

/** Ended with `exitCode` and one line that matches, before anything was asked of a peer. */
function assertRefused(result: RunResult, exitCode: number, message: RegExp, where: Place): void {
  assert.deepEqual([result.exitCode, result.stdout], [exitCode, ''], result.stderr);
  assert.match(result.stderr, /^ttorrent: [^\n]*\n/m);
  assert.match(result.stderr, message);
  assert.equal(where.seeder.counts.connections, 0);
}

test('0: the file has the sum that was typed, by any algorithm', async (t) => {
  const where = await place(t, single);
  const typed = ['sha256', 'sha1', 'sha512', 'md5'].flatMap((algorithm) => ['--checksum', `${algorithm}:${sum(single, 0, algorithm)}`]);
  const result = await where.get(typed);
  assert.deepEqual([result.exitCode, result.stdout], [0, `${path.join(where.directory, 'disk.iso')}\n`], result.stderr);
});

test('32: another sum: the file keeps its temporary name, run again too, and gets its name once nobody objects', async (t) => {
  const where = await place(t, single);
  for (let run = 0; run < 2; run++) {
    const result = await where.get(['--checksum', `sha256:${wrong}`]);
    assert.deepEqual([result.exitCode, result.stdout], [32, ''], result.stderr);
    assert.match(result.stderr, new RegExp(`disk\\.iso\\.part: expected the published sha256 sum ${wrong}, found ${sum(single)}`));
    assert.ok(!existsSync(path.join(where.directory, 'disk.iso')));
    assert.ok(readFileSync(path.join(where.directory, 'disk.iso.part')).equals(single.read(0, single.totalLength)));
  }
  assert.equal(where.seeder.counts.payloadSent, single.totalLength);
  assert.equal((await where.get([])).exitCode, 0);
});

test('32: a complete download that has another sum', async (t) => {
  const where = await place(t, single);
  assert.equal((await where.get([])).exitCode, 0);
  assert.equal((await where.get(['--checksum', `sha256:${sum(single)}`])).exitCode, 0);
  const result = await where.get(['--checksum', `sha256:${wrong}`]);
  assert.deepEqual([result.exitCode, result.stdout], [32, ''], result.stderr);
  assert.equal(where.seeder.counts.connections, 1);
});

test('a checksum of one of several files names it, and only that file is held back', async (t) => {
  const where = await place(t, tree);
  assertRefused(await where.get(['--checksum', `sha256:${wrong}`]), 28, /3 are selected: write sha256:HEX:PATH/, where);
  assertRefused(await where.get(['--checksum', `sha256:${wrong}:e.bin`]), 28, /"e\.bin" names none of the selected files/, where);
  const good = ['--checksum', `sha256:${sum(tree, 0)}:a b.bin`, '--checksum', `md5:${sum(tree, 1, 'md5')}:release/sub/c.bin`];
  const result = await where.get([...good, '--checksum', `sha256:${wrong}:d.bin`]);
  assert.deepEqual([result.exitCode, result.stdout], [32, ''], result.stderr);
  const names = (held: string): boolean[] =>
    ['a b.bin', held, 'sub/d.bin'].map((name) => existsSync(path.join(where.directory, 'release', name)));
  assert.deepEqual(names('sub/d.bin.part'), [true, true, false]);
  assert.match(result.stderr, /warning: \S+d\.bin\.part: expected the published sha256 sum/);
  assert.equal((await where.get(good)).exitCode, 0);
});

test('--sums: a list beside the torrent; what it does not name is a warning', async (t) => {
  const where = await place(t, tree);
  const list = path.join(where.directory, 'SHA256SUMS');
  writeFileSync(list, `${sum(tree, 0)} *a b.bin\nSHA512 (./sub/c.bin) = ${sum(tree, 1, 'sha512')}\n${wrong}  other.iso\n`);
  const result = await where.get(['--sums', list]);
  assert.equal(result.exitCode, 0, result.stderr);
  assert.match(result.stderr, /no checksum is listed for 1 of 3 selected files, first release\/sub\/d\.bin/);
  writeFileSync(list, `${wrong}  c.bin\n`);
  assert.equal((await where.get(['--sums', list])).exitCode, 32);
  assert.equal((await where.get(['--sums', list, '-s', '1'])).exitCode, 28);
});

test('--sums: what is of no use is refused before the download begins', async (t) => {
  const where = await place(t, single);
  const list = path.join(where.directory, 'sums');
  assertRefused(await where.get(['--sums', list]), 3, /sums: there is no such file/, where);
  assertRefused(await where.get(['--sums', where.directory]), 28, /expected a list of checksums, found a directory/, where);
  for (const url of ['ftp://127.0.0.1/sums', `file://${list}`])
    assertRefused(await where.get(['--sums', url]), 28, /only http and https URLs are fetched/, where);
  writeFileSync(list, 'not a checksum\n');
  assertRefused(await where.get(['--sums', list]), 28, /sums: holds no checksum/, where);
  writeFileSync(list, `${wrong}  \x1b[2Jother.iso\n`);
  const unnamed = await where.get(['--sums', list]);
  assertRefused(unnamed, 28, /names none of the selected files; it names 1, first \\x1b\[2Jother\.iso/, where);
  writeFileSync(list, `${wrong}  disk.iso\n${sum(single)} *./disk.iso\n`);
  assertRefused(await where.get(['--sums', list]), 28, /contradict each other/, where);
  assertRefused(await where.get(['--sums', '/dev/zero']), 28, /longer than a list of checksums may be/, where);
  assertRefused(await where.get(['--checksum', 'sha256:12']), 28, /expected ALGORITHM:HEX/, where);
});

test('--sums reads a pipe, such as the output of what verifies a signature', { skip: skipWithout('bash') }, async (t) => {
  const where = await place(t, single);
  const shell = ['bash', '-c', `exec "$@" --sums <(read -t 0.2 < /dev/zero; echo '${wrong}  disk.iso')`, 'bash'];
  assert.equal((await where.get([], { wrapper: shell })).exitCode, 32);
});

test('--sums fetches a list from the web, through redirects', async (t) => {
  const where = await place(t, single);
  const server = await serveHttp(t, (request, response) => {
    if (request.url === '/latest') response.writeHead(302, { location: '/12/SHA256SUMS' }).end();
    else response.end(`${sum(single)} *disk.iso\n`);
  });
  const result = await where.get(['--sums', `${server.origin}/latest`]);
  assert.equal(result.exitCode, 0, result.stderr);
  assert.deepEqual(server.targets, ['/latest', '/12/SHA256SUMS']);
});

test('--sums: 3 for a list that the web does not have, 6 for one that cannot be fetched, and no secret is repeated', async (t) => {
  const where = await place(t, single);
  const server = await serveHttp(t, (request, response) => {
    const status = Number(request.url?.slice(1, 4));
    if (status === 200) for (let i = 0; i < 40; i++) response.write(Buffer.alloc(2 ** 20, '#'));
    else response.writeHead(status, { location: 'ftp://elsewhere/' });
    response.end();
  });
  for (const status of [404, 410]) assertRefused(await where.get(['--sums', `${server.origin}/${status}`]), 3, /HTTP 4/, where);
  const secretive = server.origin.replace('//', '//user:geheim@');
  for (const url of [`${secretive}/500?key=geheim`, `${secretive}/301`, `${secretive}/200`, `http://127.0.0.1:${await closedPort()}/`]) {
    const result = await where.get(['--sums', url]);
    assertRefused(result, 6, /127\.0\.0\.1/, where);
    assert.doesNotMatch(result.stderr, /geheim/);
  }
});

test('2: the deadline holds while lists are read, from the web and from a pipe', async (t) => {
  const where = await place(t, single);
  const server = await serveHttp(t, (_request, response) => void response.write('# more to come\n'));
  const hanging = await where.get(['--sums', `${server.origin}/sums`, '--deadline', '300ms']);
  assertRefused(hanging, 2, /the deadline of 0\.3s was reached while reading the published checksums/, where);
  assert.equal(spawnSync('mkfifo', [path.join(where.directory, 'pipe')]).status, 0);
  const shell = ['sh', '-c', 'exec "$@" 9<>pipe', 'sh'];
  assertRefused(await where.get(['--sums', 'pipe', '--deadline', '300ms'], { wrapper: shell }), 2, /the deadline/, where);
});

test('--sums over https: the certificate is checked, and a redirect does not lead out of TLS', async (t) => {
  const where = await place(t, single);
  const files = { key: readFileSync('fixtures/tls/key.pem'), cert: readFileSync('fixtures/tls/loopback.pem') };
  const server = await serveHttps(t, files, (request, response) => {
    if (request.url === '/sums') response.end(`${sum(single)}  disk.iso\n`);
    else response.writeHead(302, { location: 'http://127.0.0.1:1/sums' }).end();
  });
  const trust = { NODE_EXTRA_CA_CERTS: path.resolve('fixtures/tls/loopback.pem') };
  assertRefused(
    await where.get(['--sums', `${server.origin}/sums`], { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }),
    6,
    /self-signed/,
    where,
  );
  assertRefused(await where.get(['--sums', `${server.origin}/out`], { env: trust }), 6, /from https to http/, where);
  assert.equal((await where.get(['--sums', `${server.origin}/sums`], { env: trust })).exitCode, 0);
});

test('--print-sums prints what sha256sum would', async (t) => {
  const where = await place(t, tree);
  const result = await where.get(['--print-sums', 'sha256', '-s', '1,3']);
  const line = (index: number, ...name: string[]): string => `${sum(tree, index)}  ${path.join(where.directory, 'release', ...name)}\n`;
  assert.deepEqual([result.exitCode, result.stdout], [0, line(0, 'a b.bin') + line(2, 'sub', 'd.bin')], result.stderr);
  assert.equal((await where.get(['--print-sums', 'crc32'])).exitCode, 28);
});
