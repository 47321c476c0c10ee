// Peers and web seeds together, where it makes no difference who gives the blocks: both are paused by the same limits, and both answer for
// what they sent. A web seed's numbers are negative.

import type { PeerNumber } from '../pieces/partial-piece.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import type { WebSeeds } from '../webseed/web-seeds.ts';
import type { Pausable } from './download-limit.ts';
import type { Swarm } from './swarm.ts';

/** Whoever gives blocks of one torrent. */
export class Givers implements Pausable {
  readonly #swarm: Swarm;
  readonly #webSeeds: WebSeeds;
  #turn = 0;

  constructor(swarm: Swarm, webSeeds: WebSeeds) {
    this.#swarm = swarm;
    this.#webSeeds = webSeeds;
  }

  pause(reason: string): void {
    this.#swarm.pause(reason);
    this.#webSeeds.pause(reason);
  }

  resume(reason: string): void {
    // Who is resumed first is read first, and may use up a rate alone: web seeds have their turn as one peer more.
    this.#turn = (this.#turn + 1) % (this.#swarm.ready.size + 1);
    const order = this.#turn === 0 ? [this.#webSeeds, this.#swarm] : [this.#swarm, this.#webSeeds];
    for (const giver of order) giver.resume(reason);
  }

  /** A piece failed its hash, to which these had sent blocks. Returns their names. */
  pieceFailed(senders: readonly PeerNumber[]): string[] {
    return [...new Set(senders.map((number) => this.#webSeeds.pieceFailed(number) ?? this.#swarm.pieceFailed(number)))];
  }

  /** Whoever has this number is proven to have sent wrong bytes. Returns its name when that bans it. */
  ban(number: PeerNumber, ledger: PieceLedger): string | undefined {
    const webSeed = this.#webSeeds.provenGuilty(number);
    const name = webSeed?.url ?? this.#swarm.ban(number);
    if (name === undefined) return undefined;
    for (const banned of webSeed?.numbers ?? [number]) ledger.dropBlocksOf(banned);
    return name;
  }
}
