import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Choker } from '../../src/torrent/choker.ts';
import { seededRandom } from '../support/simulated-torrent.ts';
import { ChokerSimulation, type Member } from './choker-simulation.ts';
import { race } from './seed-race.ts';

const MB = 1_000_000;

/** A seed and 100 leechers: 70 who reciprocate, and 30 who do not, in the ways that are known. A GiB. */
function mixedSwarm(seed: number): ChokerSimulation {
  const random = seededRandom(seed);
  const members: Member[] = [];
  const add = (count: number, make: () => Partial<Member> & { kind: string }): void => {
    for (let added = 0; added < count; added++)
      members.push({ uploadRate: MB, downloadRate: 20 * MB, joinsMs: Math.floor(random.fraction() * 20_000), ...make() });
  };
  add(1, () => ({ kind: 'seed', isSeed: true, uploadRate: 4 * MB, joinsMs: 0, choker: new Choker(random) }));
  add(50, () => ({ kind: 'reciprocator', uploadRate: (0.5 + 1.5 * random.fraction()) * MB, choker: new Choker(random) }));
  add(10, () => ({ kind: 'slow', uploadRate: MB / 10, downloadRate: MB, choker: new Choker(random) }));
  add(10, () => ({ kind: 'late', joinsMs: 100_000 + Math.floor(random.fraction() * 300_000), choker: new Choker(random) }));
  add(15, () => ({ kind: 'free rider' }));
  add(5, () => ({ kind: 'liar', claimsInterest: () => true, takesNothing: true }));
  add(5, () => ({ kind: 'flapper', claimsInterest: (isInterested, nowMs) => isInterested && nowMs % 6000 < 3000 }));
  add(5, () => ({ kind: 'staller', stalls: true }));
  return new ChokerSimulation(members, { pieces: 512, pieceBytes: 2 ** 21 }, random);
}

/** What a member of a kind got from those who were downloading themselves, on average. */
function meanTaken(swarm: ChokerSimulation, kind: string): number {
  const taken = swarm.members.flatMap((member, index) =>
    member.kind === kind ? [swarm.taken(index, ({ isSeed }) => isSeed !== true)] : [],
  );
  return taken.reduce((sum, bytes) => sum + bytes, 0) / taken.length;
}

describe('chokers of 100 leechers', () => {
  for (const seed of [1, 2, 3])
    it(`give free riders less than a tenth of what reciprocators get (seed ${seed})`, () => {
      const swarm = mixedSwarm(seed);
      const reciprocators = swarm.members.flatMap(({ kind }, index) => (kind === 'reciprocator' ? [index] : []));
      const isHalfDone = (): boolean => reciprocators.filter((index) => swarm.doneMs[index] !== undefined).length >= 25;
      while (!isHalfDone() && swarm.nowMs < 3_600_000) swarm.step();
      assert.ok(isHalfDone(), 'half of them complete in an hour');
      const reciprocated = meanTaken(swarm, 'reciprocator');
      for (const kind of ['free rider', 'staller', 'flapper', 'liar']) {
        const share = meanTaken(swarm, kind) / reciprocated;
        assert.ok(share < 0.1, `a ${kind} got ${(share * 100).toFixed(1)} %`);
      }
    });
});

describe('chokers of a seed', () => {
  const against = ['round robin', 'fastest upload'] as const;
  for (const scenario of ['fast seed', 'free riders'] as const)
    it(`spreads pieces sooner than ${against.join(' and ')}: ${scenario}`, () => {
      const ours = race('least given', scenario, 1);
      for (const other of against) {
        const theirs = race(other, scenario, 1);
        assert.ok(ours.mean < theirs.mean, `${ours.mean} x the ideal time, ${other} ${theirs.mean}`);
      }
      assert.ok(ours.last < 2.5, `${ours.last}`);
    });
});
