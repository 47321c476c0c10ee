// One seeder, many leechers that start at once: how well they pass on what they have. Each client downloads among its own kind.

import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Content, differenceTo, makeContent } from '../content.ts';
import { type Contestant, compete } from '../contest.ts';
import type { Cost, Lab } from '../lab.ts';
import type { Bench, BenchClient, Profile } from '../profile.ts';
import type { Comparison, Run } from '../result.ts';
import { clientAddress, startSwarm } from '../swarm.ts';

const MiB = 1024 * 1024;
const leecherCount = 8;
const seederBytesPerSecond = 10_000_000;
/** A swarm whose members pass on nothing takes eight times the ideal; some clients take half a minute to begin. */
const patience = { ideals: 10, startMs: 60_000 };

export const swarmProfile: Profile = {
  name: 'swarm',
  about: `1 seeder of ${seederBytesPerSecond / 1e6} MB/s, ${leecherCount} leechers that start at once; until the last is complete`,
  run: async (bench) => [await runSwarm(bench)],
};

async function runSwarm(bench: Bench): Promise<Comparison> {
  const { lab, options } = bench;
  const mib = options.sizes.get(swarmProfile.name) ?? 128;
  lab.requireRoom(mib * MiB * (leecherCount + 1.2));
  const content = makeContent({ name: 'seed.bin', pieceLength: 256 * 1024, length: mib * MiB }, lab.directory('memory', 'content'));
  return {
    kind: 'comparison',
    profile: swarmProfile.name,
    title: `${mib} MiB, ${swarmProfile.about}; CPU of all, memory of the largest`,
    rows: await compete(
      bench.clients.map((found) => crowd(lab, content, found)),
      options.rounds,
    ),
    base: 'ttorrent',
    ideal: { seconds: content.totalLength / seederBytesPerSecond, why: 'the seeder sends every byte once' },
  };
}

function crowd(lab: Lab, content: Content, { client, missing }: BenchClient): Contestant {
  if (missing !== undefined) return { name: client.name, run: missing };
  const stateDir = lab.directory('disk', 'probe');
  const example = client.takePart(
    { torrentFile: '', outputDir: stateDir, stateDir, address: clientAddress(lab) },
    path.join(stateDir, 'done'),
  );
  return { name: client.name, run: typeof example === 'string' ? example : () => runCrowd(lab, content, client) };
}

/** All leechers go on uploading until the last has everything; only then is any of them told to end. */
async function runCrowd(lab: Lab, content: Content, client: BenchClient['client']): Promise<Run> {
  const line = { roundTripMs: 1, mbitPerSecond: seederBytesPerSecond / 125_000 };
  const swarm = await startSwarm(lab, content, { direct: 0, lines: [line], namesLeechers: true });
  const end = path.join(lab.directory('disk', 'crowd'), 'end');
  const limitMs = patience.startMs + (patience.ideals * 1000 * content.totalLength) / seederBytesPerSecond;
  const members = Array.from({ length: leecherCount }, (_, i) => {
    const outputDir = lab.directory('memory', `out-${i}`);
    const stateDir = lab.directory('disk', `state-${i}`);
    const doneFile = path.join(stateDir, 'done');
    const task = client.takePart({ torrentFile: swarm.torrentFile, outputDir, stateDir, address: clientAddress(lab, i) }, doneFile);
    if (typeof task === 'string') throw new Error(task);
    return { outputDir, doneFile, cost: lab.measure({ ...task, until: end, limitMs }) };
  });
  const begunMs = performance.now();
  const isOver = (): boolean => members.every(({ doneFile }) => existsSync(doneFile)) || performance.now() - begunMs > limitMs;
  while (!isOver()) await sleep(5);
  const wallSeconds = (performance.now() - begunMs) / 1000;
  const fault = members.every(({ doneFile }) => existsSync(doneFile)) ? undefined : `not all complete within ${limitMs / 1000} s`;
  writeFileSync(end, '');
  const costs = await Promise.all(members.map(({ cost }) => cost));
  await swarm.stop();
  const differences = members.map(({ outputDir }) => differenceTo(content, outputDir));
  members.forEach((_, i) => lab.directory('memory', `out-${i}`));
  return { ...sumOf(costs), wallSeconds, fault: fault ?? differences.find((difference) => difference !== undefined) };
}

function sumOf(costs: readonly Cost[]): Pick<Run, 'cpuSeconds' | 'peakBytes'> {
  return {
    cpuSeconds: costs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakBytes: Math.max(...costs.map(({ peakBytes }) => peakBytes)),
  };
}
