import assert from 'node:assert/strict';
import { test } from 'node:test';
import { descriptorTrouble } from '../../src/cli/descriptor-limit.ts';

function failure(code: string, message: string, cause?: Error): Error {
  return Object.assign(new Error(message, { cause }), { code });
}

test('knows a lack of descriptors wherever it comes from', () => {
  const open = failure('EMFILE', "EMFILE: too many open files, open 'x'");
  const asStorage = failure('open-failed', 'opening x: too many open files (EMFILE)', open);
  const worker = failure('ERR_WORKER_INIT_FAILED', 'Worker initialization failure: EMFILE');
  for (const error of [open, asStorage, worker]) {
    assert.equal(descriptorTrouble(error), `too few file descriptors (ulimit -n 256 allows enough): ${error.message}`);
  }
  assert.match(
    descriptorTrouble(failure('ENFILE', 'ENFILE: file table overflow')) ?? '',
    /^the system has no file descriptor left: ENFILE/,
  );
});

test('says nothing of other failures, nor of what is no error', () => {
  const circle = failure('EACCES', 'EMFILE');
  circle.cause = circle;
  for (const error of [circle, failure('ERR_WORKER_INIT_FAILED', 'ENOMEM'), 'EMFILE', undefined])
    assert.equal(descriptorTrouble(error), undefined);
});
