// The order in which trackers are tried (BEP 12): tiers one after the other, shuffled inside, the one that answered to the front. Pure.

import { shuffle, type Random } from '../support/random.ts';

/** Tiers of trackers, in the order to try them. */
export class TierList<Tracker> {
  readonly #tiers: Tracker[][];

  /** Shuffles each tier once. */
  constructor(tiers: readonly (readonly Tracker[])[], random: Random) {
    this.#tiers = tiers.map((tier) => shuffle([...tier], random));
  }

  /** All trackers: first tier first. */
  inOrder(): Tracker[] {
    return this.#tiers.flat();
  }

  /** Moves a tracker that answered to the front of its tier. */
  promote(tracker: Tracker): void {
    for (const tier of this.#tiers) {
      const place = tier.indexOf(tracker);
      if (place > 0) tier.unshift(...tier.splice(place, 1));
    }
  }
}
