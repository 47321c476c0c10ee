// The end of a download: everything missing is on request at somebody, and one slow peer could hold it up. A peer with nothing to do
// asks again for blocks that it would deliver clearly sooner than those who were asked first. Pure: a policy over estimates.

import { wireLimits } from '../config.ts';

/** A block that was asked of somebody. */
export interface RequestedBlock {
  readonly pieceIndex: number;
  readonly blockIndex: number;
  readonly sentMs: number;
}

/** A peer that owes us blocks, or that could deliver them. Rates are bytes per millisecond, 0 while unknown. */
export interface Deliverer {
  readonly rate: number;
  readonly minRoundTripMs: number;
  /** What it owes us, oldest first. */
  readonly outstanding: Iterable<RequestedBlock>;
  readonly outstandingCount: number;
  /** How long nothing has come from it. */
  readonly quietMs: number;
}

/** A block worth asking for twice. */
export interface DuplicateChoice {
  readonly block: RequestedBlock;
  /** How long its present holder would still take, in ms; may be Infinity. */
  readonly expectedMs: number;
}

/** How long a block would still take at best, of how many peers it is asked, and when the last of them was. */
interface Wait {
  readonly block: RequestedBlock;
  expectedMs: number;
  holderCount: number;
  lastSentMs: number;
}

/** A duplicate must promise to come this many times sooner, and by so much: below, it is waste. */
const gainFactor = 1.5;
const gainMs = 50;
/** A holder that has been quiet for so many times the gap between its blocks, and at least so long, is taken for stalled. */
const quietGaps = 4;
const quietMinMs = 250;
/** One from which nothing has come yet has so long: more than a satellite's round trip. */
const unknownMs = 1_000;
/**
 * So many may be asked for a block at a time, and beyond it one more each time that the last one has had so long. One that has delivered before
 * may join more others, so that peers which take requests and never answer cannot keep a block from it.
 */
const holdersMax = { ofUnproven: 3, ofProven: 8 } as const;
const oneMoreAfterMs = 1_000;
/** What has been on request for long will take so much longer: blocks that were cancelled too late may be on the way before it. */
const lateness = 0.25;
/** More than the largest piece has (config.ts, `pieceLength`). */
const maxBlocksPerPiece = 2 ** 16;

/**
 * Up to `count` blocks that `taker` should ask for although `holders` have been asked, the longest waits first. `isCandidate` says
 * whether a block is still needed, not yet asked of the taker, and had by it.
 */
export function chooseDuplicates(
  taker: Deliverer,
  holders: Iterable<Deliverer>,
  isCandidate: (block: RequestedBlock) => boolean,
  count: number,
  nowMs: number,
): DuplicateChoice[] {
  const waits = new Map<number, Wait>();
  for (const holder of holders) {
    let position = 0;
    for (const block of holder.outstanding) {
      position++;
      if (!isCandidate(block)) continue;
      const key = block.pieceIndex * maxBlocksPerPiece + block.blockIndex;
      const expectedMs = expectedWaitMs(holder, position, block, nowMs);
      const wait = waits.get(key);
      if (wait === undefined) waits.set(key, { block, expectedMs, holderCount: 1, lastSentMs: block.sentMs });
      else {
        wait.expectedMs = Math.min(wait.expectedMs, expectedMs);
        wait.holderCount++;
        wait.lastSentMs = Math.max(wait.lastSentMs, block.sentMs);
      }
    }
  }
  const most = taker.rate > 0 ? holdersMax.ofProven : holdersMax.ofUnproven;
  const candidates = [...waits.values()]
    .filter(({ holderCount, lastSentMs }) => holderCount < most || nowMs - lastSentMs > oneMoreAfterMs)
    .sort((a, b) => (a.expectedMs === b.expectedMs ? 0 : b.expectedMs - a.expectedMs));
  const chosen: DuplicateChoice[] = [];
  for (const candidate of candidates) {
    const ourMs = deliveryMs(taker, taker.outstandingCount + chosen.length + 1);
    if (chosen.length === count || candidate.expectedMs < ourMs * gainFactor + gainMs) break;
    chosen.push(candidate);
  }
  return chosen;
}

/** How long until the `position`-th (from 1) of the blocks that `holder` owes is here. */
function expectedWaitMs(holder: Deliverer, position: number, block: RequestedBlock, nowMs: number): number {
  if (holder.rate === 0) return nowMs - block.sentMs > unknownMs ? Number.POSITIVE_INFINITY : quietMinMs;
  const gapMs = wireLimits.blockBytes / holder.rate;
  if (holder.quietMs > Math.max(quietMinMs, gapMs * quietGaps, 2 * holder.minRoundTripMs)) return Number.POSITIVE_INFINITY;
  const askedMs = nowMs - block.sentMs;
  return Math.max(position * gapMs, holder.minRoundTripMs - askedMs, askedMs * lateness);
}

/** How long the taker needs for its `position`-th block from now. Unknown rates are taken for a modest link. */
function deliveryMs(taker: Deliverer, position: number): number {
  const rate = taker.rate === 0 ? 100 : taker.rate;
  const roundTripMs = Number.isFinite(taker.minRoundTripMs) ? taker.minRoundTripMs : 100;
  return roundTripMs + (position * wireLimits.blockBytes) / rate;
}
