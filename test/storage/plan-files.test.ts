import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type DownloadPlan, type PlanRequest, planFiles } from '../../src/storage/plan-files.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { type Content, download, makeContent, open } from './fixture.ts';

const content = makeContent('set', 1_000, [
  { path: 'a', length: 2_500 },
  { path: 'b', length: 2_500 },
  { path: 'empty', length: 0 },
]);

function plan(of: Content, outputDir: string, more: Partial<PlanRequest> = {}): Promise<DownloadPlan> {
  return planFiles(of.metainfo, {
    outputDir,
    selection: new Set(of.metainfo.files.keys()),
    resume: true,
    overwrite: false,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onWarning: () => undefined,
    ...more,
  });
}

const actions = ({ files }: DownloadPlan): unknown[] => files.map(({ action, missingBytes }) => [action, missingBytes]);

test('plans to fetch all into a directory that is not there, and does not make it', async (t) => {
  const parent = scratchDirectory(t);
  const planned = await plan(content, path.join(parent, 'out'));
  assert.deepEqual(actions(planned), [
    ['fetch', 2_500],
    ['fetch', 2_500],
    ['fetch', 0],
  ]);
  assert.deepEqual([planned.totalBytes, planned.missingBytes, planned.neededBytes], [5_000, 5_000, 5_000]);
  assert.equal(planned.files[0]?.path, path.join(parent, 'out', 'set', 'a'));
  assert.deepEqual(readdirSync(parent), []);
});

test('tells complete, begun and damaged files apart, and changes nothing', async (t) => {
  const dir = scratchDirectory(t);
  mkdirSync(path.join(dir, 'set'));
  const damaged = Buffer.from(content.file(0));
  damaged[0] = (damaged[0] ?? 0) ^ 1;
  writeFileSync(path.join(dir, 'set', 'a'), damaged);
  writeFileSync(path.join(dir, 'set', 'b.part'), Buffer.concat([content.file(1).subarray(0, 1_600), Buffer.alloc(900)]));
  writeFileSync(path.join(dir, 'set', 'empty'), '');
  const before = readdirSync(dir, { recursive: true });
  assert.deepEqual(actions(await plan(content, dir)), [
    ['replace', 1_000],
    ['resume', 1_000],
    ['complete', 0],
  ]);
  assert.deepEqual(readdirSync(dir, { recursive: true }), before);
});

test('finds nothing to do after the download, also where nothing may be written', async (t) => {
  const dir = scratchDirectory(t);
  await download(content, dir);
  chmodSync(dir, 0o555);
  const planned = await plan(content, dir).finally(() => chmodSync(dir, 0o755));
  assert.deepEqual([planned.files.every(({ action }) => action === 'complete'), planned.missingBytes, planned.neededBytes], [true, 0, 0]);
});

test('refuses what the download would refuse', async (t) => {
  const dir = scratchDirectory(t);
  writeFileSync(path.join(dir, 'file'), '');
  await assert.rejects(plan(content, path.join(dir, 'none', 'out')), {
    code: 'mkdir-failed',
    message: /none is not there, and only the last level is made$/,
  });
  await assert.rejects(plan(content, path.join(dir, 'file')), { code: 'mkdir-failed' });

  const { storage } = await open(content, dir);
  await assert.rejects(plan(content, dir), { code: 'locked' });
  await storage.close();

  const other = scratchDirectory(t);
  mkdirSync(path.join(other, 'set'));
  writeFileSync(path.join(other, 'set', 'a'), Buffer.alloc(2_500, 'x'));
  await assert.rejects(plan(content, other), { code: 'in-the-way' });
  assert.deepEqual(actions(await plan(content, other, { overwrite: true }))[0], ['replace', 2_500]);
});
