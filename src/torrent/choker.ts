// Who may download from us (BEP 3, "choking"). Regular places are for those who gave us most in the last 20 s; the optimistic ones, and
// those that nobody has earned, are for the others in turns. While we seed all places are turns. A pure policy: facts and time come in,
// the unchoked come out. When turns end and who is next: turn-order.ts; how many places there are: upload-slots.ts.

import type { Random } from '../support/random.ts';
import { drawTurns, leastRate, nextWhileSeeding, seedTurnBytes, seedTurnMaxMs, turnMs, type Waiting } from './turn-order.ts';
import { UploadSlots } from './upload-slots.ts';

/** A peer as the choker sees it. Totals run over the connection's life; the choker takes differences. Bytes, ms. */
export interface Chokable {
  /** Names it. */
  readonly number: number;
  /** It wants something of us (and is no seed). */
  readonly isInterested: boolean;
  /** We choke it now. */
  readonly isChoked: boolean;
  /** It has owed us blocks for too long. */
  readonly isSnubbed: boolean;
  /** When its handshake was done. */
  readonly connectedMs: number;
  /** Payload it gave us. */
  readonly receivedBytes: number;
  /** Payload we gave it. */
  readonly sentBytes: number;
}

/** What else the choker must know. */
export interface ChokerFacts {
  readonly nowMs: number;
  readonly isSeeding: boolean;
  /** Payload sent to all peers since the start. */
  readonly sentBytes: number;
  /** Bytes per second; undefined: none. */
  readonly uploadLimit: number | undefined;
  readonly pieceLength: number;
}

/**
 * BEP 3: who is choked changes once in ten seconds, since connections need some to get going and peers some to give back ("fibrillation").
 * No peer loses its place earlier unless it loses interest.
 */
const rechokeMs = 10_000;

/** What is remembered of a peer. */
interface Known extends Waiting {
  peer: Chokable;
  sinceMs: number;
  hadPlace: boolean;
  unusedBytes: number;
  /** Until when it keeps a place that it has not earned; 0 when it has. */
  turnEndsMs: number;
  sentBeforeTurn: number;
  /** Totals at the last rechoke, and at the one before. */
  sentAtRechoke: number;
  receivedAtRechoke: number;
  receivedBefore: number;
}

/** The choker of one torrent. */
export class Choker {
  readonly #random: Random;
  readonly #slots: UploadSlots;
  #known = new Map<number, Known>();
  #lastRechoke: { readonly atMs: number; readonly sentBytes: number } | undefined;

  /** `fixedSlots`: so many regular places, instead of what the uplink suggests. */
  constructor(random: Random, fixedSlots?: number) {
    this.#random = random;
    this.#slots = new UploadSlots(fixedSlots);
  }

  /**
   * The peers that are to be unchoked from now on; all others are choked. Call it about once a second, and when a peer goes or its interest
   * changes: free places are filled at once, all else waits for the next rechoke. Interested ones are never more than there are places, but
   * for those who were unchoked without interest and found it since the last rechoke.
   */
  choose(peers: readonly Chokable[], facts: ChokerFacts): ReadonlySet<number> {
    const all = this.#recall(peers);
    const interested = all.filter(({ peer }) => peer.isInterested);
    const isRechoke = this.#lastRechoke === undefined || facts.nowMs - this.#lastRechoke.atMs >= rechokeMs;
    if (isRechoke) this.#rechoked(facts, interested.length);
    const chosen = this.#fillPlaces(interested, isRechoke, facts);
    if (!facts.isSeeding) this.#addBetter(all, chosen, isRechoke);
    for (const known of all) noteChoice(known, chosen.has(known), isRechoke, facts);
    return new Set(Array.from(chosen, ({ peer }) => peer.number));
  }

  #recall(peers: readonly Chokable[]): Known[] {
    const all = peers.map((peer) => {
      const known = this.#known.get(peer.number);
      if (known === undefined) return meet(peer);
      known.peer = peer;
      return known;
    });
    this.#known = new Map(all.map((known) => [known.peer.number, known]));
    return all;
  }

  #rechoked({ nowMs, sentBytes, uploadLimit }: ChokerFacts, interestedCount: number): void {
    const last = this.#lastRechoke;
    this.#lastRechoke = { atMs: nowMs, sentBytes };
    if (last === undefined) return;
    this.#slots.adjust({
      rate: ((sentBytes - last.sentBytes) * 1000) / (nowMs - last.atMs),
      limit: uploadLimit,
      isWanted: interestedCount > this.#slots.regular + this.#slots.turns,
    });
  }

  /** Who has a place: those who must not lose it yet, then who earned one, then whose turn goes on, then who is next. */
  #fillPlaces(interested: readonly Known[], isRechoke: boolean, { nowMs, isSeeding, pieceLength, uploadLimit }: ChokerFacts): Set<Known> {
    const { regular, turns } = this.#slots;
    const places = regular + turns;
    const chosen = new Set(interested.filter(({ peer, sinceMs }) => !peer.isChoked && (!isRechoke || nowMs - sinceMs < rechokeMs)));
    if (!isRechoke && chosen.size >= places) return chosen;

    let earned = 0;
    for (const giver of isSeeding ? [] : byGiving(interested)) {
      if (earned === regular) break;
      if (!chosen.has(giver) && chosen.size >= places) continue;
      earned++;
      chosen.add(giver);
      giver.turnEndsMs = 0;
    }
    const leastBytes = (leastRate(uploadLimit, places) * rechokeMs) / 1000;
    const isIdle = ({ peer, sentAtRechoke }: Known): boolean => peer.sentBytes - sentAtRechoke < leastBytes;
    const goesOn = (known: Known): boolean =>
      known.turnEndsMs > nowMs && (!isSeeding || known.peer.sentBytes - known.sentBeforeTurn < seedTurnBytes(pieceLength));
    const going = interested.filter((known) => !known.peer.isChoked && !chosen.has(known) && !isIdle(known) && goesOn(known));
    // Those who came last go on first: they have had least.
    for (const known of going.sort((a, b) => b.sinceMs - a.sinceMs)) if (chosen.size < places) chosen.add(known);

    const waiting = interested.filter((known) => !chosen.has(known));
    const free = places - chosen.size;
    const next = isSeeding ? nextWhileSeeding(waiting, free, this.#random) : drawTurns(waiting, free, turns, nowMs, this.#random);
    for (const known of next) {
      chosen.add(known);
      if (known.peer.isChoked) known.turnEndsMs = nowMs + (isSeeding ? seedTurnMaxMs : turnMs);
    }
    return chosen;
  }

  /**
   * BEP 3: who gives more than the least that earned a place is unchoked although it is not interested. Should it get interested, the one
   * that gives least is choked, here at the next rechoke: a peer must not be able to choke others by flapping.
   */
  #addBetter(all: readonly Known[], chosen: Set<Known>, isRechoke: boolean): void {
    const { regular } = this.#slots;
    const least = byGiving([...chosen])[regular - 1];
    const leastGiven = least === undefined ? 0 : given(least);
    const others = byGiving(all.filter(({ peer }) => !peer.isInterested && (isRechoke || !peer.isChoked)));
    for (const giver of others.slice(0, regular)) if (given(giver) > leastGiven) chosen.add(giver);
  }
}

function meet(peer: Chokable): Known {
  return {
    peer,
    sinceMs: peer.connectedMs,
    hadPlace: false,
    unusedBytes: 0,
    turnEndsMs: 0,
    sentBeforeTurn: 0,
    sentAtRechoke: 0,
    receivedAtRechoke: 0,
    receivedBefore: 0,
  };
}

function noteChoice(known: Known, isChosen: boolean, isRechoke: boolean, { nowMs, isSeeding, pieceLength }: ChokerFacts): void {
  const { peer } = known;
  if (peer.isChoked === isChosen) {
    known.sinceMs = nowMs;
    if (isChosen) {
      known.hadPlace = true;
      known.sentBeforeTurn = peer.sentBytes;
    } else {
      const taken = peer.sentBytes - known.sentBeforeTurn;
      // Who wants no more for now has not wasted his turn, if he took anything.
      if (taken === 0 || (isSeeding && peer.isInterested)) known.unusedBytes += Math.max(0, seedTurnBytes(pieceLength) - taken);
    }
  }
  if (!isRechoke) return;
  known.sentAtRechoke = peer.sentBytes;
  known.receivedBefore = known.receivedAtRechoke;
  known.receivedAtRechoke = peer.receivedBytes;
}

/** What it gave in the last 20 s: up to the last rechoke but one before this. */
function given({ peer, receivedBefore }: Known): number {
  return peer.receivedBytes - receivedBefore;
}

/** Those who gave something and do not snub us, the greatest first. */
function byGiving(among: readonly Known[]): Known[] {
  return among.filter((known) => !known.peer.isSnubbed && given(known) > 0).sort((a, b) => given(b) - given(a));
}
