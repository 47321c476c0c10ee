// What most tests of the command line begin with: a directory with a torrent in it, and somebody who seeds it.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { makeTorrent } from './make-torrent.ts';
import { scratchDirectory } from './scratch.ts';
import { Seeder, type SeederOptions } from './seeder.ts';

/** Two files that share a piece, one of them in a folder of its own, and an empty one: 300 000 bytes. */
export const album = makeTorrent({
  name: 'album',
  pieceLength: 32_768,
  files: [
    { path: ['one.bin'], length: 200_000 },
    { path: ['sub', 'two.bin'], length: 100_000 },
    { path: ['empty'], length: 0 },
  ],
});

/** A fresh directory with `a.torrent` and an empty `out` in it; gone when the test is. */
export function workDirectory(t: TestContext, torrentBytes: Uint8Array = album.bytes): string {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'a.torrent'), torrentBytes);
  mkdirSync(path.join(directory, 'out'));
  return directory;
}

/** A seeder, of `album` unless the options say otherwise, until the test is done. */
export async function startSeeder(t: TestContext, options: Partial<SeederOptions> = {}): Promise<Seeder> {
  const seeder = await Seeder.start({ torrent: album, ...options });
  t.after(() => seeder.close());
  return seeder;
}
