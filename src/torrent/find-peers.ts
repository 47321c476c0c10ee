// Asks a torrent's trackers for peers once, as a download would (BEP 3, BEP 12), and takes its leave.

import { notListeningPort, peerIdPrefix } from '../config.ts';
import { mayBePeer } from '../discovery/address-rules.ts';
import type { SourceReport } from '../discovery/peer-source.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { concatBytes, fromText } from '../support/bytes.ts';
import { systemClock } from '../support/clock.ts';
import { Deferred } from '../support/deferred.ts';
import { formatEndpoint } from '../support/endpoint.ts';
import { formatDuration } from '../support/format-duration.ts';
import { redactUrl } from '../support/printable.ts';
import { systemRandom } from '../support/random.ts';
import { TrackerAnnouncer } from '../tracker/announcer.ts';
import { trackerClients } from '../tracker/tracker-clients.ts';
import { canReach } from '../transport/network.ts';
import { networkOf } from '../transport/network-options.ts';
import { defaultQueryMs, tiersToAsk, type TrackerQueryOptions } from './tracker-query.ts';

/** What was found. */
export interface FoundPeers {
  /** `1.2.3.4:6881` or `[2001:db8::1]:6881`, none twice, in the order in which they were named. */
  readonly peers: readonly string[];
  /** The last outcome of each tracker that was asked. */
  readonly reports: readonly SourceReport[];
}

/**
 * The peers that the first tracker names that names any; none when all have been asked, or time is up. The trackers that answered count us
 * for the moment between `started` and `stopped`. Throws InputError for a network that makes no sense, and the signal's reason.
 */
export async function findPeers(metainfo: Metainfo, options: TrackerQueryOptions = {}): Promise<FoundPeers> {
  const { timeoutMs = defaultQueryMs, signal = new AbortController().signal } = options;
  signal.throwIfAborted();
  const tiers = tiersToAsk(metainfo, options);
  const names = new Set(tiers.flat().map(redactUrl));
  const typedUrls = new Set(options.announce);
  const network = networkOf(options.network);
  const clients = trackerClients(typedUrls, network);
  const peers = new Set<string>();
  const reports = new Map<string, SourceReport>();
  const done = new Deferred<void>();
  const announcer = new TrackerAnnouncer({
    trackers: tiers,
    typedUrls,
    infohash: metainfo.infohash,
    peerId: concatBytes([fromText(peerIdPrefix), systemRandom.bytes(20 - peerIdPrefix.length)]),
    port: () => notListeningPort,
    clientFor: clients.clientFor,
    closeClients: clients.close,
    totals: () => ({ uploaded: 0, downloaded: 0, left: metainfo.totalLength, isPartialSeed: false }),
    clock: systemClock,
    random: systemRandom,
    listener: {
      foundPeers(_origin, found, localAllowed) {
        const usable = found.filter(
          (peer) => mayBePeer(peer, localAllowed) && canReach(network, peer.host) && peer.port !== notListeningPort,
        );
        for (const peer of usable) peers.add(formatEndpoint(peer));
        if (peers.size > 0) done.resolve();
      },
      seenAs() {},
      reported(report) {
        if (report.outcome !== 'warned') reports.set(report.source, report);
        if (reports.size === names.size) done.resolve();
      },
    },
  });
  const timer = systemClock.setTimer(timeoutMs, () => {
    const late = { outcome: 'failed', message: `no answer within ${formatDuration(timeoutMs)}`, peerCount: 0 } as const;
    for (const source of names) if (!reports.has(source)) reports.set(source, { source, ...late });
    done.resolve();
  });
  const onAbort = (): void => done.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  if (names.size === 0) done.resolve();
  announcer.setHungry(true);
  announcer.start();
  await done.promise;
  timer.cancel();
  signal.removeEventListener('abort', onAbort);
  await announcer.stop();
  signal.throwIfAborted();
  return { peers: [...peers], reports: [...reports.values()] };
}
