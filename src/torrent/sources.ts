// Which sources a torrent has, by its options: one wiring line for each.

import { LocalDiscovery, type LocalDiscoveryParts } from '../discovery/local-discovery.ts';
import type { PeerSource, PeerSourceListener, SourceReport, TransferTotals } from '../discovery/peer-source.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import type { Bitfield } from '../support/bitfield.ts';
import type { Clock } from '../support/clock.ts';
import type { Random } from '../support/random.ts';
import { joinMulticast } from '../transport/multicast.ts';
import type { Network } from '../transport/network.ts';
import { TrackerAnnouncer } from '../tracker/announcer.ts';
import { trackerClients } from '../tracker/tracker-clients.ts';
import type { RunExchange } from '../webseed/run-exchange.ts';
import { WebSeeds } from '../webseed/web-seeds.ts';
import type { DownloadEvent } from './events.ts';
import type { DownloadOptions } from './options.ts';
import { groupOf } from './source-group.ts';
import { tiersToAsk } from './tracker-query.ts';

/** The last outcome of each source, by its name, for the words at the end. */
export type SourceLog = Map<string, SourceReport>;

/** What a source of peers is given by its torrent. */
export interface SourceContext {
  readonly peerId: Uint8Array;
  /** Where peers reach us, now. */
  readonly port: () => number;
  /** Where we listen; undefined: nowhere. */
  readonly localPort: () => number | undefined;
  readonly totals: () => TransferTotals;
  readonly listener: PeerSourceListener;
}

/** The torrent's web seeds, and in front of them those that the user typed. */
export function createWebSeeds(
  torrent: {
    metainfo: Metainfo;
    geometry: Geometry;
    options: DownloadOptions;
    network: Network;
    clock: Clock;
    tell: (event: DownloadEvent) => void;
  },
  exchange: RunExchange,
  needed: Bitfield,
  bytesRead: (length: number) => void,
): WebSeeds {
  const { metainfo, geometry, options, network, clock, tell } = torrent;
  return new WebSeeds({
    metainfo,
    geometry,
    exchange,
    needed,
    network,
    clock,
    typed: options.webSeeds ?? [],
    wishes: { prefer: options.prefer ?? 'any', afterMs: options.webSeedAfterMs },
    listener: { bytesRead, changed: (url, change, message) => tell({ type: 'web-seed', url, change, message }) },
  });
}

/** The torrent's trackers, in front of them those that the user typed, and whoever is on the same network. */
export function createSource(
  torrent: { metainfo: Metainfo; options: DownloadOptions; network: Network; clock: Clock; random: Random },
  context: SourceContext,
): PeerSource {
  const { metainfo, options, network, clock, random } = torrent;
  const trackers = createAnnouncer(torrent, context);
  const { localPort: port, listener } = context;
  if (metainfo.private || options.localDiscovery === false || options.noPeers === true || network.socks !== undefined) return trackers;
  const join: LocalDiscoveryParts['join'] = (group, received) => joinMulticast(group, network, received);
  return groupOf([trackers, new LocalDiscovery({ infohash: metainfo.infohash, port, join, clock, random, listener })]);
}

/** What every source of a torrent tells goes into its events, and the last of each into `log`. */
export function sourceListener(
  log: SourceLog,
  tell: (event: DownloadEvent) => void,
  book: Pick<PeerSourceListener, 'foundPeers' | 'seenAs'>,
): PeerSourceListener {
  return {
    ...book,
    reported(report) {
      const { source, kind, outcome, peerCount } = report;
      // Peers and neighbours name a few at a time, trackers all that they know.
      const before = kind === undefined || outcome !== 'answered' ? 0 : (log.get(source)?.peerCount ?? 0);
      // That there is no local network is nothing that went wrong.
      if (outcome !== 'warned' && !(kind === 'lsd' && outcome === 'failed')) log.set(source, { ...report, peerCount: before + peerCount });
      tell({ type: 'source', report });
    },
  };
}

function createAnnouncer(
  { metainfo, options, network, clock, random }: Parameters<typeof createSource>[0],
  context: SourceContext,
): PeerSource {
  const typedUrls = new Set(options.announce);
  const clients = trackerClients(typedUrls, network);
  return new TrackerAnnouncer({
    trackers: options.noPeers === true ? [] : tiersToAsk(metainfo, options),
    typedUrls,
    infohash: metainfo.infohash,
    peerId: context.peerId,
    port: context.port,
    clientFor: clients.clientFor,
    closeClients: clients.close,
    totals: context.totals,
    clock,
    random,
    listener: context.listener,
  });
}
