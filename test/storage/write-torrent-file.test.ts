import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { StorageError } from '../../src/errors.ts';
import { replaceTorrentFile, writeTorrentFile } from '../../src/storage/write-torrent-file.ts';
import { scratchDirectory } from '../support/scratch.ts';

const bytes = Buffer.from('d4:infodee');

function refusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof StorageError && error.code === code;
}

test('writes a new file and leaves nothing beside it', async (t) => {
  const directory = scratchDirectory(t);
  await writeTorrentFile(path.join(directory, 'a.torrent'), bytes);
  assert.deepEqual(readdirSync(directory), ['a.torrent']);
  assert.deepEqual(readFileSync(path.join(directory, 'a.torrent')), bytes);
  assert.equal(statSync(path.join(directory, 'a.torrent')).nlink, 1);
});

test('replaces a file when it is told to, and nothing else ever', async (t) => {
  const directory = scratchDirectory(t);
  const target = path.join(directory, 'a.torrent');
  writeFileSync(target, 'old');
  await assert.rejects(writeTorrentFile(target, bytes), refusal('in-the-way'));
  assert.equal(readFileSync(target, 'utf8'), 'old');
  await writeTorrentFile(target, bytes, { overwrite: true });
  assert.deepEqual(readFileSync(target), bytes);

  mkdirSync(path.join(directory, 'dir'));
  symlinkSync('nowhere', path.join(directory, 'link'));
  for (const name of ['dir', 'link']) {
    await assert.rejects(writeTorrentFile(path.join(directory, name), bytes, { overwrite: true }), refusal('in-the-way'), name);
  }
  await assert.rejects(writeTorrentFile(path.join(directory, 'gone', 'a.torrent'), bytes), refusal('create-failed'));
  assert.deepEqual(readdirSync(directory).toSorted(), ['a.torrent', 'dir', 'link']);
});

test('replaces in place: the mode stays, and so does a link', async (t) => {
  const directory = scratchDirectory(t);
  const target = path.join(directory, 'a.torrent');
  writeFileSync(target, 'old');
  chmodSync(target, 0o600);
  symlinkSync('a.torrent', path.join(directory, 'link'));
  await replaceTorrentFile(path.join(directory, 'link'), bytes);
  assert.deepEqual(readFileSync(target), bytes);
  assert.equal(lstatSync(target).mode & 0o777, 0o600);
  assert.equal(readlinkSync(path.join(directory, 'link')), 'a.torrent');
  await assert.rejects(replaceTorrentFile(path.join(directory, 'gone'), bytes), refusal('open-failed'));
});
