import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, truncateSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { metainfoLimits } from '../../src/config.ts';
import { InputError, StorageError } from '../../src/errors.ts';
import { readTorrentFile } from '../../src/storage/read-torrent-file.ts';
import { scratchDirectory } from '../support/scratch.ts';

test('the bytes of a file are read, also of an empty one and of one behind a symbolic link', async (t) => {
  const dir = scratchDirectory(t);
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(3_000_000, 'x')]) {
    writeFileSync(path.join(dir, 'a.torrent'), bytes);
    assert.ok(bytes.equals(await readTorrentFile(path.join(dir, 'a.torrent'))));
  }
});

test('a file that is not there is told from one that is no file', async (t) => {
  const dir = scratchDirectory(t);
  writeFileSync(path.join(dir, 'file'), '');
  execFileSync('mkfifo', [path.join(dir, 'fifo')]);
  const server = net.createServer();
  t.after(() => server.close());
  await new Promise<void>((resolve) => void server.listen(path.join(dir, 'socket'), resolve));
  const expected: [string, string][] = [
    [path.join(dir, 'none'), 'torrent-not-found'],
    [path.join(dir, 'file', 'below'), 'torrent-not-found'],
    ['', 'torrent-not-found'],
    [dir, 'bad-argument'],
    [path.join(dir, 'fifo'), 'bad-argument'],
    [path.join(dir, 'socket'), 'bad-argument'],
    ['/dev/zero', 'bad-argument'],
    ['a\0b', 'bad-argument'],
    ['x'.repeat(10_000), 'bad-argument'],
  ];
  for (const [name, code] of expected) {
    await assert.rejects(
      readTorrentFile(name),
      (error) => error instanceof InputError && error.code === code,
      `${name.slice(0, 80)}: ${code}`,
    );
  }
});

test('a file longer than any torrent is refused', async (t) => {
  const file = path.join(scratchDirectory(t), 'long.torrent');
  writeFileSync(file, '');
  truncateSync(file, metainfoLimits.fileBytes + 1);
  await assert.rejects(readTorrentFile(file), { code: 'bad-torrent', message: /longer than 48\.0 MiB/ });
  truncateSync(file, metainfoLimits.fileBytes);
  assert.equal((await readTorrentFile(file)).length, metainfoLimits.fileBytes);
});

test('a file that may not be read says so', async (t) => {
  const dir = scratchDirectory(t);
  const file = path.join(dir, 'secret.torrent');
  writeFileSync(file, 'x');
  chmodSync(file, 0o000);
  chmodSync(dir, 0o755);
  // Root may read everything: then the test is somebody else meanwhile.
  if (process.geteuid?.() === 0) {
    process.seteuid?.(65_534);
    t.after(() => process.seteuid?.(0));
  }
  await assert.rejects(readTorrentFile(file), (error) => error instanceof StorageError && error.code === 'open-failed');
  process.seteuid?.(process.getuid?.() ?? 0);
});
