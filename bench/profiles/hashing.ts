// Work without a network: checking data that is there (`verify`), and making a torrent of it (`create`). All in the page cache.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { infohashOf } from '../../test/support/infohash.ts';
import { hasCreator } from '../../test/support/clients.ts';
import { type Content, makeContent, torrentOf } from '../content.ts';
import { type Contestant, compete } from '../contest.ts';
import type { Lab, Task } from '../lab.ts';
import type { Bench, Profile } from '../profile.ts';
import type { Comparison, Run } from '../result.ts';
import { clientAddress } from '../swarm.ts';

const MiB = 1024 * 1024;
const pieceLength = MiB;

export const verifyProfile: Profile = {
  name: 'verify',
  about: 'checking complete data in the page cache; mktorrent, with a thread per core, only hashes it',
  run: async (bench) => [await runVerify(bench)],
};

export const createProfile: Profile = {
  name: 'create',
  about: 'making a torrent of a file in the page cache, 1 MiB pieces',
  run: async (bench) => [await runCreate(bench)],
};

async function runVerify(bench: Bench): Promise<Comparison> {
  const { lab, options } = bench;
  const { content, outputDir, title } = complete(bench, verifyProfile.name);
  const torrentFile = path.join(lab.disk, 'verify.torrent');
  // Nobody is there: who is not content with checking would have to fail.
  writeFileSync(torrentFile, torrentOf(content, `http://${lab.address(1)}:9/announce`));
  const contestants = bench.clients.map(({ client, missing }): Contestant => {
    const { name } = client;
    if (missing !== undefined) return { name, run: missing };
    const check = (): Task | string =>
      client.verify({ torrentFile, outputDir, stateDir: lab.directory('disk', 'state'), address: clientAddress(lab) });
    const why = check();
    return { name, run: typeof why === 'string' ? why : () => runTask(lab, check(), () => undefined) };
  });
  contestants.push(mktorrent(lab, content, outputDir));
  const rows = await compete(contestants, options.rounds);
  lab.directory('memory', 'content');
  return { kind: 'comparison', profile: 'verify', title: `${title}, ${verifyProfile.about}`, rows, base: 'ttorrent', ideal: undefined };
}

async function runCreate(bench: Bench): Promise<Comparison> {
  const { lab, options } = bench;
  const { content, outputDir, title } = complete(bench, createProfile.name);
  const contestants = bench.clients.map(({ client, missing }): Contestant => {
    const { name } = client;
    if (missing !== undefined) return { name, run: missing };
    const torrentFile = path.join(lab.disk, `made-by-${name}.torrent`);
    const make = (): Task | string => client.create({ contentFile: path.join(outputDir, content.name), pieceLength, torrentFile });
    const why = make();
    return { name, run: typeof why === 'string' ? why : () => runMaking(lab, make(), torrentFile, content) };
  });
  contestants.push(mktorrent(lab, content, outputDir));
  const rows = await compete(contestants, options.rounds);
  lab.directory('memory', 'content');
  return { kind: 'comparison', profile: 'create', title: `${title}, ${createProfile.about}`, rows, base: 'mktorrent', ideal: undefined };
}

/** Content under the name that the torrent gives it: a complete download. */
function complete({ lab, options }: Bench, profile: string): { content: Content; outputDir: string; title: string } {
  const mib = options.sizes.get(profile) ?? 2048;
  lab.requireRoom(mib * MiB * 1.1);
  const outputDir = lab.directory('memory', 'content');
  const content = makeContent({ name: 'content', pieceLength, length: mib * MiB }, outputDir);
  return { content, outputDir, title: `${mib} MiB` };
}

function mktorrent(lab: Lab, content: Content, outputDir: string): Contestant {
  const torrentFile = path.join(lab.disk, 'made-by-mktorrent.torrent');
  const threads = String(os.availableParallelism());
  const argv = ['mktorrent', '-t', threads, '-l', String(Math.log2(pieceLength)), '-o', torrentFile, path.join(outputDir, content.name)];
  return { name: 'mktorrent', run: hasCreator('mktorrent') ? () => runMaking(lab, { argv }, torrentFile, content) : 'not installed' };
}

/** A made torrent must hold the hashes of the content; what else its info dictionary holds is the maker's affair. */
function runMaking(lab: Lab, task: Task | string, torrentFile: string, content: Content): Promise<Run> {
  rmSync(torrentFile, { force: true });
  return runTask(lab, task, () => {
    const made = readFileSync(torrentFile);
    if (made.includes(content.pieceHashes)) return undefined;
    return `the torrent (infohash ${infohashOf(made)}) does not hold the hashes of the content`;
  });
}

async function runTask(lab: Lab, task: Task | string, check: () => string | undefined): Promise<Run> {
  if (typeof task === 'string') throw new Error(task);
  const { exitCode, stderr, wallSeconds, cpuSeconds, peakBytes } = await lab.measure(task);
  return { wallSeconds, cpuSeconds, peakBytes, fault: exitCode === 0 ? check() : `exit code ${exitCode}: ${stderr}` };
}
