// What chokers of a seed are compared with: one seed and 60 leechers of mixed uplinks, until the last honest one has everything.
// Ours is src/torrent/turn-order.ts; the others stand here alone.

import type { Random } from '../../src/support/random.ts';
import { Choker, type ChokerFacts } from '../../src/torrent/choker.ts';
import { seededRandom } from '../support/simulated-torrent.ts';
import { ChokerSimulation, type ChoosesPeers, type Member, type SimulatedPeer } from './choker-simulation.ts';

const MB = 1_000_000;
const leechers = 60;
const torrent = { pieces: 128, pieceBytes: 2 ** 22 };
const torrentBytes = torrent.pieces * torrent.pieceBytes;
const places = 9;
const rechokeMs = 10_000;

/** Seed's bytes a second, and which parts of the leechers take only, and come late. */
const scenarios = {
  'fast seed': { seedRate: 10 * MB, freeRiders: 0, late: 0, slow: 0 },
  'slow seed': { seedRate: 1.5 * MB, freeRiders: 0, late: 0, slow: 0 },
  'free riders': { seedRate: 10 * MB, freeRiders: 0.3, late: 0, slow: 0 },
  'many late': { seedRate: 10 * MB, freeRiders: 0.1, late: 0.4, slow: 0.1 },
} as const;

/** A choker that ranks all peers each 10 s. */
interface Ranked {
  readonly peer: SimulatedPeer;
  sinceMs: number;
  sentBeforeTurn: number;
  sentAtRechoke: number;
}
type Rank = (ranked: Ranked, nowMs: number) => number;

/** libtorrent's three, as choker.cpp has them. */
const ranks: Record<Exclude<SeedChoker, 'least given'>, Rank> = {
  'round robin': ({ peer, sinceMs, sentBeforeTurn, sentAtRechoke }, nowMs) => {
    if (peer.isChoked) return -sinceMs;
    const isDone = peer.sentBytes - sentBeforeTurn > 20 * torrent.pieceBytes && nowMs - sinceMs > 60_000;
    return isDone ? -1e12 - sinceMs : 1e12 + peer.sentBytes - sentAtRechoke;
  },
  'fastest upload': ({ peer, sinceMs, sentAtRechoke }) => peer.sentBytes - sentAtRechoke - sinceMs / 1e9,
  'anti-leech': ({ peer, sinceMs }) => {
    const had = Math.max(Math.min(peer.sentBytes, torrentBytes / 2), torrent.pieceBytes * peer.pieceCount);
    return Math.abs(had - torrentBytes / 2) - sinceMs / 1e9;
  },
};

/** What a seed may unchoke by. */
export type SeedChoker = 'least given' | 'round robin' | 'fastest upload' | 'anti-leech';

/** Completion times of the honest over the ideal one: the mean and the last; and what part of the torrent a free rider got of the seed. */
export function race(
  choker: SeedChoker,
  scenario: keyof typeof scenarios,
  seed: number,
): { mean: number; last: number; freeRiders: number } {
  const { seedRate, freeRiders, late, slow } = scenarios[scenario];
  const random = seededRandom(seed);
  const seedChoker = choker === 'least given' ? new Choker(random, places - 1) : new RankingChoker(ranks[choker], random);
  const members: Member[] = [{ kind: 'seed', isSeed: true, uploadRate: seedRate, downloadRate: MB, joinsMs: 0, choker: seedChoker }];
  for (let index = 0; index < leechers; index++) {
    const isFreeRider = index < freeRiders * leechers;
    const isSlow = !isFreeRider && index < (freeRiders + slow) * leechers;
    const isLate = index >= (1 - late) * leechers;
    members.push({
      kind: isFreeRider ? 'free rider' : 'honest',
      uploadRate: (isSlow ? 0.1 : 0.3 + 1.4 * random.fraction()) * MB,
      downloadRate: 20 * MB,
      joinsMs: isLate ? 60_000 + random.fraction() * 400_000 : random.fraction() * 10_000,
      ...(isFreeRider ? {} : { choker: new Choker(random, 8) }),
    });
  }
  const swarm = new ChokerSimulation(members, torrent, random);
  const honest = members.flatMap(({ kind }, index) => (kind === 'honest' ? [index] : []));
  while (swarm.nowMs < 3_600_000 && honest.some((index) => swarm.doneMs[index] === undefined)) swarm.step();

  const uplinks = members.reduce((sum, { kind, uploadRate }) => sum + (kind === 'free rider' ? 0 : uploadRate), 0);
  const idealMs = 1000 * Math.max(torrentBytes / seedRate, (honest.length * torrentBytes) / uplinks);
  const times = honest.map((index) => ((swarm.doneMs[index] ?? Number.POSITIVE_INFINITY) - (members[index]?.joinsMs ?? 0)) / idealMs);
  const shares = members.flatMap(({ kind }, index) =>
    kind === 'free rider' ? [swarm.taken(index, ({ isSeed }) => isSeed === true) / torrentBytes] : [],
  );
  return { mean: mean(times), last: Math.max(...times), freeRiders: shares.length === 0 ? 0 : mean(shares) };
}

class RankingChoker implements ChoosesPeers {
  readonly #rank: Rank;
  readonly #random: Random;
  readonly #memory = new Map<number, Omit<Ranked, 'peer'>>();
  #rechokedMs = Number.NEGATIVE_INFINITY;

  constructor(rank: Rank, random: Random) {
    this.#rank = rank;
    this.#random = random;
  }

  choose(peers: readonly SimulatedPeer[], { nowMs }: ChokerFacts): ReadonlySet<number> {
    const isRechoke = nowMs - this.#rechokedMs >= rechokeMs;
    if (isRechoke) this.#rechokedMs = nowMs;
    const interested = peers.filter(({ isInterested }) => isInterested);
    const chosen = new Set(interested.filter(({ isChoked }) => !isChoked && !isRechoke));
    const ranked = interested
      .filter((peer) => !chosen.has(peer))
      .map((peer) => ({ peer, rank: this.#rank({ peer, ...this.#recall(peer) }, nowMs), draw: this.#random.fraction() }))
      .sort((a, b) => b.rank - a.rank || a.draw - b.draw);
    for (const { peer } of ranked) if (chosen.size < places) chosen.add(peer);
    for (const peer of peers) {
      const known = this.#recall(peer);
      if (chosen.has(peer) === peer.isChoked) {
        known.sinceMs = nowMs;
        known.sentBeforeTurn = peer.sentBytes;
      }
      if (isRechoke) known.sentAtRechoke = peer.sentBytes;
    }
    return new Set(Array.from(chosen, ({ number }) => number));
  }

  #recall({ number }: SimulatedPeer): Omit<Ranked, 'peer'> {
    const known = this.#memory.get(number) ?? { sinceMs: 0, sentBeforeTurn: 0, sentAtRechoke: 0 };
    this.#memory.set(number, known);
    return known;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
