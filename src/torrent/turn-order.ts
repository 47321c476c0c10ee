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
}

/** BEP 3: an optimistic unchoke lasts 30 s, so that the peer can finish a piece and has time to give something back. */
export const turnMs = 30_000;

/**
 * A seed's turn ends with so many pieces. Shorter ones leave pieces half done, which the swarm then has from nobody (1.8 x the ideal time behind
 * a slow seed with 1 to 4 pieces, 1.35 x with 8); with longer ones the others wait for longer.
 */
const seedTurnPieces = 8;

/** BEP 3: new connections are three times as likely as others, so that they get a piece which they can give. */
const newcomerLots = 3;
const newcomerMs = 60_000;
/**
 * Others have lots by what they gave back of what they took: one for an eighth, since between peers of different speed nobody gets back
 * just what he gave. Free riders get 7 % of what reciprocators get; with lots alike for all, 13 %.
 */
const fairShare = 1 / 8;
const leastLots = 1 / 64;
const mostLots = 8;

/**
 * The next for a turn while we download, up to `count`, drawn by lot. `turns` places are always given this way, so everybody with one lot would
 * have had a turn after `turnMs` x waiting / turns: who has waited for longer (in proportion to his lots) goes before the draw.
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
    // Its turn is over: only a place that nobody else wants is for it.
    if (!candidate.peer.isChoked) return -random.fraction();
    const lots = lotsOf(candidate, nowMs);
    const overdue = ((nowMs - candidate.sinceMs) * lots) / rotationMs;
    // The highest of such keys in [0, 1) belongs to each with a likelihood in proportion to its lots (Efraimidis and Spirakis, 2006).
    return overdue > 1 ? overdue : random.fraction() ** (1 / lots);
  });
}

/**
 * The next while we seed, up to `count`: those to whom we have given least. What a peer gives to others a seed cannot see, and what it
 * says it has may be a lie; our own bytes are certain. Simulated with 60 leechers behind one seed (test/torrent/seed-race.ts), completion times
 * over the ideal, mean / last:
 *
 *                            fast seed    slow seed    30 % free riders   40 % come late
 *     least given, 8 pieces  1.12 / 1.50  1.33 / 1.45  1.29 / 2.09        1.12 / 2.04
 *     round robin            1.16 / 1.58  1.26 / 1.53  1.39 / 2.37        1.18 / 2.04   (libtorrent's: 20 pieces, at least a minute)
 *     fastest upload         1.14 / 1.68  1.28 / 1.62  1.72 / 1.98        1.16 / 1.55
 *     anti-leech             1.07 / 1.49  1.62 / 1.74  1.23 / 1.90        1.07 / 2.13   (libtorrent's: fewest and most pieces first)
 *
 * The last believes what peers say they have, and leaves the swarm with half pieces when the seed is what all wait for.
 */
export function nextWhileSeeding<Peer extends Waiting>(waiting: readonly Peer[], count: number, random: Random): Peer[] {
  return highest(waiting, count, ({ peer }) => -peer.sentBytes - random.fraction());
}

/** Whether a seed has given a peer what a turn is worth. `bytes`: what it got in this turn. */
export function isSeedTurnOver(bytes: number, pieceLength: number): boolean {
  return bytes >= seedTurnPieces * pieceLength;
}

function lotsOf({ peer, hadPlace }: Waiting, nowMs: number): number {
  if (!hadPlace && nowMs - peer.connectedMs < newcomerMs) return newcomerLots;
  if (peer.isSnubbed) return leastLots;
  if (peer.sentBytes === 0) return peer.receivedBytes > 0 ? mostLots : 1;
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
