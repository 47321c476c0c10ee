// A torrent while bytes move: joins the ledger, the swarm, the exchange of blocks in both directions, the piece intake and the sources of
// peers, turns the clock's ticks into theirs, and ends when all is here, or enough was given, or something says that it must. Its parts
// decide; it only connects them.

import { setMaxListeners } from 'node:events';
import { defaultStallTimeoutMs, peerIdPrefix, peerLimits } from '../config.ts';
import { AddressBook } from '../discovery/address-book.ts';
import type { TtorrentError } from '../errors.ts';
import { concatBytes, fromText } from '../support/bytes.ts';
import type { Clock, Timer } from '../support/clock.ts';
import { Deferred } from '../support/deferred.ts';
import type { Random } from '../support/random.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { PieceLedger } from '../pieces/piece-ledger.ts';
import { BufferPool } from '../storage/buffer-pool.ts';
import { hasManyFiles, maxBytesInFlight } from '../storage/many-files.ts';
import { PieceWriter } from '../storage/piece-writer.ts';
import { ReadCache, type ReadPiece } from '../storage/read-cache.ts';
import type { TorrentStorage } from '../storage/storage.ts';
import { canReach, type Network } from '../transport/network.ts';
import type { HostAndPort } from '../transport/resolve.ts';
import type { WebSeeds } from '../webseed/web-seeds.ts';
import { BlockExchange } from './block-exchange.ts';
import { Choker } from './choker.ts';
import { Givers } from './givers.ts';
import { DownloadLimit } from './download-limit.ts';
import { type EndFacts, incompleteError, sourcesAccount } from './end-cause.ts';
import type { DownloadEvent } from './events.ts';
import type { DownloadOptions } from './options.ts';
import { PeerExchange } from './peer-exchange.ts';
import { PeerSearch } from './peer-search.ts';
import { PieceIntake } from './piece-intake.ts';
import { sequentialOptions } from './piece-order.ts';
import { type SeedEnd, seedEnd, type SeedOptions } from './seed-goal.ts';
import type { Shares } from './shares.ts';
import { createWebSeeds } from './sources.ts';
import { Swarm } from './swarm.ts';
import { UploadLimit } from './upload-limit.ts';
import { Uploads, uploadBufferBytes } from './uploads.ts';
import type { Wanted } from './wanted.ts';
import { Watchdog } from './watchdog.ts';

/** A tick so much too late means that the process was stopped or the machine asleep, for which no peer is to blame. */
const sleptMinMs = 2_000;
/** How often timeouts, windows and dials are looked at. */
const tickMs = 100;

/** What a transfer is made of. */
export interface TransferParts {
  readonly metainfo: Metainfo;
  readonly geometry: Geometry;
  readonly wanted: Wanted;
  readonly storage: TorrentStorage;
  readonly options: DownloadOptions;
  readonly network: Network;
  /** `options.peers`, read. */
  readonly typedPeers: readonly HostAndPort[];
  readonly clock: Clock;
  readonly random: Random;
  readonly tell: (event: DownloadEvent) => void;
  readonly shares: Shares;
}

/** The transfer of one torrent, from the first announce to the last piece. */
export class Transfer {
  readonly ledger: PieceLedger;
  readonly book: AddressBook;
  readonly swarm: Swarm;
  readonly exchange: BlockExchange;
  readonly webSeeds: WebSeeds;
  readonly #givers: Givers;
  readonly uploads: Uploads;
  corruptBytes = 0;
  verifiedBytes = 0;
  /** What the whole torrent lacks: trackers count us as a seed at 0, whatever we wanted of it. */
  #leftBytes: number;
  readonly #parts: TransferParts;
  readonly #writer: PieceWriter;
  readonly #watchdog: Watchdog;
  readonly #downloadLimit: DownloadLimit | undefined;
  readonly #peerId: Uint8Array;
  #timer: Timer | undefined;
  #tickedMs = 0;
  readonly #search: PeerSearch;
  /** Aborts when it ends: nothing is begun after that. */
  readonly #over = new AbortController();
  readonly #downloaded = new Deferred<void>();
  readonly #seeded = new Deferred<SeedEnd>();
  #seeding: { readonly options: SeedOptions; readonly sinceMs: number } | undefined;

  constructor(parts: TransferParts) {
    this.#parts = parts;
    const { metainfo, geometry, wanted, storage, options, network, clock, random } = parts;
    setMaxListeners(0, this.#over.signal); // each name that is looked up listens
    this.#seeded.promise.catch(() => {}); // nobody may ever ask for it
    const buffers = new BufferPool(metainfo.pieceLength, hasManyFiles(metainfo));
    this.#peerId = concatBytes([fromText(peerIdPrefix), random.bytes(20 - peerIdPrefix.length)]);
    this.book = new AddressBook(random, options.encryption, {
      canReach: (host) => canReach(network, host),
      isBlocked: (host) => options.blocklist?.has(host) === true,
    });
    this.#search = new PeerSearch(parts, this.#peerId, this.book, this.#over.signal, {
      accepted: (stream) => this.swarm.accept(stream),
      found: () => this.swarm.dial(),
      totals: () => ({
        uploaded: this.uploads.sentBytes,
        downloaded: this.exchange.receivedBytes,
        left: this.#leftBytes,
        isPartialSeed: this.ledger.isComplete && this.#leftBytes > 0,
      }),
    });
    this.ledger = new PieceLedger(
      geometry,
      wanted.pieces,
      storage.verified,
      buffers,
      random,
      sequentialOptions(metainfo, options, storage),
    );
    this.#leftBytes = metainfo.totalLength;
    for (const piece of storage.verified) this.#leftBytes -= geometry.lengthOf(piece);
    for (const piece of wanted.pieces) if (storage.verified.has(piece)) this.verifiedBytes += wanted.bytesIn(piece);
    this.swarm = new Swarm({
      ledger: this.ledger,
      book: this.book,
      network,
      handshake: { infohash: metainfo.infohash, peerId: this.#peerId, supportsFast: true, supportsExtensions: true },
      listenPort: () => this.#search.port,
      maxPeers: options.maxPeers ?? peerLimits.connections,
      encryption: options.encryption ?? 'prefer',
      holds: (piece) => storage.holds(piece),
      superSeed: options.superSeed === true,
      clock,
      random,
      listener: {
        peerConnected: (peer) => parts.tell({ type: 'peer', peer, change: 'connected', message: '' }),
        peerIntroduced: (peer, client) => parts.tell({ type: 'peer', peer, change: 'introduced', message: client }),
        peerLost: (peer, wasReady, cause) =>
          parts.tell({
            type: 'peer',
            peer,
            change: wasReady ? 'lost' : 'failed',
            message: cause?.message ?? (wasReady ? '' : 'it hung up'),
          }),
        bytesRead: (length) => this.#downloadLimit?.bytesRead(length),
      },
    });
    this.#writer = new PieceWriter({
      storage,
      pieceHashes: metainfo.pieceHashes,
      maxBytesInFlight: maxBytesInFlight(metainfo) + (storage.ordered?.keptBytesMax ?? 0),
      signal: this.#over.signal,
      onVerified: (piece, bytes) => intake.verified(piece, bytes),
      onCorrupt: (piece, bytes) => intake.corrupt(piece, bytes),
      onRoom: () => this.#givers.resume('disk'),
      onError: (error) => this.#fail(error),
    });
    const intake = new PieceIntake(this.ledger, buffers, this.#writer, {
      pieceVerified: (piece) => this.#pieceVerified(piece),
      pieceFailed: (piece, senders, length) => {
        this.corruptBytes += length;
        parts.tell({ type: 'bad-data', pieceIndex: piece, peers: this.#givers.pieceFailed(senders) });
      },
      peerGuilty: (number, reason) => {
        const peer = this.#givers.ban(number, this.ledger);
        if (peer !== undefined) parts.tell({ type: 'banned', peer, reason });
      },
    });
    this.exchange = new BlockExchange({
      ledger: this.ledger,
      peers: this.swarm.ready,
      lanes: () => this.webSeeds.lanes,
      mayAskPeers: (nowMs) => this.webSeeds.mayAskPeers(nowMs),
      clock,
      random,
      pieceCompleted: (partial) => {
        intake.completed(partial);
        if (this.#writer.isFull) this.#givers.pause('disk');
      },
    });
    this.webSeeds = createWebSeeds(parts, this.exchange, this.ledger.needed, (length) => this.#downloadLimit?.bytesRead(length));
    this.#givers = new Givers(this.swarm, this.webSeeds);
    const { maxUploadRate, maxDownloadRate } = options;
    const { shares } = parts;
    this.uploads = new Uploads({
      peers: this.swarm.ready,
      choker: new Choker(random),
      buffers: new BufferPool(uploadBufferBytes),
      clock,
      limit: shares.uploadLimit ?? (maxUploadRate === undefined ? undefined : new UploadLimit(maxUploadRate, clock)),
      bytesPerSecond: maxUploadRate,
      pieceLength: metainfo.pieceLength,
      isSeeding: () => this.ledger.isComplete,
      readFailed: (error) => this.#readFailed(error),
    });
    const exchangesPeers = !metainfo.private && options.peerExchange !== false;
    const pex = exchangesPeers ? new PeerExchange(clock, () => this.ledger.isComplete, this.#search.sourceListener) : undefined;
    this.swarm.attach(this.exchange, this.uploads, pex);
    this.#readFrom((piece, offset, into) => storage.read(piece, offset, into));
    const { minRate, stallTimeoutMs = defaultStallTimeoutMs } = options;
    this.#watchdog = new Watchdog({ minRate, stallTimeoutMs }, clock.nowMs());
    this.#downloadLimit = shares.downloadLimit ?? (maxDownloadRate === undefined ? undefined : new DownloadLimit(maxDownloadRate, clock));
    this.#downloadLimit?.add(this.#givers);
  }

  get #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /**
   * Downloads what is missing. Resolves when every wanted piece is verified and written; the swarm stays as it is, for `seed` or `close`.
   * Rejects with why that was not to be.
   */
  async download(): Promise<void> {
    this.#downloaded.promise.catch(() => {}); // it may reject while the peers' names are still being looked up
    await this.#start();
    if (this.ledger.isComplete) return;
    await this.#downloaded.promise;
    // BEP 3: `completed` is for whoever has everything now, not for whoever wanted no more.
    if (this.ledger.verified.isFull) this.#search.completed();
  }

  /** Nothing more is read for peers, who wait: the files are about to get their final names. Resolves when nothing is being read. */
  async suspendUploads(): Promise<void> {
    this.uploads.readFrom(undefined);
    await this.uploads.idle();
  }

  /** Gives what is all there to whoever wants it, through `read`, until `options` are met. Rejects with what ended it otherwise. */
  seed(read: ReadPiece, options: SeedOptions): Promise<SeedEnd> {
    this.#seeding = { options, sinceMs: this.#parts.clock.nowMs() };
    this.#readFrom(read);
    this.swarm.becomeSeed();
    return this.#seeded.promise;
  }

  /** Ends seeding, whether it has begun or is to come. */
  endSeeding(end: SeedEnd): void {
    this.#seeded.resolve(end);
  }

  /** Closes every connection; nothing is begun after that. */
  async close(): Promise<void> {
    this.#over.abort();
    this.#parts.options.signal?.removeEventListener('abort', this.#onAbort);
    this.#timer?.cancel();
    this.#downloadLimit?.remove(this.#givers);
    this.uploads.close();
    this.webSeeds.close();
    await this.swarm.close();
    await this.#search.close();
  }

  readonly #onAbort = (): void => this.#fail(this.#parts.options.signal?.reason);

  async #start(): Promise<void> {
    const { options, clock } = this.#parts;
    if (options.signal?.aborted === true) throw options.signal.reason;
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    await this.#search.start();
    this.#tickedMs = clock.nowMs();
    this.#tick();
  }

  /** Tells whoever brought us peers that we are gone, in bounded time. */
  sayGoodbye(): Promise<void> {
    return this.#search.sayGoodbye();
  }

  #tick(): void {
    if (this.#isOver) return;
    const { clock } = this.#parts;
    const nowMs = clock.nowMs();
    const sleptMs = nowMs - this.#tickedMs - tickMs;
    this.#tickedMs = nowMs;
    if (sleptMs > sleptMinMs) {
      this.#watchdog.slept(sleptMs, nowMs, this.exchange.receivedBytes);
      this.swarm.slept(sleptMs);
      this.webSeeds.slept(sleptMs);
    }
    this.swarm.tick(nowMs);
    if (this.ledger.isComplete) this.#tickSeeding(nowMs);
    else this.#tickDownload(nowMs);
    if (!this.#isOver) this.#timer = clock.setTimer(tickMs, () => this.#tick());
  }

  #tickSeeding(nowMs: number): void {
    this.#search.setHungry(false);
    if (this.#seeding === undefined) return;
    const { options, sinceMs } = this.#seeding;
    const facts = { sentBytes: this.uploads.sentBytes, totalBytes: this.#parts.wanted.totalBytes, seedingMs: nowMs - sinceMs };
    const end = seedEnd(options, facts);
    if (end !== undefined) this.#seeded.resolve(end);
  }

  #tickDownload(nowMs: number): void {
    this.#search.setHungry(this.swarm.ready.size < hungryBelow);
    this.webSeeds.tick(
      this.exchange.receivedBytes - this.webSeeds.downloadedBytes,
      this.#search.isUsable || this.swarm.ready.size > 0,
      nowMs,
    );
    // Nobody can be blamed for what the reader of a stream does not take.
    if (this.#parts.storage.ordered?.isHeldUp === true) this.#watchdog.slept(tickMs, nowMs, this.exchange.receivedBytes);
    const cause = this.#watchdog.check(nowMs, this.exchange.storedBytes, this.exchange.receivedBytes);
    if (cause !== undefined) this.#fail(this.explain(cause));
    else if (this.#hasNobodyToAsk()) this.#fail(this.explain('stalled'));
  }

  /** No tracker, no peer, and nothing that could bring one: waiting would be in vain. */
  #hasNobodyToAsk(): boolean {
    return !this.#search.isUsable && !this.webSeeds.isUsable && this.swarm.connectionCount === 0 && !this.book.hasProspects;
  }

  /** The error for `cause`, with what is known at this moment. */
  explain(cause: Parameters<typeof incompleteError>[0]): TtorrentError {
    return incompleteError(cause, this.#facts());
  }

  /** What the peers and the trackers did, in one line. */
  account(): string {
    return sourcesAccount(this.#facts());
  }

  #facts(): EndFacts {
    const { options, clock } = this.#parts;
    return {
      options,
      wantedPieces: this.ledger.wanted.count,
      verifiedPieces: this.ledger.wantedVerified,
      knownPeers: this.book.size,
      readyEver: this.swarm.readyEver,
      bannedPeers: this.book.bannedCount,
      hasOtherPeers: this.swarm.ready.size > 0 || this.book.hasProspects,
      sourceReports: this.#search.reports,
      peers: this.swarm.accounts.list(this.swarm.ready, clock.nowMs(), 0),
      lacksDescriptors: this.swarm.lacksDescriptors,
      webSeeds: this.webSeeds.accounts,
      hasOtherWebSeeds: this.webSeeds.isUsable,
    };
  }

  #pieceVerified(pieceIndex: number): void {
    this.verifiedBytes += this.#parts.wanted.bytesIn(pieceIndex);
    this.#leftBytes -= this.#parts.geometry.lengthOf(pieceIndex);
    this.#parts.tell({ type: 'piece', pieceIndex });
    this.swarm.pieceVerified(pieceIndex);
    if (this.ledger.order !== undefined) this.webSeeds.poke(); // its window may have moved on
    if (this.ledger.isComplete) this.#downloaded.resolve();
  }

  #readFrom(read: ReadPiece): void {
    this.uploads.readFrom(new ReadCache(this.#parts.geometry, read));
  }

  /** What cannot be read cannot be seeded; while it downloads, the disk's own trouble shows when pieces are written. */
  #readFailed(error: unknown): void {
    if (this.#seeding !== undefined) this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#over.abort();
    this.#downloaded.reject(error);
    this.#seeded.reject(error);
  }
}

/** With fewer peers than this the trackers are asked sooner than they say they need to be, as far as they allow it. */
const hungryBelow = 10;
