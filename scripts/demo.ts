// `npm run demo`: the main job before your eyes. Makes a torrent of about 100 MB, starts a tracker and four seeders on loopback, downloads
// it with the real command line as a child process, and shows the SHA-256 of each file beside the expected one.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type MadeFile, type MadeTorrent, makeTorrent } from '../test/support/make-torrent.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../test/support/scratch.ts';
import { Seeder } from '../test/support/seeder.ts';
import { FakeTracker } from '../test/support/tracker.ts';

const MB = 1_000_000;
const content = {
  name: 'tiny-linux-1.0',
  pieceLength: 262_144,
  files: [
    { path: ['README.txt'], length: 3_271 },
    { path: ['boot', 'vmlinuz'], length: 9 * MB + 413 },
    { path: ['boot', 'initrd.img'], length: 21 * MB + 77 },
    { path: ['images', 'rootfs.squashfs'], length: 64 * MB + 1 },
    { path: ['images', 'empty.img'], length: 0 },
    { path: ['docs', 'Überblick.pdf'], length: 6 * MB + 9_999 },
  ],
};
/** Slow enough to watch, and unequal as seeders are: 15 MB/s together. */
const seederRates = [6 * MB, 4 * MB, 3 * MB, 2 * MB];

process.on('SIGINT', () => {}); // Ctrl-C reaches the download, too: it stops cleanly, then we tidy up
const directory = makeScratchDirectory();
try {
  process.exitCode = await demonstrate(directory);
} finally {
  removeScratchDirectory(directory);
}

/** Runs the demonstration with files below `scratch`. Returns the exit code. */
async function demonstrate(scratch: string): Promise<number> {
  await using tracker = await FakeTracker.start();
  const torrent = makeTorrent({ ...content, trackers: [[tracker.url]] });
  const torrentFile = path.join(scratch, `${torrent.name}.torrent`);
  writeFileSync(torrentFile, torrent.bytes);
  const seeders = await Promise.all(seederRates.map((rateBytesPerSecond) => Seeder.start({ torrent, rateBytesPerSecond })));
  tracker.peers = seeders;

  const megabytes = (torrent.totalLength / MB).toFixed(0);
  console.log(`A swarm on this machine: a tracker at ${tracker.url}, ${seeders.length} seeders of ${torrent.name} (${megabytes} MB).`);
  console.log(`\n$ ttorrent get ${torrentFile} -o ${scratch}`);
  const exitCode = await download(torrentFile, scratch);
  await Promise.all(seeders.map((seeder) => seeder.close()));

  console.log(`\nttorrent ended with exit code ${exitCode}.`);
  const areEqual = await compare(torrent, scratch);
  return exitCode === 0 && areEqual ? 0 : 1;
}

/** The real command line, on our terminal; what it remembers of the download goes with `output`. */
async function download(torrentFile: string, output: string): Promise<number> {
  const cli = fileURLToPath(new URL('../bundle/ttorrent.js', import.meta.url));
  const env = { ...process.env, XDG_STATE_HOME: path.join(output, 'state-home') };
  const child = spawn(process.execPath, [cli, 'get', torrentFile, '-o', output], { stdio: 'inherit', env });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return exitCode ?? 1;
}

/** Prints the SHA-256 of each file, as it should be and as it is. Returns whether all agree. */
async function compare(torrent: MadeTorrent, output: string): Promise<boolean> {
  let areEqual = true;
  for (const file of torrent.files) {
    const expected = expectedSha256(torrent, file);
    const found = await sha256Of(path.join(output, ...file.path)).catch((error: Error) => error.message);
    areEqual &&= found === expected;
    console.log(`\n${file.path.join('/')} (${file.length} bytes): ${found === expected ? 'identical' : 'DIFFERENT'}`);
    console.log(`  expected ${expected}\n  found    ${found}`);
  }
  return areEqual;
}

function expectedSha256(torrent: MadeTorrent, file: MadeFile): string {
  const hash = createHash('sha256');
  for (let offset = 0; offset < file.length; offset += MB) {
    hash.update(torrent.read(file.offset + offset, Math.min(MB, file.length - offset)));
  }
  return hash.digest('hex');
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
