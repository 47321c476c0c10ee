// A run as events for programs: what the library tells, turned into the objects that schema/events.schema.json and docs/events.md
// describe. Pure; who writes them where is run-records.ts's matter.

import type { DownloadEvent, DownloadProgress, FinalFile, Metainfo, PeerAccount, SourceReport, WebSeedAccount } from '../../index.ts';
import { redactUrl } from '../../index.ts';
import { exitCodeName } from '../exit-codes.ts';
import { withoutSecrets } from '../json-text.ts';
import type { RecordOptions } from '../record-options.ts';
import { firstBlockMs, peerGroups, type RunTally } from '../run-tally.ts';
import { ratioOf } from '../seed-account.ts';
import { StallWatch } from '../stall-watch.ts';

/** An event without `v` and `t`. */
export interface EventBody {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** How a run ended. */
export interface RunEnd {
  readonly exitCode: number;
  /** One line; for a failure the error's. */
  readonly reason: string;
  /** The library's code of the cause, if it has one. */
  readonly code: string | undefined;
}

/** Makes the events of one run. */
export class JsonEvents {
  readonly #options: Pick<RecordOptions, 'pieceEvents' | 'progressIntervalMs'> & { readonly verbose: boolean };
  readonly #stall = new StallWatch();
  #numbers: ReadonlyMap<number, number> = new Map();
  #progressMs = Number.NEGATIVE_INFINITY;

  constructor(options: Pick<RecordOptions, 'pieceEvents' | 'progressIntervalMs'> & { readonly verbose: boolean }) {
    this.#options = options;
  }

  start(version: string, startedAt: Date, torrentPath: string, given: Readonly<Record<string, unknown>>): EventBody {
    const options = hideSecrets(given);
    return { type: 'start', version, startedAt: startedAt.toISOString(), torrentPath: withoutSecrets(torrentPath), options };
  }

  torrent(metainfo: Metainfo, selection: ReadonlySet<number> | undefined): EventBody {
    const files = metainfo.files.filter((file) => !file.pad);
    const isSelected = (index: number): boolean => selection === undefined || selection.has(index);
    this.#numbers = new Map(files.map(({ index }, position) => [index, position + 1]));
    return {
      type: 'torrent',
      infohash: metainfo.infohashHex,
      name: metainfo.name,
      totalLength: files.reduce((sum, { length }) => sum + length, 0),
      selectedLength: files.reduce((sum, { index, length }) => sum + (isSelected(index) ? length : 0), 0),
      pieceLength: metainfo.pieceLength,
      pieceCount: metainfo.pieceCount,
      private: metainfo.private,
      trackers: metainfo.trackers.map((tier) => tier.map((url) => redactUrl(url))),
      webSeeds: metainfo.webSeeds.map((url) => redactUrl(url)),
      files: files.map(({ index, path, length }, position) => ({
        number: position + 1,
        path: path.join('/'),
        length,
        selected: isSelected(index),
      })),
    };
  }

  /** What `event` amounts to: often nothing, seldom two. */
  from(event: DownloadEvent, nowMs: number): EventBody[] {
    switch (event.type) {
      case 'progress':
        return this.#fromProgress(event.progress, nowMs);
      case 'source':
        return [fromSource(event.report)];
      case 'peer':
        // An address that cannot be reached is no source; a long list of dead ones would bury the rest.
        if (event.change === 'failed' && !this.#options.verbose) return [];
        return [{ type: 'source', kind: 'peer', peer: event.peer, change: event.change, message: event.message, peerCount: 0 }];
      case 'web-seed':
        return [{ type: 'source', kind: 'web-seed', peer: event.url, change: event.change, message: event.message, peerCount: 0 }];
      case 'piece':
        return this.#options.pieceEvents ? [{ type: 'piece', pieceIndex: event.pieceIndex }] : [];
      case 'bad-data':
        return [{ type: 'bad-data', pieceIndex: event.pieceIndex, peers: event.peers }];
      case 'banned':
        return [{ type: 'banned', peer: event.peer, reason: event.reason }];
      case 'warning':
        return [{ type: 'warning', message: withoutSecrets(event.message) }];
      case 'file': {
        const { file, path, sums } = event;
        const number = this.#numbers.get(file.index) ?? 0;
        return [{ type: 'file', number, path, torrentPath: file.path.join('/'), length: file.length, sums: sumsByAlgorithm(sums) }];
      }
    }
  }

  summary(
    progress: DownloadProgress,
    peers: readonly PeerAccount[],
    webSeeds: readonly WebSeedAccount[],
    tally: RunTally,
    nowMs: number,
  ): EventBody {
    const blockMs = firstBlockMs([...peers, ...webSeeds]);
    return {
      type: 'summary',
      ...sizes(progress),
      checkedBytes: progress.checkedBytes,
      durationMs: Math.round(progress.elapsedMs),
      seedingMs: Math.round(progress.seedingMs),
      meanBytesPerSecond: meanRateOf(progress),
      firstPeerMs: whole(tally.firstPeerMs),
      firstByteMs: whole(blockMs === undefined ? undefined : blockMs + nowMs - progress.elapsedMs),
      firstPieceMs: whole(tally.firstPieceMs),
      badPieces: tally.badPieces,
      bannedPeers: progress.bannedPeers,
      knownPeers: progress.knownPeers,
      peers: peerGroups(peers),
      webSeeds: webSeeds.map((account) => webSeedFacts(account)),
      trackers: [...tally.sources.values()].map((report) => trackerFacts(report)),
    };
  }

  #fromProgress(progress: DownloadProgress, nowMs: number): EventBody[] {
    const bodies: EventBody[] = [];
    const change = this.#stall.note(progress, nowMs);
    if (change !== undefined) bodies.push({ type: 'stall', ...change });
    if (nowMs - this.#progressMs < this.#options.progressIntervalMs) return bodies;
    this.#progressMs = nowMs;
    const { phase, checkedBytes, bytesToCheck, rateBytesPerSecond, etaMs, connectedPeers, knownPeers, bannedPeers } = progress;
    const body = {
      phase,
      ...sizes(progress),
      checkedBytes,
      bytesToCheck,
      bytesPerSecond: Math.round(rateBytesPerSecond),
      uploadBytesPerSecond: Math.round(progress.uploadRateBytesPerSecond),
      etaMs: whole(etaMs),
      seedingMs: Math.round(progress.seedingMs),
    };
    return [...bodies, { type: 'progress', ...body, connectedPeers, knownPeers, bannedPeers }];
  }
}

function fromSource(report: SourceReport): EventBody {
  const { kind, outcome, message, peerCount } = report;
  if (kind === undefined) return { type: 'tracker', ...trackerFacts(report) };
  const facts = outcome === 'answered' ? { peer: message, change: 'named', message: '' } : { peer: '', change: 'failed', message };
  return { type: 'source', kind, ...facts, peerCount };
}

/** What a run did: the `totals` of its verdict. */
export interface RunTotals {
  /** Null when no torrent was read. */
  readonly totalBytes: number | null;
  readonly verifiedBytes: number;
  readonly downloadedBytes: number;
  readonly wastedBytes: number;
  readonly corruptBytes: number;
  readonly uploadedBytes: number;
  readonly ratio: number;
  readonly files: number;
  readonly durationMs: number;
}

/** `progress` is undefined when there was no download to speak of. */
export function runTotals(progress: DownloadProgress | undefined, tally: RunTally, nowMs: number): RunTotals {
  return {
    totalBytes: progress?.totalBytes ?? null,
    verifiedBytes: progress?.verifiedBytes ?? 0,
    downloadedBytes: progress?.downloadedBytes ?? 0,
    wastedBytes: progress?.wastedBytes ?? 0,
    corruptBytes: progress?.corruptBytes ?? 0,
    uploadedBytes: progress?.uploadedBytes ?? 0,
    ratio: progress === undefined ? 0 : roundedRatio(progress),
    files: tally.completeFiles,
    durationMs: Math.round(nowMs),
  };
}

/** The totals of several runs that took `nowMs` together. */
export function sumOfTotals(all: readonly RunTotals[], nowMs: number): RunTotals {
  const sum = (key: 'verifiedBytes' | 'downloadedBytes' | 'wastedBytes' | 'corruptBytes' | 'uploadedBytes' | 'files'): number =>
    all.reduce((total, totals) => total + totals[key], 0);
  const known = all.flatMap(({ totalBytes }) => totalBytes ?? []);
  const totalBytes = known.reduce((total, bytes) => total + bytes, 0);
  const uploadedBytes = sum('uploadedBytes');
  return {
    totalBytes: known.length === 0 ? null : totalBytes,
    verifiedBytes: sum('verifiedBytes'),
    downloadedBytes: sum('downloadedBytes'),
    wastedBytes: sum('wastedBytes'),
    corruptBytes: sum('corruptBytes'),
    uploadedBytes,
    ratio: roundedRatio({ uploadedBytes, totalBytes }),
    files: sum('files'),
    durationMs: Math.round(nowMs),
  };
}

/** How a run ended. */
export function verdictEvent(end: RunEnd, totals: RunTotals): EventBody {
  const { exitCode, reason, code = null } = end;
  return { type: 'verdict', exitCode, exitName: exitCodeName(exitCode), code, reason: withoutSecrets(reason), totals };
}

/** The same as an object; null when no sum was asked for. */
export function sumsByAlgorithm(sums: FinalFile['sums']): Readonly<Record<string, string>> | null {
  return sums === undefined ? null : Object.fromEntries(sums.map(({ algorithm, hex }) => [algorithm, hex]));
}

function sizes(progress: DownloadProgress): Readonly<Record<string, number>> {
  const { totalBytes, verifiedBytes, pieceCount, verifiedPieces, downloadedBytes, wastedBytes, corruptBytes, uploadedBytes } = progress;
  const received = { downloadedBytes, wastedBytes, corruptBytes };
  return { totalBytes, verifiedBytes, pieceCount, verifiedPieces, ...received, uploadedBytes, ratio: roundedRatio(progress) };
}

/** Payload received per second, over the time before it seeded. */
export function meanRateOf({ downloadedBytes, elapsedMs, seedingMs }: DownloadProgress): number {
  return Math.round((downloadedBytes * 1000) / Math.max(elapsedMs - seedingMs, 1));
}

/** Bytes sent as a share of those selected, to three places. */
export function roundedRatio(progress: Pick<DownloadProgress, 'uploadedBytes' | 'totalBytes'>): number {
  return Math.round(ratioOf(progress) * 1000) / 1000;
}

/** What a tracker did. */
export interface TrackerFacts {
  readonly tracker: string;
  readonly outcome: SourceReport['outcome'];
  readonly message: string;
  readonly peerCount: number;
  readonly seeders: number | null;
  readonly leechers: number | null;
}

/** `report` as events and reports tell it. */
export function trackerFacts(report: SourceReport): TrackerFacts {
  const { source, outcome, message, peerCount, seeders = null, leechers = null } = report;
  return { tracker: source, outcome, message, peerCount, seeders, leechers };
}

/** What a web seed did. */
export type WebSeedFacts = Omit<WebSeedAccount, 'firstBlockMs'>;

/** `account` as events and reports tell it. */
export function webSeedFacts({ url, fate, message, downloadedBytes, badPieces }: WebSeedAccount): WebSeedFacts {
  return { url, fate, message, downloadedBytes, badPieces };
}

function whole(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms);
}

/** The same, with what may be a secret in a URL hidden. */
function hideSecrets(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(options), (_key, value: unknown) =>
    typeof value === 'string' ? withoutSecrets(value) : value,
  ) as Record<string, unknown>;
}
