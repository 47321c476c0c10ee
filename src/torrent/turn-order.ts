// Turns: places that a peer gets without having earned them. While we download they are BEP 3's optimistic unchokes, drawn by lot; while we
// seed all places are turns. When a turn ends, and who is next. Pure.

import type { Random } from '../support/random.ts';

/** A peer and how it fared with us; its facts are choker.ts's. Bytes, ms. */
export interface Waiting {
  readonly peer: {
    readonly isChoked: boolean;
    readonly isSnubbed: boolean;
    readonly connectedMs: number;
    readonly receivedBytes: number;
    readonly sentBytes: number;
  };
  /** When we choked or unchoked it last; before that, when it came. */
  readonly sinceMs: number;
  /** It was unchoked before. */
  readonly hadPlace: boolean;
  /** What it left of its turns behind a seed. It counts as given: else who only claims interest, or takes a byte now and then, is always next. */
  readonly unusedBytes: number;
}

/** BEP 3: an optimistic unchoke lasts 30 s, so that the peer can finish a piece and has time to give something back. */
export const turnMs = 30_000;

/**
 * A seed's turn ends with so many pieces. Shorter ones leave pieces half done, which the swarm then has from nobody: behind a slow seed
 * all are complete after 1.7 x the ideal time with 1 piece, 1.55 x with 4, 1.35 x with 8. Longer ones make the others wait: 5 % with 16.
 */
const seedTurnPieces = 8;

/** It ends, too, after so long: who takes little must not keep a place that others wait for. Behind a slow seed a whole turn takes 200 s. */
export const seedTurnMaxMs = 300_000;

/** Who takes fewer bytes a second has as good as nothing of its turn. A rate limit can make it less for all. */
const idleRate = 1024;

/** BEP 3: new connections are three times as likely as others, so that they get a piece which they can give. */
const newcomerLots = 3;
const newcomerMs = 60_000;
/**
 * Others have lots by what they gave back of what they took: one for an eighth, since between peers of different speed nobody gets
 * back just what he gave. Free riders get 6 % of what reciprocators get; with lots alike for all, 12 %.
 */
const fairShare = 1 / 8;
const leastLots = 1 / 64;
const mostLots = 8;

/** The key of one whose turn is over: only a place that nobody else wants is for it. */
const turnOver = -Number.MAX_SAFE_INTEGER;

/**
 * The next for a turn while we download, up to `count`, drawn by lot. `turns` places are always given this way, so everybody with one lot
 * would have had a turn after `turnMs` x waiting / turns: who has waited for longer (in proportion to his lots) goes before the draw.
 */
export function drawTurns<Peer extends Waiting>(
  waiting: readonly Peer[],
  count: number,
  turns: number,
  nowMs: number,
  random: Random,
): Peer[] {
  const rotationMs = (turnMs * waiting.length) / turns;
  return highest(waiting, count, (candidate) => {
    if (!candidate.peer.isChoked) return turnOver - random.fraction();
    const lots = lotsOf(candidate, nowMs);
    const overdue = ((nowMs - candidate.sinceMs) * lots) / rotationMs;
    // The highest of such keys in [0, 1) belongs to each with a likelihood in proportion to its lots (Efraimidis and Spirakis, 2006).
    return overdue > 1 ? overdue : random.fraction() ** (1 / lots);
  });
}

/**
 * The next while we seed, up to `count`: those to whom we have given least. What a peer gives to others a seed cannot see, and what it says
 * it has may be a lie; our own bytes are certain. 60 leechers behind one seed (test/torrent/seed-race.ts), time to complete over the ideal
 * one, mean / last:
 *
 *                            fast seed    slow seed    30 % free riders   40 % come late
 *     least given, 8 pieces  1.11 / 1.52  1.34 / 1.48  1.29 / 2.20        1.11 / 1.96
 *     round robin            1.14 / 1.55  1.25 / 1.68  1.31 / 2.16        1.15 / 2.00   20 pieces, at least a minute
 *     fastest upload         1.13 / 1.67  1.25 / 1.65  1.38 / 2.76        1.17 / 2.15
 *     anti-leech             1.06 / 1.46  1.67 / 1.79  1.21 / 1.89        1.06 / 2.05   fewest and most pieces first
 *
 * The others are libtorrent's. The last is best while there are other sources, and worst where all wait for the seed, which is when a seed
 * matters most; and it is told by a peer's own words whom to prefer.
 */
export function nextWhileSeeding<Peer extends Waiting>(waiting: readonly Peer[], count: number, random: Random): Peer[] {
  return highest(waiting, count, ({ peer, unusedBytes }) => {
    const had = peer.sentBytes + unusedBytes + random.fraction();
    return peer.isChoked ? -had : turnOver - had;
  });
}

/** Below so many bytes a second a place is wasted. `uploadLimit`: bytes per second for all `places`; undefined: none. */
export function leastRate(uploadLimit: number | undefined, places: number): number {
  return uploadLimit === undefined ? idleRate : Math.min(idleRate, uploadLimit / places / 4);
}

/** What a turn is worth while we seed. */
export function seedTurnBytes(pieceLength: number): number {
  return seedTurnPieces * pieceLength;
}

function lotsOf({ peer, hadPlace }: Waiting, nowMs: number): number {
  if (!hadPlace && nowMs - peer.connectedMs < newcomerMs) return newcomerLots;
  if (peer.isSnubbed) return leastLots;
  if (peer.sentBytes === 0) return peer.receivedBytes > 0 ? mostLots : hadPlace ? leastLots : 1;
  return Math.min(Math.max(peer.receivedBytes / (peer.sentBytes * fairShare), leastLots), mostLots);
}

function highest<Peer>(peers: readonly Peer[], count: number, keyOf: (peer: Peer) => number): Peer[] {
  if (count <= 0) return [];
  return peers
    .map((peer) => ({ peer, key: keyOf(peer) }))
    .sort((a, b) => b.key - a.key)
    .slice(0, count)
    .map(({ peer }) => peer);
}
