// Which sources a torrent has, by its options: one wiring line for each.

import type { PeerOrigin, PeerSource, SourceReport, TransferTotals } from '../discovery/peer-source.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import type { Clock } from '../support/clock.ts';
import type { Endpoint } from '../support/endpoint.ts';
import type { Random } from '../support/random.ts';
import { TrackerAnnouncer } from '../tracker/announcer.ts';
import { trackerClients } from '../tracker/tracker-clients.ts';
import type { RunExchange } from '../webseed/run-exchange.ts';
import { WebSeeds } from '../webseed/web-seeds.ts';
import type { DownloadEvent } from './events.ts';
import type { DownloadOptions } from './options.ts';

/** The last outcome of each source, by its name, for the words at the end. */
export type SourceLog = Map<string, SourceReport>;

/** What a source of peers is given by its torrent. */
export interface SourceContext {
  readonly peerId: Uint8Array;
  /** Where peers reach us, now. */
  readonly port: () => number;
  readonly log: SourceLog;
  readonly totals: () => TransferTotals;
  readonly foundPeers: (origin: PeerOrigin, peers: readonly Endpoint[], localAllowed: boolean) => void;
}

/** The torrent's web seeds, and in front of them those that the user typed. */
export function createWebSeeds(
  torrent: { metainfo: Metainfo; geometry: Geometry; options: DownloadOptions; clock: Clock; tell: (event: DownloadEvent) => void },
  exchange: RunExchange,
  needed: Iterable<number>,
  bytesRead: (length: number) => void,
): WebSeeds {
  const { metainfo, geometry, options, clock, tell } = torrent;
  return new WebSeeds({
    metainfo,
    geometry,
    exchange,
    needed,
    clock,
    typed: options.webSeeds ?? [],
    wishes: { prefer: options.prefer ?? 'any', afterMs: options.webSeedAfterMs },
    listener: { bytesRead, changed: (url, change, message) => tell({ type: 'web-seed', url, change, message }) },
  });
}

/** The torrent's trackers, and in front of them those that the user typed. */
export function createSource(
  torrent: { metainfo: Metainfo; options: DownloadOptions; clock: Clock; random: Random; tell: (event: DownloadEvent) => void },
  context: SourceContext,
): PeerSource {
  const { metainfo, options, clock, random, tell } = torrent;
  const typed = options.announce ?? [];
  const typedUrls = new Set(typed);
  return new TrackerAnnouncer({
    trackers: options.noPeers === true ? [] : typed.length > 0 ? [typed, ...metainfo.trackers] : metainfo.trackers,
    typedUrls,
    infohash: metainfo.infohash,
    peerId: context.peerId,
    port: context.port,
    clientFor: trackerClients(typedUrls),
    totals: context.totals,
    clock,
    random,
    listener: {
      foundPeers: context.foundPeers,
      reported(report) {
        if (report.outcome !== 'warned') context.log.set(report.source, report);
        tell({ type: 'source', report });
      },
    },
  });
}
