// The contract between a lane of a web seed and the torrent's exchange of blocks: a lane takes runs and delivers blocks as a peer does.

import type { RequestedBlock, Deliverer } from '../pieces/endgame.ts';
import type { Run, RunTaker } from '../pieces/run-picker.ts';

/** Whoever has runs on request. */
export interface RunHolder extends RunTaker, Deliverer {
  hasRequested(pieceIndex: number, blockIndex: number): boolean;
  /** The block is here from somebody else; false when it was not on request. */
  cancel(pieceIndex: number, blockIndex: number): boolean;
  /** The place of the block that is arriving was given to somebody else. */
  takeAwayBlock(): void;
}

/** Gives out runs and takes in blocks. Every call is synchronous. */
export interface RunExchange {
  /** A run of about `bytes`, noted as requested; undefined when there is nothing for this holder now. */
  takeRun(holder: RunHolder, bytes: number): Run | undefined;
  /** A block begins to arrive: its place, or undefined when it is not needed any more. */
  blockStarted(holder: RunHolder, block: RequestedBlock): Uint8Array | undefined;
  /** `length`: what of it came over the network. */
  blockReceived(
    holder: RunHolder,
    arrival: { readonly block: RequestedBlock; readonly length: number; readonly stored: boolean; readonly wasOutstanding: boolean },
  ): void;
  /** The holder will not send these, `arriving` among them that has begun. */
  runReturned(holder: RunHolder, blocks: readonly RequestedBlock[], arriving: RequestedBlock | undefined): void;
}
