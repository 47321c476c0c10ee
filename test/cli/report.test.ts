// `--report` through the real command line: it is written however the run ends.

import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { reportPage } from '../../src/cli/report/report-page.ts';
import type { Report } from '../../src/cli/report/report.ts';
import { corruptEvery, silent } from '../support/behaviours.ts';
import { makeTorrent } from '../support/make-torrent.ts';
import { preload, type RunOptions, type RunResult, runCli, startCli } from '../support/run-cli.ts';
import type { Seeder, SeederOptions } from '../support/seeder.ts';
import { startSeeder, workDirectory } from '../support/work-directory.ts';
import { nastyText, reportOf } from './report/made-report.ts';

const torrent = makeTorrent({
  name: 'album',
  pieceLength: 32_768,
  files: [
    { path: ['one.bin'], length: 200_000 },
    { path: ['<b>two & "three".bin'], length: 100_000 },
  ],
});

function seeder(t: TestContext, options: Partial<SeederOptions> = {}): Promise<Seeder> {
  return startSeeder(t, { torrent, ...options });
}

function get(directory: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return runCli(['get', 'a.torrent', '-o', 'out', '--report', 'r.json', ...args], { cwd: directory, ...options });
}

function reportIn(directory: string): Report {
  return JSON.parse(readFileSync(path.join(directory, 'r.json'), 'utf8')) as Report;
}

test('reports a download that is complete: bytes by peer and source, times, pieces, options', async (t) => {
  const directory = workDirectory(t, torrent.bytes);
  const [honest, liar] = [await seeder(t), await seeder(t, { behaviour: corruptEvery(1) })];
  const result = await get(directory, ['--peer', honest.address, '--peer', liar.address]);
  assert.deepEqual([result.exitCode, result.stdout.split('\n').length], [0, 3], result.stderr);
  const report = reportIn(directory);
  assert.deepEqual(report.end, { exitCode: 0, exitName: 'complete', code: null, reason: 'complete and verified' });
  assert.deepEqual(report.options, { lsd: false, output: 'out', peer: [honest.address, liar.address], report: 'r.json' });
  assert.equal(report.torrent?.infohash, torrent.infohash.toString('hex'));
  const { totals, timings, peers, pieces, samples, origins } = report;
  assert.ok(totals !== null);
  assert.deepEqual([totals.verifiedBytes, totals.verifiedPieces], [300_000, torrent.pieceCount]);
  const sum = peers.reduce((bytes, { downloadedBytes }) => bytes + downloadedBytes, 0);
  assert.deepEqual([sum, origins], [totals.downloadedBytes, [{ origin: 'user', peers: 2, downloadedBytes: sum, uploadedBytes: 0 }]]);
  assert.equal(peers.find(({ peer }) => peer === honest.address)?.fate, 'serving');
  assert.deepEqual(
    pieces.map(({ fetched, atMs }) => [fetched, atMs !== null]),
    pieces.map(() => [1, true]),
  );
  assert.equal(samples.at(-1)?.verifiedBytes, 300_000);
  for (const ms of Object.values(timings)) assert.ok(ms !== null && ms <= report.durationMs);
  assert.deepEqual(
    report.files.map(({ complete, selected }) => [complete, selected]),
    [
      [true, true],
      [true, true],
    ],
  );
  assert.match(report.platform, /^v\d+\.\d+\.\d+ \w+ \w+$/);
});

test('reports again what was there before', async (t) => {
  const directory = workDirectory(t, torrent.bytes);
  const peer = await seeder(t);
  await get(directory, ['--peer', peer.address]);
  const second = await get(directory, ['--peer', peer.address]);
  assert.equal(second.exitCode, 0, second.stderr);
  const report = reportIn(directory);
  assert.ok(report.pieces.every(({ before, fetched }) => before === 1 && fetched === 0));
  assert.deepEqual([report.peers, report.timings.firstPieceMs, report.totals?.downloadedBytes], [[], null, 0]);
});

test('reports a failure and what lies behind it', async (t) => {
  const directory = workDirectory(t, torrent.bytes);
  const mute = await seeder(t, { behaviour: silent() });
  const { exitCode, stderr } = await get(directory, ['--peer', mute.address, '--peer', '127.0.0.1:1', '--deadline', '1s']);
  const report = reportIn(directory);
  assert.deepEqual([exitCode, report.end.exitCode, report.end.code], [2, 2, 'deadline-reached'], stderr);
  assert.match(report.end.reason, /1 of 2 peers tried: 1 refused/);
  assert.deepEqual(report.fates, { refused: 1 });
});

test('reports after a signal, an internal error, and of a torrent that cannot be read', async (t) => {
  const stopped = workDirectory(t, torrent.bytes);
  const slow = await seeder(t, { rateBytesPerSecond: 20_000 });
  const running = startCli(['get', 'a.torrent', '-o', 'out', '-v', '--report', 'r.json', '--peer', slow.address], { cwd: stopped });
  await running.stderrMatches(/connected/);
  running.child.kill('SIGINT');
  assert.equal((await running.finished).exitCode, 130);
  assert.deepEqual([reportIn(stopped).end.exitCode, reportIn(stopped).end.reason], [130, 'stopped by SIGINT']);

  const crashed = workDirectory(t, torrent.bytes);
  // As soon as the run has begun its record.
  const sabotage =
    'import { existsSync } from "node:fs"; setInterval(() => { if (existsSync("r.json")) throw new Error("sabotage"); }, 20)';
  assert.equal((await get(crashed, ['--peer', slow.address], { nodeOptions: preload(sabotage) })).exitCode, 1);
  assert.equal(reportIn(crashed).end.reason, 'sabotage');

  const unread = workDirectory(t, torrent.bytes);
  writeFileSync(path.join(unread, 'a.torrent'), '<!DOCTYPE html>');
  assert.equal((await get(unread, [])).exitCode, 25);
  const { torrent: none, totals, end } = reportIn(unread);
  assert.deepEqual([none, totals, end.code], [null, null, 'not-bencode']);
});

test('a report that cannot be written is told at once, or, when all is done, changes nothing', async (t) => {
  const directory = workDirectory(t, torrent.bytes);
  const early = await runCli(['get', 'a.torrent', '--report', 'missing/r.html'], { cwd: directory });
  assert.deepEqual([early.exitCode, early.stdout], [16, ''], early.stderr);
  assert.match(early.stderr, /missing\/r\.html/);

  symlinkSync('/dev/full', path.join(directory, 'full.html'));
  const args = ['get', 'a.torrent', '-o', 'out', '--peer', (await seeder(t)).address, '--report', 'full.html'];
  const late = await runCli(args, { cwd: directory });
  assert.deepEqual([late.exitCode, late.stdout.split('\n').length], [0, 3], late.stderr);
  assert.match(late.stderr, /warning: cannot write to full\.html: ENOSPC/);
});

test('writes a page with the names as text and nothing that is loaded', async (t) => {
  const directory = workDirectory(t, torrent.bytes);
  const args = ['get', 'a.torrent', '-o', 'out', '--report', 'r.html', '--peer', (await seeder(t)).address];
  assert.equal((await runCli(args, { cwd: directory })).exitCode, 0);
  const page = readFileSync(path.join(directory, 'r.html'), 'utf8');
  assert.match(page, /^<!doctype html>/);
  assert.ok(page.includes('two &amp; '), 'the file is named');
  for (const made of [page, reportPage(reportOf({ words: nastyText }))]) {
    assert.doesNotMatch(made, /<(script|img|iframe|link|object|form|b)\b|javascript:|\burl\(|@import|\ssrc=["']|\son\w+=["']|\sstyle=/i);
    assert.match(made.replaceAll('&#39;', "'"), /http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-/);
    assert.doesNotMatch(made.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  }
});

test('docs/report.md names every key of a report', () => {
  const documentation = readFileSync(new URL('../../../docs/report.md', import.meta.url), 'utf8');
  for (const key of Object.keys(reportOf())) assert.ok(documentation.includes(`\`${key}\``), key);
});

test('a page of the largest report stays below a megabyte', () => {
  const report = reportOf({ pieceCount: 1440 });
  const many = <T>(items: readonly T[], count: number): T[] =>
    Array.from({ length: count }, (_, index) => items[index % items.length] as T);
  const largest = { ...report, samples: many(report.samples, 2000), peers: many(report.peers, 200), files: many(report.files, 500) };
  assert.ok(reportPage(largest).length < 1_000_000);
});
