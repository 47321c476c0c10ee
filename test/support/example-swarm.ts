// The swarm that the examples of the documents download from: a directory with the torrents that they name, a tracker and a seeder each.

import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type MadeTorrent, makeTorrent, type TorrentShape } from './make-torrent.ts';
import { scratchDirectory } from './scratch.ts';
import { Seeder } from './seeder.ts';
import { FakeTracker } from './tracker.ts';

const shapes: readonly TorrentShape[] = [
  { name: 'debian.iso', pieceLength: 65_536, length: 1_500_000 },
  { name: 'image.img', pieceLength: 65_536, length: 400_000 },
  {
    name: 'album',
    pieceLength: 32_768,
    files: [
      { path: ['01 Overture.flac'], length: 300_000 },
      { path: ['02 Finale.flac'], length: 500_000 },
      { path: ['booklet.pdf'], length: 40_000 },
    ],
  },
];

/**
 * A scratch directory with `debian.torrent`, `image.torrent` and `album.torrent`, which can be downloaded until `owner` is done, and their
 * publisher's SHA256SUMS. `ttorrent` is on the `PATH` returned, and `import ... from 'ttorrent'` finds the built library.
 */
export async function exampleSwarm(owner: { after(cleanUp: () => unknown): void }): Promise<{ directory: string; PATH: string }> {
  const directory = scratchDirectory(owner);
  const sums: string[] = [];
  for (const shape of shapes) {
    const seeder = await Seeder.start({ torrent: makeTorrent(shape) });
    owner.after(() => seeder.close());
    const tracker = await FakeTracker.start({ peers: [seeder] });
    owner.after(() => tracker.close());
    const torrent = makeTorrent({ ...shape, trackers: [[tracker.url]] });
    writeFileSync(path.join(directory, `${shape.name.split('.')[0]}.torrent`), torrent.bytes);
    sums.push(...sumLines(torrent));
  }
  writeFileSync(path.join(directory, 'SHA256SUMS'), sums.join(''));
  return { directory, PATH: `${commandDirectory(directory)}${path.delimiter}${process.env['PATH'] ?? ''}` };
}

function sumLines(torrent: MadeTorrent): string[] {
  return torrent.files.map(({ path: elements, offset, length }) => {
    const sum = createHash('sha256').update(torrent.read(offset, length)).digest('hex');
    return `${sum}  ${elements.join('/')}\n`;
  });
}

/** The repository as an installed package below `directory`, and the command that comes with it. Both see what was built last. */
function commandDirectory(directory: string): string {
  const binaries = path.join(directory, 'node_modules', '.bin');
  mkdirSync(binaries, { recursive: true });
  symlinkSync(process.cwd(), path.join(directory, 'node_modules', 'ttorrent'), 'junction');
  const program = path.resolve('dist/bundle/ttorrent.js');
  writeFileSync(path.join(binaries, 'ttorrent'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, { mode: 0o755 });
  return binaries;
}
