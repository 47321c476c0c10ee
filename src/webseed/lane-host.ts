// What a lane asks of its seed, and tells it.

import type { FileSlice } from '../metainfo/geometry.ts';
import type { ContentRequest } from './content-url.ts';

/** The seed that a lane belongs to. */
export interface LaneHost {
  readonly isPieceBound: boolean;
  readonly isTyped: boolean;
  canGive(pieceIndex: number): boolean;
  /** Whether it may ask for something now. */
  readonly mayAsk: boolean;
  /** What gives the bytes of `slice` from `skipped` on. */
  requestFor(slice: FileSlice, skipped: number): ContentRequest;
  /** So many bytes came over the network. */
  bytesRead(length: number): void;
  /** Of them, so many of the content; `blocks` were completed by them. */
  received(length: number, blocks: number): void;
  /** It does not have the file. */
  gone(fileIndex: number, message: string): void;
  busy(retryMs: number | undefined, message: string): void;
  failed(message: string): void;
  knowsNoRanges(): void;
}
