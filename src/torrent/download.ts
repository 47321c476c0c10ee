// One download from start to end: check what is on disk, transfer what is missing, give the files their final names, seed them if that is
// asked for. What a caller holds: events, promises of the files and of the end, a snapshot of the progress, a way to stop.

import { IncompleteError } from '../errors.ts';
import { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { openRemembered } from '../storage/completion-record.ts';
import { FinalFiles } from '../storage/final-files.ts';
import { openForSeeding } from '../storage/read-only-storage.ts';
import { openStorage } from '../storage/disk-storage.ts';
import type { FileVersion } from '../storage/file-stat.ts';
import type { OpenStorage, TorrentStorage } from '../storage/storage.ts';
import { openSummedStorage } from '../storage/summed-storage.ts';
import { type Clock, type Timer, systemClock } from '../support/clock.ts';
import { Deferred } from '../support/deferred.ts';
import { type Random, systemRandom } from '../support/random.ts';
import type { Network } from '../transport/network.ts';
import { networkOf } from '../transport/network-options.ts';
import { type HostAndPort, parseHostAndPort } from '../transport/resolve.ts';
import type { WebSeedAccount } from '../webseed/web-seed.ts';
import { approvedBy, callersCheck } from './approval.ts';
import { deadlineMessage } from './end-cause.ts';
import { EventQueue } from './event-queue.ts';
import type { DownloadEvent, DownloadPhase, DownloadProgress, DownloadResult, FinalFile } from './events.ts';
import type { DownloadOptions } from './options.ts';
import type { PeerAccount } from './peer-accounts.ts';
import { RateMeter } from './rate-meter.ts';
import type { SeedEnd, SeedOptions } from './seed-goal.ts';
import type { Shares } from './shares.ts';
import { Transfer } from './transfer.ts';
import { type Wanted, wantedBy } from './wanted.ts';

/** How long a clean stop may take. */
const stoppingMs = 4_000;
/** How often progress is told. */
const progressMs = 500;

/** Downloads a torrent into `options.outputDir`; begins at once. Throws InputError for a selection, a peer or a network that makes no sense. */
export function download(metainfo: Metainfo, options: DownloadOptions): Download {
  return downloadSharing(metainfo, options, {});
}

/** The same, with what it is to share instead of having its own. */
export function downloadSharing(metainfo: Metainfo, options: DownloadOptions, shares: Shares): Download {
  return new Download(metainfo, options, systemClock, systemRandom, onDisk(options), shares);
}

/**
 * Seeds the selected files of a torrent, which must be complete in `options.outputDir`; nothing there is written. Begins at once, with a
 * check. The result rejects with a StorageError of the code `data-mismatch` when something is missing.
 */
export function seed(metainfo: Metainfo, options: DownloadOptions): Download {
  return new Download(metainfo, { ...options, seed: options.seed ?? {} }, systemClock, systemRandom, onlyRead(options));
}

/** A download under way: iterate it for its events (one reader). */
export class Download implements AsyncIterable<DownloadEvent> {
  /** Resolves when every selected byte is on disk under its final name and verified, and seeding is over; rejects with why not. */
  readonly result: Promise<DownloadResult>;
  /** The same, but resolves before it seeds. */
  readonly completed: Promise<DownloadResult>;
  readonly #completed = new Deferred<DownloadResult>();
  readonly #metainfo: Metainfo;
  readonly #open: OpenStorage;
  readonly #shares: Shares;
  readonly #options: DownloadOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #geometry: Geometry;
  readonly #wanted: Wanted;
  readonly #network: Network;
  readonly #typedPeers: readonly HostAndPort[];
  readonly #startedMs: number;
  readonly #stopper = new AbortController();
  readonly #callersSignal: AbortSignal | undefined;
  readonly #events = new EventQueue<DownloadEvent>((event) => event.type === 'progress' || event.type === 'piece' || event.type === 'peer');
  readonly #files: FinalFile[] = [];
  /** What they looked like when they were complete: for seeding. */
  readonly #versions = new Map<number, FileVersion>();
  readonly #rate = new RateMeter();
  readonly #uploadRate = new RateMeter();
  #phase: DownloadPhase = 'checking';
  #checked = { bytes: 0, total: 0 };
  #transfer: Transfer | undefined;
  #askedAnybody = false;
  #isComplete = false;
  #seeded: { readonly sinceMs: number; untilMs?: number } | undefined;
  #seedEnd: SeedEnd | undefined;
  #progressTimer: Timer | undefined;
  #stopTimer: Timer | undefined;
  readonly #givenUp = new Deferred<never>();

  /** `open`: where the bytes go; by default to disk. */
  constructor(metainfo: Metainfo, options: DownloadOptions, clock: Clock, random: Random, open = onDisk(options), shares: Shares = {}) {
    this.#shares = shares;
    this.#metainfo = metainfo;
    this.#open = open;
    this.#clock = clock;
    this.#random = random;
    this.#startedMs = clock.nowMs();
    const { signal } = this.#stopper;
    this.#options = { ...options, signal };
    // Not by AbortSignal.any: Node forgets a timeout that only a signal made of several waits for.
    this.#callersSignal = options.signal;
    if (options.signal?.aborted === true) this.stop(options.signal.reason);
    options.signal?.addEventListener('abort', this.#onCallersAbort, { once: true });
    this.#geometry = new Geometry(metainfo);
    this.#wanted = wantedBy(metainfo, this.#geometry, options.selection);
    this.#network = networkOf(options.network);
    this.#typedPeers = (options.peers ?? []).map(parseHostAndPort);
    signal.addEventListener('abort', this.#boundStop, { once: true });
    this.result = Promise.race([this.#run(signal), this.#givenUp.promise]);
    this.completed = this.#completed.promise;
    this.completed.catch(() => {});
    this.result.catch((error: unknown) => this.#completed.reject(error)); // whoever only reads events is not to be crashed by the result
  }

  [Symbol.asyncIterator](): AsyncIterator<DownloadEvent> {
    return this.#events;
  }

  /** Ends it early and cleanly: state saved, trackers told. The result rejects with `reason`. */
  stop(reason: unknown = new DOMException('the download was stopped', 'AbortError')): void {
    this.#stopper.abort(reason);
  }

  /** Where it stands now. */
  progress(): DownloadProgress {
    const transfer = this.#transfer;
    const nowMs = this.#clock.nowMs();
    const verifiedBytes = transfer?.verifiedBytes ?? 0;
    const rate = this.#phase === 'downloading' ? this.#rate.perSecond : 0;
    return {
      phase: this.#phase,
      totalBytes: this.#wanted.totalBytes,
      verifiedBytes,
      pieceCount: this.#wanted.pieces.count,
      verifiedPieces: transfer?.ledger.wantedVerified ?? 0,
      checkedBytes: this.#checked.bytes,
      bytesToCheck: this.#checked.total,
      downloadedBytes: transfer?.exchange.receivedBytes ?? 0,
      webBytes: transfer?.webSeeds.downloadedBytes ?? 0,
      wastedBytes: transfer?.exchange.wastedBytes ?? 0,
      corruptBytes: transfer?.corruptBytes ?? 0,
      uploadedBytes: transfer?.uploads.sentBytes ?? 0,
      rateBytesPerSecond: rate,
      uploadRateBytesPerSecond: this.#uploadRate.perSecond,
      etaMs: rate > 0 ? ((this.#wanted.totalBytes - verifiedBytes) * 1000) / rate : undefined,
      connectedPeers: transfer?.swarm.ready.size ?? 0,
      knownPeers: transfer?.book.size ?? 0,
      bannedPeers: transfer?.book.bannedCount ?? 0,
      blockedHosts: transfer?.book.blockedCount ?? 0,
      elapsedMs: nowMs - this.#startedMs,
      seedingMs: this.#seeded === undefined ? 0 : (this.#seeded.untilMs ?? nowMs) - this.#seeded.sinceMs,
    };
  }

  /** Every peer that was tried or connected to us, with what it gave; none before the check of existing data is over. */
  peers(): PeerAccount[] {
    const swarm = this.#transfer?.swarm;
    return swarm?.accounts.list(swarm.ready, this.#clock.nowMs(), this.#startedMs) ?? [];
  }

  /** Every web seed, with what it gave; none before the check of existing data is over. */
  webSeeds(): WebSeedAccount[] {
    const sinceStart = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms - this.#startedMs);
    const accounts = this.#transfer?.webSeeds.accounts ?? [];
    return accounts.map((account) => ({ ...account, firstBlockMs: sinceStart(account.firstBlockMs) }));
  }

  /** Whether the piece is verified and on disk; false before the check of existing data is over. */
  hasPiece(pieceIndex: number): boolean {
    return this.#transfer?.ledger.verified.has(pieceIndex) ?? false;
  }

  /** What peers and trackers did, in one line for people; undefined when none was asked. An IncompleteError says it by itself. */
  account(): string | undefined {
    return this.#askedAnybody ? this.#transfer?.account() : undefined;
  }

  async #run(signal: AbortSignal): Promise<DownloadResult> {
    this.#tellProgress();
    const { deadlineMs } = this.#options;
    const deadline = deadlineMs === undefined ? undefined : this.#clock.setTimer(deadlineMs, () => this.#onDeadline());
    let storage: TorrentStorage | undefined;
    try {
      storage = await this.#openStorage(signal);
      const transfer = this.#newTransfer(storage);
      this.#transfer = transfer;
      const { seed: seeding } = this.#options;
      await this.#obtainMissing(transfer, storage);
      await this.#finish(transfer, storage, seeding !== undefined);
      if (seeding !== undefined) await this.#seed(transfer, seeding);
      return this.#resultNow();
    } finally {
      await storage?.close();
      this.#enter('ended');
      deadline?.cancel();
      signal.removeEventListener('abort', this.#boundStop);
      // It may outlive every download.
      this.#callersSignal?.removeEventListener('abort', this.#onCallersAbort);
      this.#stopTimer?.cancel();
      this.#progressTimer?.cancel();
      this.#events.end();
    }
  }

  readonly #onCallersAbort = (): void => this.stop(this.#callersSignal?.reason);

  /** From now on there is little time: a disk or a tracker that holds up the clean stop for longer is left alone with it. */
  readonly #boundStop = (): void => {
    this.#stopTimer = this.#clock.setTimer(stoppingMs, () => {
      this.#events.end();
      this.#givenUp.reject(this.#options.signal?.reason);
    });
  };

  /** Whoever has everything and seeds has reached the end, not missed it. */
  #onDeadline(): void {
    if (this.#isComplete) this.#transfer?.endSeeding('deadline');
    else this.stop(this.#deadlineError());
  }

  #deadlineError(): Error {
    const transferError = this.#phase === 'downloading' ? this.#transfer?.explain('deadline-reached') : undefined;
    return transferError ?? new IncompleteError('deadline-reached', `${deadlineMessage(this.#options)} while ${this.#phase}`);
  }

  #openStorage(signal: AbortSignal): Promise<TorrentStorage> {
    const { outputDir, allocation = 'sparse', fsync = true, resume = true, overwrite = false } = this.#options;
    return this.#open(this.#metainfo, {
      outputDir,
      allocation,
      fsync,
      resume,
      overwrite,
      signal,
      selection: this.#wanted.files,
      ...approvedBy(callersCheck(this.#options.approve, signal)),
      listener: {
        checked: (bytes, total) => {
          this.#checked = { bytes, total };
        },
        fileCompleted: (file, path, version, sums) => {
          if (version !== undefined && this.#options.seed !== undefined) this.#versions.set(file.index, version);
          const complete = { file, path, ...(sums !== undefined && { sums }) };
          this.#files.push(complete);
          this.#events.push({ type: 'file', ...complete });
        },
        warned: (message) => this.#events.push({ type: 'warning', message }),
        failed: (error) => this.stop(error),
      },
    });
  }

  #newTransfer(storage: TorrentStorage): Transfer {
    return new Transfer({
      metainfo: this.#metainfo,
      geometry: this.#geometry,
      wanted: this.#wanted,
      storage,
      options: this.#options,
      network: this.#network,
      typedPeers: this.#typedPeers,
      clock: this.#clock,
      random: this.#random,
      tell: (event) => this.#events.push(event),
      shares: this.#shares,
    });
  }

  /** Nothing is announced and no socket opened when nothing is missing. */
  async #obtainMissing(transfer: Transfer, storage: TorrentStorage): Promise<void> {
    if (transfer.ledger.isComplete) return;
    this.#askedAnybody = true;
    this.#enter('downloading');
    try {
      await transfer.download();
    } catch (error) {
      await transfer.close();
      // The state is saved while the trackers are told: neither waits for the other.
      await Promise.all([transfer.sayGoodbye(), storage.close()]);
      throw error;
    }
  }

  async #finish(transfer: Transfer, storage: TorrentStorage, staysOpen: boolean): Promise<void> {
    this.#enter('finishing');
    try {
      if (staysOpen) await transfer.suspendUploads();
      else await transfer.close();
      await Promise.all([storage.finish(), staysOpen ? undefined : transfer.sayGoodbye()]);
    } catch (error) {
      await transfer.close();
      throw error;
    }
    this.#isComplete = true;
    this.#completed.resolve(this.#resultNow());
  }

  async #seed(transfer: Transfer, options: SeedOptions): Promise<void> {
    const finalFiles = new FinalFiles(this.#geometry, this.#files, this.#versions);
    try {
      await options.before?.();
      this.#seeded = { sinceMs: this.#clock.nowMs() };
      this.#enter('seeding');
      if (!this.#askedAnybody) await transfer.download();
      this.#seedEnd = await transfer.seed((piece, offset, into) => finalFiles.read(piece, offset, into), options);
    } finally {
      if (this.#seeded !== undefined) this.#seeded.untilMs = this.#clock.nowMs();
      await transfer.close();
      await Promise.all([transfer.sayGoodbye(), finalFiles.close()]);
    }
  }

  #resultNow(): DownloadResult {
    return { files: this.#files, progress: this.progress(), seedEnd: this.#seedEnd };
  }

  #enter(phase: DownloadPhase): void {
    this.#phase = phase;
    this.#events.push({ type: 'progress', progress: this.progress() });
  }

  #tellProgress(): void {
    const nowMs = this.#clock.nowMs();
    this.#rate.note(this.#transfer?.exchange.receivedBytes ?? 0, nowMs);
    this.#uploadRate.note(this.#transfer?.uploads.sentBytes ?? 0, nowMs);
    this.#events.push({ type: 'progress', progress: this.progress() });
    this.#progressTimer = this.#clock.setTimer(progressMs, () => this.#tellProgress());
  }
}

/** Files that are complete already. */
function onlyRead({ stateDir }: DownloadOptions): OpenStorage {
  if (stateDir === undefined) return openForSeeding;
  return (metainfo, options) => openRemembered(metainfo, options, stateDir, openForSeeding);
}

/** Files in the output directory: known again when they were complete before, summed up when that is asked for. */
function onDisk({ checksums = new Map(), sums = [], stateDir }: DownloadOptions): OpenStorage {
  const open: OpenStorage =
    stateDir === undefined ? openStorage : (metainfo, options) => openRemembered(metainfo, options, stateDir, openStorage);
  return (metainfo, options) => openSummedStorage(metainfo, options, { expected: checksums, told: sums }, open);
}
