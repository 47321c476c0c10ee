// Our address as the world sees it: a vote of those who say that they see it, trackers (BEP 24) and peers (BEP 10, `yourip`). Any of them may
// lie, so it orders what we dial (BEP 40) and nothing else. Pure.

import { reachOf } from '../support/endpoint.ts';
import { Tally } from '../support/tally.ts';

/** Votes that are kept: the last ones. */
const votesMax = 100;

/** The vote of one torrent, for one family of addresses. */
export class ExternalAddress {
  /** What each voter said, oldest first. */
  readonly #votes = new Map<string, string>();
  #current: string | undefined;

  /** The address that most say; undefined while nobody does. */
  get current(): string | undefined {
    return this.#current;
  }

  /** The host `voter` sees us at `host`, a canonical IP literal. Returns whether that changes what `current` is. */
  note(host: string, voter: string): boolean {
    if (reachOf(host) !== 'global') return false;
    this.#votes.delete(voter);
    this.#votes.set(voter, host);
    const [oldest] = this.#votes.keys();
    if (this.#votes.size > votesMax && oldest !== undefined) this.#votes.delete(oldest);
    const winner = this.#winner();
    const isNew = winner !== this.#current;
    this.#current = winner;
    return isNew;
  }

  /** Among equals the one that won before stays. */
  #winner(): string | undefined {
    const tally = new Tally();
    for (const host of this.#votes.values()) tally.add(host);
    let winner = this.#current;
    for (const host of this.#votes.values()) if (winner === undefined || tally.of(host) > tally.of(winner)) winner = host;
    return winner;
  }
}
