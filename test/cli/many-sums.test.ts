// The publisher's checksums of several torrents in one run of the command line.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeTorrent } from '../support/make-torrent.ts';
import { runCli } from '../support/run-cli.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { serveHttp } from '../tracker/loopback-server.ts';

/** `1.torrent` to `3.torrent` with their complete files, in a fresh directory, and the list of their sums. */
function complete(t: TestContext): { readonly directory: string; readonly list: string } {
  const directory = scratchDirectory(t);
  let list = '';
  for (const name of ['1', '2', '3']) {
    const torrent = makeTorrent({ name, pieceLength: 32_768, length: 40_000 });
    const content = torrent.read(0, torrent.totalLength);
    writeFileSync(path.join(directory, `${name}.torrent`), torrent.bytes);
    writeFileSync(path.join(directory, name), content);
    list += `${createHash('sha256').update(content).digest('hex')}  ${name}\n`;
  }
  return { directory, list };
}

const torrents = ['1.torrent', '2.torrent', '3.torrent'];
const md5 = `md5:${'0'.repeat(32)}`;

test('a list of checksums is read once for all torrents', async (t) => {
  const { directory, list } = complete(t);
  const { origin, targets } = await serveHttp(t, (_, response) => response.end(list));
  const { exitCode, stderr } = await runCli(['get', ...torrents, '--sums', `${origin}/SHA256SUMS`], { cwd: directory });
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(targets, ['/SHA256SUMS']);
});

test('a dry run, too, takes a checksum for the torrent that has its file, and tells of one that no torrent has', async (t) => {
  const { directory, list } = complete(t);
  writeFileSync(path.join(directory, 'SHA256SUMS'), list.split('\n')[0] ?? '');
  const dryRun = (...args: string[]): ReturnType<typeof runCli> =>
    runCli(['get', ...torrents, '--dry-run', '--checksum', ...args], { cwd: directory });
  const of2 = await dryRun(`${md5}:2`, '--sums', 'SHA256SUMS');
  assert.equal(of2.exitCode, 0, of2.stderr);
  assert.match(of2.stderr, /^3\.torrent: 0\.0%, checking existing data$/m);
  const nobodys = await dryRun(`${md5}:4`);
  assert.equal(nobodys.exitCode, 28, nobodys.stderr);
  assert.match(nobodys.stderr, /names no file of any of the torrents/);
  const unread = await runCli(['get', ...torrents, '--dry-run', '--sums', 'http://127.0.0.1:1/sums'], { cwd: directory });
  assert.equal(unread.exitCode, 0, unread.stderr);
});
