// What a single question to trackers is asked with.

import type { Metainfo } from '../metainfo/metainfo.ts';
import type { NetworkOptions } from '../transport/network-options.ts';

/** How trackers are asked, once. */
export interface TrackerQueryOptions {
  /** Trackers to ask beside the torrent's, before them. Default: none. */
  readonly announce?: readonly string[];
  /** How long to wait for answers. Default: 30 000. */
  readonly timeoutMs?: number;
  readonly network?: NetworkOptions;
  readonly signal?: AbortSignal;
}

/** Two datagrams of BEP 15 (at 0 and 15 s), and as long as an announce over HTTP may take. */
export const defaultQueryMs = 30_000;

/** The tiers of trackers to ask: those that the user named first. */
export function tiersToAsk(metainfo: Metainfo, { announce = [] }: Pick<TrackerQueryOptions, 'announce'>): readonly (readonly string[])[] {
  return announce.length > 0 ? [announce, ...metainfo.trackers] : metainfo.trackers;
}
