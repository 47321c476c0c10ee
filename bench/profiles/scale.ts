// How ttorrent grows: pieces, connections, files, bytes, and the size of a piece, each at three sizes.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ttorrentProgram } from '../clients.ts';
import { type Content, type ContentFile, type ContentShape, differenceTo, makeContent } from '../content.ts';
import type { Cost, Lab } from '../lab.ts';
import type { Profile } from '../profile.ts';
import type { PickerCost } from '../programs/picker-scale.ts';
import type { Curve } from '../result.ts';
import { startSwarm } from '../swarm.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const peersOfPicker = 200;

export const scaleProfile: Profile = {
  name: 'scale',
  about: 'how it grows with pieces, connections, files, bytes and the size of a piece',
  run: async ({ lab }) => [await pieces(lab), await connections(lab), await files(lab), await bytes(lab), await pieceSizes(lab)],
};

async function pieces(lab: Lab): Promise<Curve> {
  const program = fileURLToPath(new URL('../programs/picker-scale.js', import.meta.url));
  const growth = growthOf('pieces', ['have, mean us', 'p99', 'pick of 4 blocks, mean us', 'p99', 'bytes per piece']);
  for (const count of [10_000, 100_000, 1_000_000]) {
    const { exitCode, stdout, stderr } = await lab.measure({
      argv: [process.execPath, '--expose-gc', program, String(count), String(peersOfPicker)],
    });
    if (exitCode !== 0) {
      growth.faults.push(`${count} pieces: ${stderr}`);
      continue;
    }
    const cost = JSON.parse(stdout) as PickerCost;
    const numbers = [cost.haveMean, cost.haveP99, cost.pickMean, cost.pickP99].map((us) => us.toFixed(2));
    growth.add(count.toLocaleString('en'), ...numbers, cost.bytesPerPiece.toFixed(0));
  }
  return growth.curve(`pieces, ${peersOfPicker} peers with random bitfields`);
}

/** Each peer is a host of its own; the download is held back, so that there is time to connect to them. */
async function connections(lab: Lab): Promise<Curve> {
  const growth = growthOf('peers', ['connected', 'wall s', 'CPU s', 'peak MB']);
  for (const count of [20, 200, 2000]) {
    const hosts = Array.from({ length: count }, (_, i) => `127.1.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`);
    const shape = { name: 'seed.bin', pieceLength: 256 * KiB, length: 64 * MiB };
    const { cost, connectionCount, fault } = await get(lab, shape, {
      hosts,
      args: ['--max-peers', String(count), '--max-download-rate', '8M'],
    });
    if (fault !== undefined) growth.faults.push(`${count} peers: ${fault}`);
    growth.add(count.toLocaleString('en'), String(connectionCount), ...costCells(cost));
  }
  return growth.curve('peers named at once, 64 MiB at 8 MiB/s');
}

async function files(lab: Lab): Promise<Curve> {
  const growth = growthOf('files', ['start to first request, s', 'wall s', 'CPU s', 'peak MB', 'most open files']);
  for (const count of [1000, 10_000, 100_000]) {
    const shape = {
      name: 'many',
      pieceLength: 256 * KiB,
      files: Array.from({ length: count }, (_, i) => ({ name: `${Math.floor(i / 1000)}/${i}`, length: KiB })),
    };
    const { cost, startSeconds, fault } = await get(lab, shape, { countOpen: true });
    if (fault !== undefined) growth.faults.push(`${count} files: ${fault}`);
    growth.add(count.toLocaleString('en'), startSeconds.toFixed(2), ...costCells(cost), String(cost.openFiles));
  }
  return growth.curve('files of 1 KiB');
}

async function bytes(lab: Lab): Promise<Curve> {
  const growth = growthOf('GiB', ['start to first request, s', 'wall s', 'CPU s', 'peak MB']);
  for (const gib of [1, 32, 1024]) {
    const shape = {
      name: 'sparse',
      pieceLength: MiB,
      files: [
        { name: 'hole', length: gib * GiB, isHole: true },
        { name: 'data', length: 16 * MiB },
      ],
    };
    const { cost, startSeconds, fault } = await get(lab, shape, { args: ['--select', '2'] });
    if (fault !== undefined) growth.faults.push(`${gib} GiB: ${fault}`);
    growth.add(gib.toLocaleString('en'), startSeconds.toFixed(2), ...costCells(cost));
  }
  return growth.curve('a torrent of 1 MiB pieces, of which 16 MiB are selected');
}

async function pieceSizes(lab: Lab): Promise<Curve> {
  const growth = growthOf('MiB', ['longest stall in the first 250 ms', 'after it, ms', 'wall s', 'CPU s', 'peak MB']);
  const probe = pathToFileURL(fileURLToPath(new URL('../programs/stall-probe.js', import.meta.url))).href;
  for (const mib of [1, 8, 32]) {
    const stallFile = path.join(lab.disk, 'stall');
    const shape = { name: 'seed.bin', pieceLength: mib * MiB, length: 512 * MiB };
    const { cost, fault } = await get(lab, shape, { nodeArgs: ['--import', probe], env: { STALL_FILE: stallFile } });
    if (fault !== undefined) growth.faults.push(`pieces of ${mib} MiB: ${fault}`);
    growth.add(String(mib), ...readFileSync(stallFile, 'utf8').split(' '), ...costCells(cost));
  }
  return growth.curve('the size of a piece, 512 MiB');
}

interface Growth {
  readonly faults: string[];
  add(...cells: readonly string[]): void;
  curve(title: string): Curve;
}

/** Collects the points of a curve, and tells of each on stderr. */
function growthOf(size: string, columns: readonly string[]): Growth {
  const points: (readonly string[])[] = [];
  const faults: string[] = [];
  return {
    faults,
    add: (...cells) => {
      points.push(cells);
      console.error(`  ${[size, ...columns].map((column, i) => `${column}: ${cells[i]}`).join(', ')}`);
    },
    curve: (title) => ({ kind: 'curve', profile: scaleProfile.name, title, columns: [size, ...columns], points, faults }),
  };
}

function costCells({ wallSeconds, cpuSeconds, peakBytes }: Cost): string[] {
  return [wallSeconds.toFixed(2), cpuSeconds.toFixed(2), (peakBytes / 1e6).toFixed(0)];
}

interface GetOptions {
  readonly hosts?: readonly string[];
  readonly args?: readonly string[];
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly countOpen?: boolean;
}

interface Got {
  readonly cost: Cost;
  /** From the start of the process to the first block it asked for. */
  readonly startSeconds: number;
  readonly connectionCount: number;
  readonly fault: string | undefined;
}

/** Downloads what `shape` describes with ttorrent, and compares what was not a hole. */
async function get(lab: Lab, shape: ContentShape, options: GetOptions): Promise<Got> {
  const content: Content = makeContent(shape, lab.directory('memory', 'content'));
  const swarm = await startSwarm(lab, content, {
    direct: options.hosts ?? 4,
    lines: [],
    ...(options.hosts !== undefined && { trackerAddress: '127.0.0.1' }),
  });
  try {
    const outputDir = lab.directory('memory', 'out');
    const cost = await lab.measure({
      argv: [
        process.execPath,
        ...(options.nodeArgs ?? []),
        ttorrentProgram,
        'get',
        swarm.torrentFile,
        '-o',
        outputDir,
        '--quiet',
        ...(options.args ?? []),
      ],
      limitMs: 40_000,
      ...(options.env !== undefined && { env: options.env }),
      ...(options.countOpen === true && { countOpenBelow: outputDir }),
    });
    const requestsMs = swarm.firstRequestsMs();
    const wanted: readonly ContentFile[] = content.files.filter((file) => !file.isHole);
    const fault = cost.exitCode === 0 ? differenceTo(content, outputDir, wanted) : `exit code ${cost.exitCode}: ${cost.stderr}`;
    return { cost, startSeconds: (Math.min(...requestsMs) - cost.startMs) / 1000, connectionCount: swarm.connectionCount(), fault };
  } finally {
    await swarm.stop();
    lab.directory('memory', 'out');
    lab.directory('memory', 'content');
  }
}
