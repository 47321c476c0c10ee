// Downloads: one client at a time fetches one torrent from a swarm that serves nobody else. What differs between the profiles are the size
// of the pieces, the lines to the seeders and the disk.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Content, differenceTo, makeContent } from '../content.ts';
import { type Contestant, compete } from '../contest.ts';
import type { Lab, Task } from '../lab.ts';
import type { Bench, BenchClient, Profile } from '../profile.ts';
import type { Comparison, Run } from '../result.ts';
import { clientAddress, type Line, startSwarm, type Swarm } from '../swarm.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

interface TransferShape {
  readonly name: string;
  readonly about: string;
  readonly mib: number;
  readonly pieceLength: number;
  /** Seeders without a line before them; only then the floor runs, too. */
  readonly direct: number;
  readonly lines: readonly Line[];
  /** Where the files go. Default: memory. */
  readonly target?: 'memory' | 'disk';
}

const shapes: readonly TransferShape[] = [
  { name: 'loopback', about: '1 MiB pieces, 4 seeders, nothing in between', mib: 2048, pieceLength: MiB, direct: 4, lines: [] },
  { name: 'small-pieces', about: 'as loopback, 256 KiB pieces', mib: 2048, pieceLength: 256 * KiB, direct: 4, lines: [] },
  { name: 'large-pieces', about: 'as loopback, 16 MiB pieces', mib: 2048, pieceLength: 16 * MiB, direct: 4, lines: [] },
  { name: 'disk', about: 'as loopback, onto a disk', mib: 2048, pieceLength: MiB, direct: 4, lines: [], target: 'disk' },
  { name: 'wan', about: '8 peers of 20 Mbit/s, round trip 100 ms', ...wideArea(100, Array<number>(8).fill(20)) },
  { name: 'mixed', about: 'peers of 80, 3 x 20 and 4 x 1 Mbit/s, round trip 100 ms', ...wideArea(100, [80, 20, 20, 20, 1, 1, 1, 1]) },
  { name: 'fat', about: '3 peers of 120 Mbit/s, round trip 200 ms', ...wideArea(200, [120, 120, 120]) },
];

export const transferProfiles: readonly Profile[] = shapes.map((shape) => ({
  name: shape.name,
  about: shape.about,
  run: async (bench) => [await runTransfer(bench, shape)],
}));

function wideArea(roundTripMs: number, rates: readonly number[]): Pick<TransferShape, 'mib' | 'pieceLength' | 'direct' | 'lines'> {
  return { mib: 256, pieceLength: 256 * KiB, direct: 0, lines: rates.map((mbitPerSecond) => ({ roundTripMs, mbitPerSecond })) };
}

async function runTransfer(bench: Bench, shape: TransferShape): Promise<Comparison> {
  const { lab, options } = bench;
  const mib = options.sizes.get(shape.name) ?? shape.mib;
  const target = shape.target ?? 'memory';
  lab.requireRoom(mib * MiB * (target === 'memory' ? 2.2 : 1.1));
  const content = makeContent({ name: 'seed.bin', pieceLength: shape.pieceLength, length: mib * MiB }, lab.directory('memory', 'content'));
  const swarm = await startSwarm(lab, content, shape);
  try {
    const contestants = bench.clients.map((found) => downloader(lab, content, swarm, found, target));
    if (shape.lines.length === 0) contestants.push(floor(lab, content, swarm, target));
    if (target === 'disk') contestants.push(copier(lab, content));
    return {
      kind: 'comparison',
      profile: shape.name,
      title: `${mib} MiB, ${shape.about}`,
      rows: await compete(contestants, options.rounds),
      base: 'ttorrent',
      ideal: idealOf(content, shape.lines),
    };
  } finally {
    await swarm.stop();
    lab.directory('memory', 'content');
  }
}

function idealOf({ totalLength }: Content, lines: readonly Line[]): Comparison['ideal'] {
  if (lines.length === 0) return undefined;
  const mbitPerSecond = lines.reduce((sum, line) => sum + line.mbitPerSecond, 0);
  return { seconds: totalLength / (mbitPerSecond * 125_000), why: `${mbitPerSecond} Mbit/s filled from the first moment` };
}

/** A client's download, from the start of its process to its end. */
export function downloader(
  lab: Lab,
  content: Content,
  swarm: Swarm,
  { client, missing }: BenchClient,
  target: 'memory' | 'disk' = 'memory',
): Contestant {
  if (missing !== undefined) return { name: client.name, run: missing };
  const run = async (): Promise<Run> => {
    const outputDir = lab.directory(target, 'out');
    const stateDir = lab.directory('disk', 'state');
    const job = { torrentFile: swarm.torrentFile, outputDir, stateDir, address: clientAddress(lab) };
    return runDownload(lab, content, swarm, client.download(job), target);
  };
  return { name: client.name, run };
}

/** See floor.c. */
function floor(lab: Lab, content: Content, swarm: Swarm, target: 'memory' | 'disk'): Contestant {
  const name = 'C floor';
  const missing = lab.missingYardstick('floor');
  if (missing !== undefined) return { name, run: missing };
  const hashes = path.join(lab.disk, 'hashes');
  writeFileSync(hashes, content.pieceHashes);
  const peers = swarm.seeders.flatMap(({ host, port }) => [host, String(port)]);
  const run = async (): Promise<Run> => {
    const outputDir = lab.directory(target, 'out');
    const output = path.join(outputDir, content.name);
    const { infohash, totalLength, pieceLength } = content;
    const argv = [lab.yardstick('floor'), infohash, hashes, String(totalLength), String(pieceLength), output, ...peers];
    return runDownload(lab, content, swarm, { argv }, target);
  };
  return { name, run };
}

/** Runs what downloads from `swarm` into the directory `out` of `target`, and compares what it left there. */
async function runDownload(lab: Lab, content: Content, swarm: Swarm, task: Task, target: 'memory' | 'disk'): Promise<Run> {
  const sentBefore = await swarm.sentBytes();
  const { exitCode, stderr, wallSeconds, cpuSeconds, peakBytes } = await lab.measure(task);
  const wastedShare = ((await swarm.sentBytes()) - sentBefore) / content.totalLength - 1;
  const fault = exitCode === 0 ? differenceTo(content, path.join(lab[target], 'out')) : `exit code ${exitCode}: ${stderr}`;
  lab.directory(target, 'out');
  return { wallSeconds, cpuSeconds, peakBytes, wastedShare, fault };
}

/** What the disk takes for the same bytes. */
function copier(lab: Lab, content: Content): Contestant {
  const run = async (): Promise<Run> => {
    const outputDir = lab.directory('disk', 'out');
    const argv = ['dd', `if=${content.dataFile}`, `of=${path.join(outputDir, content.name)}`, 'bs=1M', 'conv=fdatasync', 'status=none'];
    const { exitCode, stderr, ...cost } = await lab.measure({ argv });
    const fault = exitCode === 0 ? differenceTo(content, outputDir) : `exit code ${exitCode}: ${stderr}`;
    lab.directory('disk', 'out');
    return { wallSeconds: cost.wallSeconds, cpuSeconds: cost.cpuSeconds, peakBytes: cost.peakBytes, fault };
  };
  return { name: 'dd conv=fdatasync', run };
}
