// What is taken of the peer exchange (BEP 11) of one peer, a stranger who may flood us or point us at machines of others. Pure; time
// comes in.

import { pexLimits } from '../config.ts';
import { type Endpoint, reachOf } from '../support/endpoint.ts';
import { type PexPeer, pexFlags } from '../wire/pex.ts';

/** The messages of one peer. */
export class PexInbox {
  /** When the last ones came. */
  readonly #recentMs: number[] = [];
  #isDeaf = false;

  /** Whether the message that has come at `nowMs` is to be read: once a peer sends too many, none of its is any more. */
  hears(nowMs: number): boolean {
    const oldestMs = this.#recentMs.length < pexLimits.messagesPerMinute ? undefined : this.#recentMs.shift();
    if (oldestMs !== undefined && nowMs - oldestMs < 60_000) this.#isDeaf = true;
    this.#recentMs.push(nowMs);
    return !this.#isDeaf;
  }
}

/**
 * What is believed of the addresses that the peer at `source` names: of each host one port (BEP 11, "Security Considerations"), and those that
 * are not global only from a peer that is not either: a stranger knows nothing of our network. Seeds are of no use to a seed.
 */
export function credible(peers: readonly PexPeer[], source: Endpoint, weSeed: boolean): Endpoint[] {
  const hosts = new Set<string>();
  const isFar = reachOf(source.host) === 'global';
  return peers.flatMap(({ endpoint, flags }) => {
    const reach = reachOf(endpoint.host);
    if ((weSeed && (flags & pexFlags.seed) !== 0) || (isFar && reach !== 'global')) return [];
    // On loopback many peers share a host.
    if (reach !== 'loopback' && hosts.has(endpoint.host)) return [];
    hosts.add(endpoint.host);
    return [endpoint];
  });
}
