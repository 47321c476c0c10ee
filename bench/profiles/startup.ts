// What a command costs before it has done anything: processes that start, say a word and end, and a download of one megabyte.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ttorrentProgram } from '../clients.ts';
import { makeContent, torrentOf } from '../content.ts';
import { type Contestant, compete } from '../contest.ts';
import type { Lab, Task } from '../lab.ts';
import type { Bench, Profile } from '../profile.ts';
import type { Comparison, Result, Run } from '../result.ts';
import { startSwarm } from '../swarm.ts';
import { downloader } from './transfer.ts';

/** Runs are short, and their noise is large beside them. */
const runsPerRound = 5;

export const startupProfile: Profile = {
  name: 'startup',
  about: 'from start to exit: a word, a small torrent described, a megabyte fetched from one seeder',
  run: async (bench) => [await runWords(bench), await runMegabyte(bench)],
};

async function runWords(bench: Bench): Promise<Result> {
  const { lab, options } = bench;
  const content = makeContent({ name: 'seed.bin', pieceLength: 256 * 1024, length: 4_000_000 }, lab.directory('memory', 'content'));
  const small = path.join(lab.disk, 'small.torrent');
  writeFileSync(small, torrentOf(content, 'http://127.0.0.1:9/announce'));
  const node = process.execPath;
  const contestants = [
    command(lab, 'node -e 0', { argv: [node, '-e', '0'] }),
    command(lab, 'ttorrent --version', { argv: [node, ttorrentProgram, '--version'] }),
    command(lab, 'ttorrent info', { argv: [node, ttorrentProgram, 'info', small] }),
    ...bench.clients
      .filter(({ client }) => client.name === 'aria2')
      .flatMap(({ missing }) => [
        command(lab, 'aria2c --version', missing ?? { argv: ['aria2c', '--version'] }),
        command(lab, 'aria2c --show-files', missing ?? { argv: ['aria2c', '--show-files', small] }),
      ]),
  ];
  return comparison('a word, or a small torrent described', 'node -e 0', await compete(contestants, options.rounds * runsPerRound));
}

async function runMegabyte(bench: Bench): Promise<Result> {
  const { lab, options } = bench;
  const content = makeContent({ name: 'seed.bin', pieceLength: 256 * 1024, length: 1_000_000 }, lab.directory('memory', 'content'));
  const swarm = await startSwarm(lab, content, { direct: 1, lines: [] });
  try {
    const contestants = bench.clients.map((found) => downloader(lab, content, swarm, found));
    return comparison('1 MB from 1 local seeder', 'ttorrent', await compete(contestants, options.rounds));
  } finally {
    await swarm.stop();
  }
}

function comparison(title: string, base: string, rows: Comparison['rows']): Comparison {
  return { kind: 'comparison', profile: startupProfile.name, title: `${title}, from start to exit`, rows, base, ideal: undefined };
}

function command(lab: Lab, name: string, task: Task | string): Contestant {
  if (typeof task === 'string') return { name, run: task };
  const run = async (): Promise<Run> => {
    const { exitCode, stderr, wallSeconds, cpuSeconds, peakBytes } = await lab.measure(task);
    return { wallSeconds, cpuSeconds, peakBytes, fault: exitCode === 0 ? undefined : `exit code ${exitCode}: ${stderr}` };
  };
  return { name, run };
}
