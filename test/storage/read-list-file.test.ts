import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { checksumListLimits } from '../../src/config.ts';
import { InputError } from '../../src/errors.ts';
import { readListFile } from '../../src/storage/read-list-file.ts';
import { scratchDirectory } from '../support/scratch.ts';

const checksums = { what: 'checksums', bodyBytes: checksumListLimits.bodyBytes } as const;
const patient = new AbortController().signal;

test('reads a whole file, and one as long as a list may be', async (t) => {
  const file = path.join(scratchDirectory(t), 'sums');
  writeFileSync(file, 'abc');
  assert.equal(Buffer.from(await readListFile(file, checksums, patient)).toString(), 'abc');
  writeFileSync(file, Buffer.alloc(checksumListLimits.bodyBytes));
  assert.equal((await readListFile(file, checksums, patient)).length, checksumListLimits.bodyBytes);
  writeFileSync(file, Buffer.alloc(checksumListLimits.bodyBytes + 1));
  await assert.rejects(readListFile(file, checksums, patient), InputError);
});

test('a pipe that nobody writes to is empty; one whose writer is silent is waited for until the signal aborts', async (t) => {
  const fifo = path.join(scratchDirectory(t), 'fifo');
  if (spawnSync('mkfifo', [fifo]).status !== 0) return t.skip('no mkfifo here');
  assert.equal((await readListFile(fifo, checksums, patient)).length, 0);
  const writer = openSync(fifo, 'r+');
  t.after(() => closeSync(writer));
  const impatient = new AbortController();
  const reading = readListFile(fifo, checksums, impatient.signal);
  setTimeout(() => impatient.abort(new Error('enough')), 50);
  await assert.rejects(reading, /enough/);
});

test('refuses a directory', async (t) => {
  const reading = readListFile(scratchDirectory(t), checksums, patient);
  await assert.rejects(reading, { code: 'bad-argument', message: /expected a list of checksums, found a directory$/ });
});
