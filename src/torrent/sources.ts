// Which sources of peers a torrent has, by its options: one wiring line for each.

import type { PeerOrigin, PeerSource, SourceReport, TransferTotals } from '../discovery/peer-source.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import type { Clock } from '../support/clock.ts';
import type { Endpoint } from '../support/endpoint.ts';
import type { Random } from '../support/random.ts';
import type { Network } from '../transport/network.ts';
import { TrackerAnnouncer } from '../tracker/announcer.ts';
import { trackerClients } from '../tracker/tracker-clients.ts';
import type { DownloadEvent } from './events.ts';
import type { DownloadOptions } from './options.ts';

/** The last outcome of each source, by its name, for the words at the end. */
export type SourceLog = Map<string, SourceReport>;

/** What a source of peers is given by its torrent. */
export interface SourceContext {
  readonly peerId: Uint8Array;
  /** Where peers reach us, now. */
  readonly port: () => number;
  readonly network: Network;
  readonly log: SourceLog;
  readonly totals: () => TransferTotals;
  readonly foundPeers: (origin: PeerOrigin, peers: readonly Endpoint[], localAllowed: boolean) => void;
}

/** The torrent's trackers, and in front of them those that the user typed. */
export function createSource(
  torrent: { metainfo: Metainfo; options: DownloadOptions; clock: Clock; random: Random; tell: (event: DownloadEvent) => void },
  context: SourceContext,
): PeerSource {
  const { metainfo, options, clock, random, tell } = torrent;
  const typed = options.announce ?? [];
  const typedUrls = new Set(typed);
  const clients = trackerClients(typedUrls, context.network);
  return new TrackerAnnouncer({
    trackers: typed.length > 0 ? [typed, ...metainfo.trackers] : metainfo.trackers,
    typedUrls,
    infohash: metainfo.infohash,
    peerId: context.peerId,
    port: context.port,
    clientFor: clients.clientFor,
    closeClients: clients.close,
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
