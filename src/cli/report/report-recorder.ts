// Gathers what a report needs while a download runs, in bounded memory: some bytes for each piece and file, and
// lists with an end.

import type { Download, DownloadEvent, DownloadProgress, Metainfo, PeerAccount } from '../../index.ts';
import { exitCodeName } from '../exit-codes.ts';
import { withoutSecrets } from '../json-text.ts';
import { meanRateOf, roundedRatio, type RunEnd, sumsByAlgorithm, trackerFacts, webSeedFacts } from '../reporters/json-events.ts';
import { firstBlockMs, peerGroups, type RunTally } from '../run-tally.ts';
import { StallWatch } from '../stall-watch.ts';
import { PieceTimes } from './piece-times.ts';
import type { Report, ReportedFile, ReportedPeer, ReportedTorrent, ReportedTotals, Sample } from './report.ts';
import { Samples } from './samples.ts';

/** How long the lists of a report may be: a page that nobody could scroll through helps nobody. */
const listLimits = { stalls: 100, peers: 200, files: 500, warnings: 50 } as const;

/** What is known before the run. */
export type ReportHead = Pick<Report, 'version' | 'platform' | 'startedAt' | 'options'>;

/** Records one run; times are since it began. */
export class ReportRecorder {
  readonly #head: ReportHead;
  readonly #samples = new Samples<Sample>();
  readonly #stallWatch = new StallWatch();
  readonly #stalls: { fromMs: number; toMs: number }[] = [];
  /** The stall that goes on. */
  #stall: { fromMs: number; toMs: number } | undefined;
  readonly #warnings: string[] = [];
  /** The sums of each complete file. */
  readonly #complete = new Map<number, ReportedFile['sums']>();
  #metainfo: Metainfo | undefined;
  #selection: ReadonlySet<number> | undefined;
  #pieceTimes: PieceTimes | undefined;

  constructor(head: ReportHead) {
    this.#head = head;
  }

  torrentRead(metainfo: Metainfo, selection: ReadonlySet<number> | undefined): void {
    this.#metainfo = metainfo;
    this.#selection = selection;
    this.#pieceTimes = new PieceTimes(metainfo, selection);
  }

  note(event: DownloadEvent, nowMs: number): void {
    switch (event.type) {
      case 'progress':
        return this.#noteProgress(event.progress, nowMs);
      case 'piece':
        return this.#pieceTimes?.came(event.pieceIndex, nowMs);
      case 'file':
        this.#complete.set(event.file.index, sumsByAlgorithm(event.sums));
        return;
      case 'warning':
        if (this.#warnings.length < listLimits.warnings) this.#warnings.push(withoutSecrets(event.message));
        return;
      case 'bad-data':
      case 'banned':
      case 'peer':
      case 'source':
      case 'web-seed':
        return;
    }
  }

  /** The report of the run that ends now; `running` is undefined when no download was begun. */
  report(end: RunEnd, running: Download | undefined, tally: RunTally, nowMs: number): Report {
    const progress = running?.progress();
    if (progress !== undefined) this.#samples.add(sampleOf(progress, nowMs));
    const peers = (running?.peers() ?? []).sort((a, b) => b.downloadedBytes - a.downloadedBytes || b.uploadedBytes - a.uploadedBytes);
    const startedMs = nowMs - (progress?.elapsedMs ?? 0);
    const webSeeds = running?.webSeeds() ?? [];
    const blockMs = firstBlockMs([...peers, ...webSeeds]);
    const files = this.#files();
    return {
      v: 1,
      type: 'report',
      ...this.#head,
      durationMs: Math.round(nowMs),
      torrent: this.#torrent(),
      end: { exitCode: end.exitCode, exitName: exitCodeName(end.exitCode), code: end.code ?? null, reason: withoutSecrets(end.reason) },
      totals: progress === undefined ? null : totalsOf(progress, tally),
      timings: {
        firstPeerMs: whole(tally.firstPeerMs),
        firstByteMs: whole(blockMs === undefined ? undefined : blockMs + startedMs),
        firstPieceMs: whole(tally.firstPieceMs),
      },
      samples: this.#samples.points,
      pieces: this.#pieceTimes?.cells((piece) => running?.hasPiece(piece) ?? false) ?? [],
      stalls: this.#stalls,
      trackers: [...tally.sources.values()].map((source) => trackerFacts(source)),
      webSeeds: webSeeds.map((account) => webSeedFacts(account)),
      origins: originsOf(peers),
      fates: peerGroups(peers),
      peers: peers.slice(0, listLimits.peers).map((peer) => reportedPeer(peer, startedMs)),
      peersLeftOut: Math.max(0, peers.length - listLimits.peers),
      files: files.slice(0, listLimits.files),
      filesLeftOut: Math.max(0, files.length - listLimits.files),
      warnings: this.#warnings,
    };
  }

  #noteProgress(progress: DownloadProgress, nowMs: number): void {
    this.#samples.add(sampleOf(progress, nowMs));
    const change = this.#stallWatch.note(progress, nowMs);
    if (change?.state === 'begun') {
      this.#stall = { fromMs: Math.round(nowMs - change.idleMs), toMs: 0 };
      if (this.#stalls.length < listLimits.stalls) this.#stalls.push(this.#stall);
    }
    if (this.#stall !== undefined) this.#stall.toMs = Math.round(nowMs);
    if (change?.state === 'ended') this.#stall = undefined;
  }

  #torrent(): ReportedTorrent | null {
    if (this.#metainfo === undefined) return null;
    const { name, infohashHex, pieceLength, pieceCount, private: isPrivate } = this.#metainfo;
    const files = this.#files();
    const sum = (of: readonly ReportedFile[]): number => of.reduce((bytes, { length }) => bytes + length, 0);
    const selectedLength = sum(files.filter(({ selected }) => selected));
    return { name, infohash: infohashHex, totalLength: sum(files), selectedLength, pieceLength, pieceCount, private: isPrivate };
  }

  #files(): ReportedFile[] {
    const files = (this.#metainfo?.files ?? []).filter((file) => !file.pad);
    return files.map(({ index, path, length }) => ({
      path: path.join('/'),
      length,
      selected: this.#selection?.has(index) ?? true,
      complete: this.#complete.has(index),
      sums: this.#complete.get(index) ?? null,
    }));
  }
}

function sampleOf(progress: DownloadProgress, nowMs: number): Sample {
  const { verifiedBytes, downloadedBytes, uploadedBytes, connectedPeers } = progress;
  return { t: Math.round(nowMs), verifiedBytes, downloadedBytes, uploadedBytes, connectedPeers };
}

function totalsOf(progress: DownloadProgress, tally: RunTally): ReportedTotals {
  const { totalBytes, verifiedBytes, pieceCount, verifiedPieces, downloadedBytes, wastedBytes, corruptBytes, checkedBytes } = progress;
  const sizes = { totalBytes, verifiedBytes, pieceCount, verifiedPieces, downloadedBytes, wastedBytes, corruptBytes, checkedBytes };
  const { bannedPeers, knownPeers, uploadedBytes } = progress;
  const sent = { uploadedBytes, ratio: roundedRatio(progress), seedingMs: Math.round(progress.seedingMs) };
  return { ...sizes, ...sent, badPieces: tally.badPieces, bannedPeers, knownPeers, meanBytesPerSecond: meanRateOf(progress) };
}

function reportedPeer(account: PeerAccount, startedMs: number): ReportedPeer {
  const { peer, origin, client, fate, downloadedBytes, uploadedBytes, badPieces, firstBlockMs: ms } = account;
  const block = whole(ms === undefined ? undefined : ms + startedMs);
  return { peer, origin, client: client ?? null, fate, downloadedBytes, uploadedBytes, badPieces, firstBlockMs: block };
}

function originsOf(peers: readonly PeerAccount[]): Report['origins'] {
  const origins = new Map<string, { origin: string; peers: number; downloadedBytes: number; uploadedBytes: number }>();
  for (const { origin, downloadedBytes, uploadedBytes } of peers) {
    const sum = origins.get(origin) ?? { origin, peers: 0, downloadedBytes: 0, uploadedBytes: 0 };
    sum.peers++;
    sum.downloadedBytes += downloadedBytes;
    sum.uploadedBytes += uploadedBytes;
    origins.set(origin, sum);
  }
  return [...origins.values()];
}

function whole(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms);
}
