import type { Random } from '../support/random.ts';
export interface Chokable {
  readonly number: number;
  readonly isInterested: boolean;
  readonly isChoked: boolean;
  readonly isSnubbed: boolean;
  readonly connectedMs: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly pieceCount: number;
}
export interface ChokerFacts {
  readonly nowMs: number;
  readonly isSeeding: boolean;
  readonly sentBytes: number;
  readonly uploadLimit: number | undefined;
}
export class Choker {
  constructor(_random: Random, _fixedSlots?: number) {}
  choose(peers: readonly Chokable[], _facts: ChokerFacts): ReadonlySet<number> {
    return new Set(
      peers
        .filter((peer) => peer.isInterested)
        .slice(0, 16)
        .map((peer) => peer.number),
    );
  }
}
