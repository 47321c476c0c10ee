import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { stateDirectory } from '../../src/cli/state-directory.ts';

const home = (): string => '/home/u';
const homeless = (): string => {
  throw new Error('no home');
};

test('is where the variable says, when that is an absolute path', () => {
  assert.equal(stateDirectory('linux', { XDG_STATE_HOME: '/state' }, home), path.join('/state', 'ttorrent'));
  assert.equal(stateDirectory('darwin', { XDG_STATE_HOME: '/state' }, homeless), path.join('/state', 'ttorrent'));
  for (const XDG_STATE_HOME of ['', 'state', './state']) {
    assert.equal(stateDirectory('linux', { XDG_STATE_HOME }, home), path.join('/home/u/.local/state/ttorrent'));
  }
});

test('is the place of the system otherwise', () => {
  assert.equal(stateDirectory('darwin', {}, home), path.join('/home/u/Library/Application Support/ttorrent'));
  assert.equal(stateDirectory('win32', { LOCALAPPDATA: '/local' }, home), path.join('/local/ttorrent'));
});

test('is nowhere for a user without a home', () => {
  assert.equal(stateDirectory('linux', {}, homeless), undefined);
  assert.equal(
    stateDirectory('linux', {}, () => ''),
    undefined,
  );
});
