// The web seeds of one torrent (BEP 17, 19): gives each its lanes, lets them work when the policy says so, pauses them all, bans. The blocks
// go the way of those of peers.

import { webSeedLimits } from '../config.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import type { PeerNumber } from '../pieces/partial-piece.ts';
import type { Bitfield } from '../support/bitfield.ts';
import type { Clock } from '../support/clock.ts';
import type { Network } from '../transport/network.ts';
import { Lane } from './lane.ts';
import type { RunExchange } from './run-exchange.ts';
import { SourcePolicy, type SourceWishes } from './source-policy.ts';
import { WebSeed, type WebSeedAccount } from './web-seed.ts';

/** What the torrent hears of its web seeds. */
export interface WebSeedsListener {
  bytesRead(length: number): void;
  /** `url`: secrets hidden. */
  changed(url: string, change: 'connected' | 'failed', message: string): void;
}

/** What the web seeds of a torrent are made of. */
export interface WebSeedsParts {
  readonly metainfo: Metainfo;
  readonly geometry: Geometry;
  readonly exchange: RunExchange;
  /** Pieces that are still to be had. */
  readonly needed: Pick<Bitfield, 'has'> & Iterable<number>;
  readonly network: Network;
  readonly clock: Clock;
  /** URLs that the user gave beside the torrent's own. */
  readonly typed: readonly string[];
  readonly wishes: SourceWishes;
  readonly listener: WebSeedsListener;
}

/** Nothing else that gives blocks has a negative number. */
const firstNumber = -1;

/** All web seeds of one torrent. */
export class WebSeeds {
  /** Every lane, for whoever wants to know what is on request. */
  readonly lanes = new Set<Lane>();
  readonly #parts: WebSeedsParts;
  readonly #seeds: readonly WebSeed[];
  readonly #lanesOf = new Map<WebSeed, Lane[]>();
  readonly #seedOf = new Map<PeerNumber, WebSeed>();
  readonly #policy: SourcePolicy;
  readonly #pauseReasons = new Set<string>();
  #firstResumed = 0;
  #nextNumber = firstNumber;
  #mayAsk = false;
  #isOver = false;

  constructor(parts: WebSeedsParts) {
    this.#parts = parts;
    const { metainfo, clock } = parts;
    this.#policy = new SourcePolicy(parts.wishes, clock.nowMs());
    const typed = new Set(parts.typed);
    const { httpSeeds = [] } = metainfo;
    const files = [...new Set([...typed, ...metainfo.webSeeds])].filter((url) => !httpSeeds.includes(url));
    const make = (url: string, kind: 'files' | 'pieces'): WebSeed =>
      new WebSeed({
        url,
        kind,
        isTyped: typed.has(url),
        metainfo,
        geometry: parts.geometry,
        needed: parts.needed,
        clock,
        listener: {
          bytesRead: (length) => parts.listener.bytesRead(length),
          changed: (seed, change, message) => parts.listener.changed(seed.name, change, message),
        },
      });
    this.#seeds = [...files.map((url) => make(url, 'files')), ...httpSeeds.map((url) => make(url, 'pieces'))];
  }

  /** Whether one of them may give something, now or later. */
  get isUsable(): boolean {
    return this.#seeds.some((seed) => seed.isUsable);
  }

  get downloadedBytes(): number {
    return this.#seeds.reduce((sum, seed) => sum + seed.downloadedBytes, 0);
  }

  get accounts(): WebSeedAccount[] {
    return this.#seeds.map((seed) => seed.account);
  }

  /** Looks after times and lanes, about ten times a second. `peerBytes`: what peers have given; `hasPeers`: they may yet give something. */
  tick(peerBytes: number, hasPeers: boolean, nowMs: number): void {
    this.#policy.note(peerBytes, this.downloadedBytes, nowMs);
    this.#mayAsk = !this.#isOver && this.#policy.mayAskWeb(hasPeers, nowMs);
    const active = this.#seeds.filter((seed) => seed.mayAsk && seed.isUsable).slice(0, webSeedLimits.seedsAtOnce);
    for (const lane of [...this.lanes]) lane.tick(nowMs);
    if (!this.#mayAsk) return;
    for (const seed of active) {
      const lanes = this.#lanesFor(seed);
      const isBusy = this.#pauseReasons.size === 0 && lanes.every((lane) => !lane.isIdle);
      seed.lanes.note(seed.downloadedBytes, isBusy, nowMs);
      for (const lane of lanes.slice(0, seed.lanes.count)) lane.work();
    }
  }

  /** There may be something new to take: lanes that have nothing to do look at once. */
  poke(): void {
    if (!this.#mayAsk) return;
    for (const seed of this.#seeds) for (const lane of (this.#lanesOf.get(seed) ?? []).slice(0, seed.lanes.count)) lane.work();
  }

  /** Whether peers may be asked for more. */
  mayAskPeers(nowMs: number): boolean {
    return this.#policy.mayAskPeers(
      this.#seeds.some((seed) => seed.mayAsk),
      nowMs,
    );
  }

  pause(reason: string): void {
    this.#pauseReasons.add(reason);
    for (const lane of this.lanes) lane.setPaused(true);
  }

  resume(reason: string): void {
    if (!this.#pauseReasons.delete(reason) || this.#pauseReasons.size > 0) return;
    // As in the swarm, each is in turn the first, which may use up a rate alone.
    const lanes = [...this.lanes];
    this.#firstResumed = (this.#firstResumed + 1) % Math.max(lanes.length, 1);
    for (const lane of [...lanes.slice(this.#firstResumed), ...lanes.slice(0, this.#firstResumed)]) lane.setPaused(false);
  }

  slept(ms: number): void {
    this.#policy.slept(ms);
    for (const lane of this.lanes) lane.slept(ms);
  }

  /** A piece failed its hash, to which the lane with this number had sent blocks. Returns its URL; undefined when it is no lane's. */
  pieceFailed(number: PeerNumber): string | undefined {
    const seed = this.#seedOf.get(number);
    seed?.pieceFailed();
    return seed?.name;
  }

  /** The lane with this number is proven to have sent wrong bytes. Returns the numbers of a seed that is now banned, with its URL. */
  provenGuilty(number: PeerNumber): { readonly url: string; readonly numbers: readonly PeerNumber[] } | undefined {
    const seed = this.#seedOf.get(number);
    if (seed?.provenGuilty() !== true) return undefined;
    const lanes = this.#lanesOf.get(seed) ?? [];
    for (const lane of lanes) lane.close();
    return { url: seed.name, numbers: lanes.map((lane) => lane.number) };
  }

  /** Nothing is asked any more. */
  close(): void {
    this.#isOver = true;
    this.#mayAsk = false;
    for (const lane of this.lanes) lane.close();
  }

  /** The lanes of `seed`, as many as it is worth. Those that became too many end with their run. */
  #lanesFor(seed: WebSeed): Lane[] {
    const { geometry, exchange, clock, network } = this.#parts;
    const lanes = this.#lanesOf.get(seed) ?? [];
    this.#lanesOf.set(seed, lanes);
    while (lanes.length < seed.lanes.count) {
      // Several begin far from each other, so that each has a long way to go.
      const cursor = Math.floor((this.lanes.size * geometry.totalLength) / (webSeedLimits.lanes * webSeedLimits.seedsAtOnce));
      const number = this.#nextNumber--;
      const position = lanes.length;
      const mayWork = (): boolean => this.#mayAsk && position < seed.lanes.count;
      const lane = new Lane(number, cursor, seed, { geometry, exchange, clock, network, mayWork });
      if (this.#pauseReasons.size > 0) lane.setPaused(true);
      lanes.push(lane);
      this.lanes.add(lane);
      this.#seedOf.set(number, seed);
    }
    return lanes;
  }
}
