// What one peer is told by peer exchange (BEP 11): who came and went since the last message, at most once a minute and so many at a time.
// Pure; time comes in.

import { pexLimits } from '../config.ts';
import { type Endpoint, formatEndpoint, reachOf } from '../support/endpoint.ts';
import type { PexChanges, PexPeer } from '../wire/pex.ts';
import { canonicalPriority } from './peer-priority.ts';

/** The messages to one peer. */
export class PexOutbox {
  readonly #receiver: Endpoint;
  /** Whom it takes to be connected to us: what we told and have not taken back. */
  readonly #told = new Map<string, Endpoint>();
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(receiver: Endpoint) {
    this.#receiver = receiver;
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#notBeforeMs;
  }

  /**
   * What it is to be told now; undefined when that is nothing. `connected`: every peer that we are connected to and that listens, by the
   * address where it does. Those that it is likeliest to want come first (BEP 40).
   */
  next(connected: ReadonlyMap<string, PexPeer>, nowMs: number): PexChanges | undefined {
    const dropped = [...this.#told].filter(([key]) => !connected.has(key)).slice(0, pexLimits.addedPerMessage);
    const added = [...connected]
      .filter(([key, { endpoint }]) => !this.#told.has(key) && this.#mayKnow(endpoint))
      .map(([key, peer]) => ({ key, peer, priority: this.#priorityOf(peer.endpoint) }))
      .sort((a, b) => b.priority - a.priority)
      .slice(0, pexLimits.addedPerMessage);
    if (added.length + dropped.length === 0) return undefined;
    this.#notBeforeMs = nowMs + pexLimits.sendEveryMs;
    for (const [key] of dropped) this.#told.delete(key);
    for (const { key, peer } of added) this.#told.set(key, peer.endpoint);
    return { added: added.map(({ peer }) => peer), dropped: dropped.map(([, endpoint]) => endpoint) };
  }

  /** It knows itself; and an address that is not global means something else, or nothing, where it is. */
  #mayKnow(endpoint: Endpoint): boolean {
    if (formatEndpoint(endpoint) === formatEndpoint(this.#receiver)) return false;
    const reach = reachOf(endpoint.host);
    return reach === 'global' || reach === reachOf(this.#receiver.host);
  }

  #priorityOf(endpoint: Endpoint): number {
    return canonicalPriority(this.#receiver, endpoint) ?? 0;
  }
}
