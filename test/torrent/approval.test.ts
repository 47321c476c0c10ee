import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StorageError } from '../../src/errors.ts';
import { approvedBy, callersCheck, type CompleteFile } from '../../src/torrent/approval.ts';

const file = { index: 0, path: ['a'], length: 3, torrentOffset: 0, pad: false, executable: false };
const { signal } = new AbortController();

test('asks each check when the one before it agreed', async () => {
  const asked: string[] = [];
  const check = (name: string) => async (): Promise<void> => void asked.push(name);
  await approvedBy(check('sum'), undefined, check('gate')).approve?.(file, '/out/a.part');
  assert.deepEqual(asked, ['sum', 'gate']);
  const veto = new StorageError('data-mismatch', 'another sum');
  await assert.rejects(async () => approvedBy(() => Promise.reject(veto), check('never')).approve?.(file, '/out/a.part'), veto);
  assert.deepEqual(asked, ['sum', 'gate']);
});

test('asks nobody when there is no check', () => {
  assert.deepEqual(approvedBy(undefined, callersCheck(undefined, signal)), {});
});

test('tells the caller both names, and makes a StorageError of whatever it rejects with', async () => {
  const seen: CompleteFile[] = [];
  await callersCheck(async (complete) => void seen.push(complete), signal)?.(file, '/out/a.part');
  assert.deepEqual(seen, [{ file, partPath: '/out/a.part', finalPath: '/out/a' }]);
  const reason = new Error('infected');
  await assert.rejects(async () => callersCheck(() => Promise.reject(reason), signal)?.(file, '/out/a.part'), {
    name: 'StorageError',
    code: 'hook-failed',
    message: '/out/a.part was not approved: infected',
    cause: reason,
  });
});
