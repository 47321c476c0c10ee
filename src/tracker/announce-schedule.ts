// Which tracker is told what, and when: a pure machine. Answers, failures and the time go in; announces and the next time to look come out.
//
// Announces come in rounds. A round walks the tiers in BEP 12's order until a tracker answers; the next round is due when that tracker
// may be asked again. BEP 12 alone would wait for every dead tracker to time out, so the longer a round takes the more trackers are asked
// side by side. What one tracker hears is always: started, regular announces, completed at most once, stopped.

import { trackerLimits } from '../config.ts';
import { assert } from '../errors.ts';
import type { Random } from '../support/random.ts';
import { TierList } from './tier-list.ts';
import type { AnnounceEvent, AnnounceResponse } from './tracker-client.ts';

/** An announce to make now. */
export interface DueAnnounce {
  readonly url: string;
  readonly event: AnnounceEvent | undefined;
  /** What the tracker gave us to show again. */
  readonly trackerId: Uint8Array | undefined;
}

/** What is known of one tracker. */
interface Tracker {
  readonly url: string;
  /** The announce that is under way. */
  asking: { readonly event: AnnounceEvent | undefined } | undefined;
  /** It has answered a `started`: it counts us in, and is owed a `stopped`. */
  joined: boolean;
  /** It is owed a `completed`. */
  completedDue: boolean;
  saidStopped: boolean;
  /** Failures since its last answer. */
  failures: number;
  /** Never asked before: its `min interval` after an answer, the back-off after a failure. */
  notBeforeMs: number;
  /** When its regular announce is due. */
  regularMs: number;
  trackerId: Uint8Array | undefined;
}

/** A search for one tracker that answers. */
interface Round {
  readonly beganMs: number;
  /** It answered, but named no peer while we need some: the search goes on, and ends here when no other does better. */
  fallback: Tracker | undefined;
}

/** The announces of one torrent to all of its trackers. */
export class AnnounceSchedule {
  readonly #tiers: TierList<Tracker>;
  readonly #trackers: ReadonlyMap<string, Tracker>;
  readonly #random: Random;
  #phase: 'new' | 'running' | 'stopping' | 'ended' = 'new';
  #hungry = false;
  #round: Round | undefined;
  /** Whose answer ended the last round, and so sets when the next begins. */
  #pacemaker: Tracker | undefined;

  /** `tiers` of different URLs. */
  constructor(tiers: readonly (readonly string[])[], random: Random) {
    const trackers = tiers.map((tier) => tier.map(freshTracker));
    this.#tiers = new TierList(trackers, random);
    this.#trackers = new Map(trackers.flat().map((tracker) => [tracker.url, tracker]));
    this.#random = random;
  }

  start(nowMs: number): void {
    this.#phase = 'running';
    this.#round = { beganMs: nowMs, fallback: undefined };
  }

  setHungry(hungry: boolean): void {
    this.#hungry = hungry;
  }

  /** The download completed in this run. Trackers that heard of its beginning are owed the news; others meet us as a seed. */
  completed(): void {
    for (const tracker of this.#trackers.values()) {
      if (tracker.joined || tracker.asking?.event === 'started') tracker.completedDue = true;
    }
  }

  /** What we last told is not true any more: the next round is due as soon as a tracker may be asked again. */
  outdated(): void {
    if (this.#pacemaker !== undefined) this.#pacemaker.regularMs = this.#pacemaker.notBeforeMs;
  }

  /** From now on only what is still owed is due: `completed`, then `stopped`. */
  stop(): void {
    this.#phase = 'stopping';
    this.#round = undefined;
  }

  /** From now on nothing is due. */
  end(): void {
    this.#phase = 'ended';
  }

  /** The announces to make now; each counts as under way until `answered`, `failed` or `dropped`. */
  takeDue(nowMs: number): DueAnnounce[] {
    const due = [...this.#trackers.values()].filter((tracker) => this.#owes(tracker)).map((tracker) => this.#ask(tracker, nowMs));
    if (this.#phase === 'running') due.push(...this.#walk(nowMs));
    return due;
  }

  /** When `takeDue` may have something new if nothing else happens before; undefined: never. Ask after `takeDue`. */
  wakeMs(nowMs: number): number | undefined {
    if (this.#phase !== 'running') return undefined;
    if (this.#round === undefined) return finite(this.#nextRoundMs());
    const idle = [...this.#trackers.values()].filter((tracker) => tracker.asking === undefined);
    const wideningMs = nextWideningMs(this.#round.beganMs, nowMs);
    return finite(Math.min(...idle.map(({ notBeforeMs }) => (notBeforeMs > nowMs ? notBeforeMs : wideningMs))));
  }

  /** `bringsPeers`: whether it named anyone but ourselves. */
  answered(url: string, response: AnnounceResponse, bringsPeers: boolean, nowMs: number): void {
    const tracker = this.#tracker(url);
    const event = tracker.asking?.event;
    tracker.asking = undefined;
    tracker.failures = 0;
    tracker.trackerId = response.trackerId ?? tracker.trackerId;
    tracker.notBeforeMs = nowMs + Math.max(response.minIntervalMs ?? 0, trackerLimits.fewPeersIntervalMs);
    tracker.regularMs = Math.max(nowMs + response.intervalMs, tracker.notBeforeMs);
    if (event === 'started') tracker.joined = true;
    if (this.#round === undefined || event === 'completed') return;
    if (bringsPeers || !this.#hungry) this.#endRound(tracker);
    else this.#round.fallback ??= tracker;
  }

  /** `retryAfterMs`: how long the tracker wants to be left alone, if it said. */
  failed(url: string, retryAfterMs: number | undefined, nowMs: number): void {
    const tracker = this.#tracker(url);
    this.dropped(url);
    const backOffMs = trackerLimits.backoffFirstMs * 2 ** tracker.failures * (1 + this.#random.fraction() / 4);
    tracker.notBeforeMs = nowMs + Math.max(Math.min(backOffMs, trackerLimits.backoffMaxMs), retryAfterMs ?? 0);
    tracker.failures++;
  }

  /** The announce under way was given up by us: it says nothing about the tracker. */
  dropped(url: string): void {
    const tracker = this.#tracker(url);
    // Its next `started` will say that nothing is left.
    if (tracker.asking?.event === 'started') tracker.completedDue = false;
    tracker.asking = undefined;
  }

  #tracker(url: string): Tracker {
    const tracker = this.#trackers.get(url);
    assert(tracker?.asking !== undefined, 'an outcome of an announce that is not under way');
    return tracker;
  }

  #owes(tracker: Tracker): boolean {
    if (!tracker.joined || tracker.asking !== undefined || tracker.saidStopped || this.#phase === 'ended') return false;
    return tracker.completedDue || (this.#phase === 'stopping' && !tracker.saidStopped);
  }

  /** The next trackers of the round, as many as its age allows. */
  #walk(nowMs: number): DueAnnounce[] {
    if (this.#round === undefined && this.#nextRoundMs() <= nowMs) this.#round = { beganMs: nowMs, fallback: undefined };
    const round = this.#round;
    if (round === undefined) return [];

    const inOrder = this.#tiers.inOrder();
    const asking = inOrder.filter((tracker) => tracker.asking !== undefined).length;
    const ready = inOrder.filter((tracker) => tracker.asking === undefined && tracker.notBeforeMs <= nowMs);
    if (round.fallback !== undefined && (!this.#hungry || asking + ready.length === 0)) {
      this.#endRound(round.fallback);
      return [];
    }
    const free = Math.max(width(nowMs - round.beganMs) - asking, 0);
    return ready.slice(0, free).map((tracker) => this.#ask(tracker, nowMs));
  }

  #endRound(tracker: Tracker): void {
    this.#round = undefined;
    this.#pacemaker = tracker;
    this.#tiers.promote(tracker);
  }

  #nextRoundMs(): number {
    const tracker = this.#pacemaker;
    assert(tracker !== undefined, 'a first round ended without an answer');
    return this.#hungry ? tracker.notBeforeMs : tracker.regularMs;
  }

  #ask(tracker: Tracker, nowMs: number): DueAnnounce {
    const event = this.#nextEvent(tracker);
    if (event === 'completed') tracker.completedDue = false;
    if (event === 'stopped') tracker.saidStopped = true;
    assert(event !== undefined || tracker.notBeforeMs <= nowMs, 'a regular announce before its time');
    tracker.asking = { event };
    return { url: tracker.url, event, trackerId: tracker.trackerId };
  }

  #nextEvent(tracker: Tracker): AnnounceEvent | undefined {
    if (!tracker.joined) return 'started';
    if (tracker.completedDue) return 'completed';
    return this.#phase === 'stopping' ? 'stopped' : undefined;
  }
}

function freshTracker(url: string): Tracker {
  return {
    url,
    asking: undefined,
    joined: false,
    completedDue: false,
    saidStopped: false,
    failures: 0,
    notBeforeMs: -Infinity,
    regularMs: -Infinity,
    trackerId: undefined,
  };
}

/** How many trackers may be asked at a time by a round of this age: 1, after a while 2, then twice as many with every second. */
function width(ageMs: number): number {
  const waitedMs = ageMs - trackerLimits.nextTrackerAfterMs;
  return waitedMs < 0 ? 1 : 2 ** (1 + Math.floor(waitedMs / trackerLimits.moreTrackersEveryMs));
}

/** When `width` grows next. */
function nextWideningMs(beganMs: number, nowMs: number): number {
  const { nextTrackerAfterMs, moreTrackersEveryMs } = trackerLimits;
  const waitedMs = nowMs - beganMs - nextTrackerAfterMs;
  if (waitedMs < 0) return beganMs + nextTrackerAfterMs;
  return beganMs + nextTrackerAfterMs + (Math.floor(waitedMs / moreTrackersEveryMs) + 1) * moreTrackersEveryMs;
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined;
}
