// `npm run pictures`: docs/terminal-*.svg anew. The real command line downloads from a swarm on loopback, in a real terminal (tmux), and half
// way its screen is drawn. Linux only: a mount namespace gives the directory a name that tells readers nothing of this machine.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type MadeTorrent, makeTorrent } from '../test/support/make-torrent.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../test/support/scratch.ts';
import { Seeder } from '../test/support/seeder.ts';
import { TmuxScreen } from '../test/support/tmux.ts';
import { FakeTracker } from '../test/support/tracker.ts';
import { terminalSvg } from './terminal-svg.ts';

const MB = 1_000_000;
/** Others that are downloaded with it. */
const others = { 'tiny-docs': 30 * MB, 'tiny-sources': 90 * MB };
const content = {
  name: 'tiny-linux',
  pieceLength: 262_144,
  files: [
    // In whole pieces, so that it is complete by itself.
    { path: ['boot', 'vmlinuz'], length: 32 * 262_144 },
    { path: ['boot', 'initrd.img'], length: 21 * MB + 77 },
    { path: ['images', 'rootfs.squashfs'], length: 64 * MB + 1 },
    { path: ['README.txt'], length: 3_271 },
  ],
};
/** Runs what follows it where its directory, whichever that is, is called /srv/isos. */
const inNamedDirectory = [
  'unshare',
  ...(process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--user', '--map-root-user']),
  ...['sh', '-ec', 'mount -t tmpfs none /srv; mkdir /srv/isos; mount --bind . /srv/isos; cd /srv/isos; exec "$@"', 'sh'],
];
const seederRates = [6 * MB, 4 * MB, 3 * MB, 2 * MB];

/** What is typed, the last being the download, and what is on the screen when it is drawn. */
const pictures = [
  {
    name: '80x24',
    columns: 80,
    rows: 24,
    typed: ['ttorrent get tiny-linux.torrent -s vmlinuz', 'ttorrent verify tiny-linux.torrent', 'ttorrent get tiny-linux.torrent -v'],
    half: /^ +(4[5-9]|5\d)\.\d% /m,
  },
  { name: '40x10', columns: 40, rows: 10, typed: ['ttorrent get tiny-linux.torrent'], half: /^ +(4[5-9]|5\d)\.\d% /m },
  { name: 'several', columns: 80, rows: 12, typed: ['ttorrent get *.torrent'], half: /tiny-linux\S* +([6-7]\d)\.\d%/ },
] as const;

const swarms = [await openSwarm(content)];
for (const [name, length] of Object.entries(others)) swarms.push(await openSwarm({ name, pieceLength: content.pieceLength, length }));
try {
  for (const picture of pictures) await draw(picture);
} finally {
  for (const { tracker, seeders } of swarms) await Promise.all([tracker, ...seeders].map((server) => server.close()));
}

interface OpenSwarm {
  readonly tracker: FakeTracker;
  readonly seeders: readonly Seeder[];
  readonly torrent: MadeTorrent;
}

async function openSwarm(made: Parameters<typeof makeTorrent>[0]): Promise<OpenSwarm> {
  const tracker = await FakeTracker.start();
  const torrent = makeTorrent({ ...made, trackers: [[tracker.url]] });
  const seeders = await Promise.all(seederRates.map((rateBytesPerSecond) => Seeder.start({ torrent, rateBytesPerSecond })));
  tracker.peers = seeders;
  return { tracker, seeders, torrent };
}

async function draw({ name, columns, rows, typed, half }: (typeof pictures)[number]): Promise<void> {
  const directory = makeScratchDirectory();
  for (const { torrent } of swarms) writeFileSync(path.join(directory, `${torrent.files[0]?.path[0]}.torrent`), torrent.bytes);
  writeProgram(path.join(directory, 'bin'));
  const env = { PS1: '$ ', CI: '', NO_COLOR: '', TTORRENT_CONFIG: '', XDG_STATE_HOME: '/dev/null' };
  // tmux gives every program its own PATH.
  const command = [...inNamedDirectory, 'env', `PATH=${directory}/bin:${process.env['PATH']}`, 'bash', '--norc', '--noprofile', '-i'];
  const screen = new TmuxScreen({ columns, rows, cwd: directory, command, env });
  try {
    await screen.shows(/\$ *$/m);
    screen.type('clear', 'Enter');
    for (const line of typed) {
      await screen.shows(/^\$ *\n*$|\n\$ *\n*$/);
      screen.type(line, 'Enter');
    }
    await screen.shows(half);
    const title = `A terminal of ${columns} columns and ${rows} rows: ${typed.join(', then ')}, half way`;
    const svg = terminalSvg({ columns, rows: screen.rows(true), cursor: screen.cursor() }, title);
    writeFileSync(`docs/terminal-${name}.svg`, svg);
  } finally {
    screen.close();
    removeScratchDirectory(directory);
  }
}

/** A `ttorrent` for the PATH. */
function writeProgram(directory: string): void {
  mkdirSync(directory);
  const program = path.join(directory, 'ttorrent');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${path.resolve('dist/bundle/ttorrent.js')}' "$@"\n`);
  chmodSync(program, 0o755);
}
