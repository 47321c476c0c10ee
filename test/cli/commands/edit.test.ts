// `ttorrent edit` as a user runs it.

import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { infohashOf } from '../../support/infohash.ts';
import { makeTorrent } from '../../support/make-torrent.ts';
import { runCli } from '../../support/run-cli.ts';
import { scratchDirectory } from '../../support/scratch.ts';

const made = makeTorrent({
  name: 'data',
  pieceLength: 16_384,
  length: 50_000,
  trackers: [['http://a.example/announce'], ['http://b.example/announce']],
  root: { comment: 'old', 'url-list': 'http://w.example/', 'x-unknown': [1, 2] },
  info: { 'x-odd': Buffer.from([0xff]) },
});

function directoryWithTorrent(t: TestContext): string {
  const cwd = scratchDirectory(t);
  writeFileSync(path.join(cwd, 'a.torrent'), made.bytes);
  return cwd;
}

async function infoOf(cwd: string, name: string): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await runCli(['info', name, '--json'], { cwd });
  assert.equal(stderr, '');
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('changes a torrent in place, its infohash and mode kept', async (t) => {
  const cwd = directoryWithTorrent(t);
  chmodSync(path.join(cwd, 'a.torrent'), 0o640);
  const trackers = ['--remove-tracker', 'http://a.example/announce', '--add-tracker', 'http://c.example/1,http://c.example/2'];
  const seeds = ['--add-web-seed', 'https://v.example/'];
  const { exitCode, stdout, stderr } = await runCli(['edit', 'a.torrent', ...trackers, ...seeds, '--set-comment', 'new'], { cwd });
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, new RegExp(`^path\ta.torrent\ninfohash\t${made.infohash.toString('hex')}\n`));
  const told = await infoOf(cwd, 'a.torrent');
  assert.deepEqual(told['trackers'], [['http://b.example/announce'], ['http://c.example/1', 'http://c.example/2']]);
  assert.deepEqual([told['webSeeds'], told['comment']], [['http://w.example/', 'https://v.example/'], 'new']);
  const after = readFileSync(path.join(cwd, 'a.torrent'));
  assert.equal(infohashOf(after), made.infohash.toString('hex'));
  assert.ok(after.includes('9:x-unknownli1ei2ee'));
  assert.equal(statSync(path.join(cwd, 'a.torrent')).mode & 0o777, 0o640);
  assert.deepEqual(readdirSync(cwd), ['a.torrent']);
});

test('replaces all trackers, and removes all of a sort', async (t) => {
  const cwd = directoryWithTorrent(t);
  const edit = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { exitCode, stderr } = await runCli(['edit', 'a.torrent', ...args], { cwd });
    assert.equal(exitCode, 0, stderr);
    return infoOf(cwd, 'a.torrent');
  };
  assert.deepEqual((await edit('-t', 'http://x.example/', '-t', 'http://y.example/'))['trackers'], [
    ['http://x.example/'],
    ['http://y.example/'],
  ]);
  assert.deepEqual((await edit('--remove-tracker', 'all', '--add-tracker', 'http://z.example/'))['trackers'], [['http://z.example/']]);
  assert.deepEqual((await edit('--remove-tracker', 'all'))['trackers'], []);
  assert.deepEqual((await edit('-w', 'http://s.example/'))['webSeeds'], ['http://s.example/']);
  assert.deepEqual((await edit('--remove-web-seed', 'all'))['webSeeds'], []);
  assert.equal((await edit('--set-comment', ''))['comment'], null);
});

test('writes to another file or to stdout, and leaves the torrent alone', async (t) => {
  const cwd = directoryWithTorrent(t);
  assert.equal((await runCli(['edit', 'a.torrent', '--set-comment', 'new', '-o', 'b.torrent'], { cwd })).exitCode, 0);
  assert.deepEqual(readFileSync(path.join(cwd, 'a.torrent')), made.bytes);
  assert.equal((await infoOf(cwd, 'b.torrent'))['comment'], 'new');
  const again = await runCli(['edit', 'a.torrent', '--set-comment', 'x', '-o', 'b.torrent'], { cwd });
  assert.deepEqual([again.exitCode, again.stderr], [13, 'ttorrent: b.torrent exists: --force replaces it\n']);
  assert.equal((await runCli(['edit', 'a.torrent', '--set-comment', 'x', '-o', 'b.torrent', '--force'], { cwd })).exitCode, 0);
  const { stdout, stderr } = await runCli(['edit', 'a.torrent', '--set-comment', 'x', '-o', '-'], { cwd });
  assert.match(stdout, /7:comment1:x/);
  assert.match(stderr, /^ttorrent: stdout: /);
});

test('ends with the exit code of what is wrong, and leaves the torrent alone', async (t) => {
  const cwd = directoryWithTorrent(t);
  writeFileSync(path.join(cwd, 'text'), 'hello');
  const cases: readonly [args: readonly string[], exitCode: number, complaint: RegExp][] = [
    [['a.torrent'], 28, /nothing is to change/],
    [['a.torrent', '--remove-tracker', 'http://c.example/'], 28, /a\.torrent: the torrent has no tracker http:\/\/c\.example\/ to remove/],
    [['a.torrent', '--add-tracker', 'ftp://c.example/'], 28, /scheme/],
    [['gone.torrent', '--set-comment', 'x'], 3, /no such file/],
    [['text', '--set-comment', 'x'], 25, /text: not a torrent/],
    [['a.torrent', '--set-comment', 'x', '-o', 'no/where'], 16, /writing the torrent/],
  ];
  for (const [args, exitCode, complaint] of cases) {
    const ended = await runCli(['edit', ...args], { cwd });
    assert.deepEqual([ended.exitCode, ended.stdout], [exitCode, ''], `${args.join(' ')}: ${ended.stderr}`);
    assert.match(ended.stderr, complaint);
  }
  assert.deepEqual(readFileSync(path.join(cwd, 'a.torrent')), made.bytes);
  assert.deepEqual(readdirSync(cwd).toSorted(), ['a.torrent', 'text']);
});

test('settings of create are not taken for its own', async (t) => {
  const cwd = directoryWithTorrent(t);
  const env = { TTORRENT_TRACKER: 'http://x.example/', TTORRENT_WEB_SEED: 'http://y.example/', TTORRENT_COMMENT: 'z' };
  assert.equal((await runCli(['edit', 'a.torrent', '--add-tracker', 'http://b.example/announce'], { cwd, env })).exitCode, 0);
  assert.deepEqual(
    readFileSync(path.join(cwd, 'a.torrent'))
      .toString('latin1')
      .replace('8:url-listl17:http://w.example/e', '8:url-list17:http://w.example/'),
    made.bytes.toString('latin1'),
  );
});
