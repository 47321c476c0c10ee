// A torrent's "disk" that keeps nothing: verified pieces go to a sink in the torrent's order, as one file or as a tar. A piece that comes
// before its turn waits: in memory, its write then settles late, or in a spool file. What may wait is bounded by the window that pieces are
// picked from (pieces/sequential-order.ts), which moves on when a piece has left: a slow reader of the stream stops the requests, never the
// reading of the piece that everything waits for. No file, state or lock is made but the spool.

import { createHash } from 'node:crypto';
import { storageLimits } from '../config.ts';
import { assert, StorageError } from '../errors.ts';
import type { Checksum } from '../metainfo/checksum.ts';
import { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo, TorrentFile } from '../metainfo/metainfo.ts';
import { Bitfield } from '../support/bitfield.ts';
import { Deferred } from '../support/deferred.ts';
import { type ByteSink, GatheringSink } from './gathering-sink.ts';
import { Spool, type SpoolPlace } from './spool.ts';
import type { OrderedOutput, StorageOptions, TorrentStorage } from './storage.ts';
import { streamParts } from './stream-parts.ts';
import { algorithmsFor, refuseMismatch, type SumRequest } from './summed-storage.ts';

/** Where a stream goes, and how. */
export interface StreamTarget {
  readonly sink: ByteSink;
  /** A tar also of one file. */
  readonly tar: boolean;
  /** A directory for pieces that memory should not hold; undefined: all wait in memory. */
  readonly spoolDir: string | undefined;
  /** What may wait for its turn. */
  readonly readAheadBytes: number;
  /** A file whose sum is not the published one has left by then: the stream fails behind it. */
  readonly sums: SumRequest;
}

/** A piece that is here and has not left. */
type WaitingPiece = { readonly bytes: Uint8Array; readonly left: Deferred<void> } | { readonly place: SpoolPlace };

/** Opens a stream as the storage of a download. Throws StorageError when no spool can be made. */
export async function openStream(
  metainfo: Metainfo,
  options: Pick<StorageOptions, 'selection' | 'signal' | 'listener'>,
  target: StreamTarget,
): Promise<TorrentStorage> {
  options.signal.throwIfAborted();
  const spool = target.spoolDir === undefined ? undefined : await Spool.open(target.spoolDir, metainfo.pieceLength);
  return new StreamStorage(metainfo, options, target, spool);
}

class StreamStorage implements TorrentStorage, OrderedOutput {
  readonly metainfo: Metainfo;
  readonly verified: Bitfield;
  readonly keptBytesMax: number;
  nextPiece = 0;
  readonly #options: Pick<StorageOptions, 'selection' | 'signal' | 'listener'>;
  readonly #geometry: Geometry;
  readonly #sink: GatheringSink;
  readonly #sums: SumRequest;
  readonly #spool: Spool | undefined;
  readonly #waiting = new Map<number, WaitingPiece>();
  #keptBytes = 0;
  /** The piece whose bytes are leaving. */
  #leaving: { readonly index: number; readonly bytes: Uint8Array; readonly left: Deferred<void> | undefined } | undefined;
  #arrival: { readonly index: number; readonly arrived: Deferred<void> } | undefined;
  /** Pieces read back from the spool, one after the other. */
  #readBack: Uint8Array | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #ended = new Deferred<void>();

  constructor(
    metainfo: Metainfo,
    options: Pick<StorageOptions, 'selection' | 'signal' | 'listener'>,
    { sink, tar, readAheadBytes, sums }: StreamTarget,
    spool: Spool | undefined,
  ) {
    this.metainfo = metainfo;
    this.verified = new Bitfield(metainfo.pieceCount);
    this.keptBytesMax = spool === undefined ? readAheadBytes : Math.min(readAheadBytes, storageLimits.readAheadBytes);
    this.#options = options;
    this.#geometry = new Geometry(metainfo);
    this.#sink = new GatheringSink(sink);
    this.#sums = sums;
    this.#spool = spool;
    this.#ended.promise.catch(() => {}); // it may fail before anybody waits for the end
    options.signal.addEventListener('abort', () => this.#fail(options.signal.reason), { once: true });
    this.#run(tar).then(
      () => this.#ended.resolve(),
      (error: unknown) => {
        if (this.#failure === undefined) options.listener.failed?.(error);
        this.#fail(error);
      },
    );
  }

  get ordered(): OrderedOutput {
    return this;
  }

  get isHeldUp(): boolean {
    return this.#sink.isBusy;
  }

  async writePiece(pieceIndex: number, bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const mustWait = pieceIndex !== this.#arrival?.index;
    if (this.#spool !== undefined && mustWait && this.#keptBytes + bytes.length > this.keptBytesMax) {
      const place = await this.#spool.write(bytes);
      this.#came(pieceIndex, { place });
    } else {
      const left = new Deferred<void>();
      this.#keptBytes += bytes.length;
      this.#came(pieceIndex, { bytes, left });
      await left.promise;
    }
    this.verified.add(pieceIndex);
  }

  holds(): boolean {
    return false;
  }

  read(): Promise<never> {
    return Promise.reject(new StorageError('read-write-failed', 'a stream cannot be read back'));
  }

  finish(): Promise<void> {
    return this.#ended.promise;
  }

  async close(): Promise<void> {
    this.#fail(new StorageError('read-write-failed', 'the stream was closed'));
    await this.#spool?.close();
  }

  /** Passes on everything, in order. */
  async #run(tar: boolean): Promise<void> {
    await Promise.resolve(); // whoever opens it is to have it before anything is told
    const { selection, listener } = this.#options;
    for (const part of streamParts(this.metainfo, selection, tar)) {
      if (part.kind === 'bytes') {
        await this.#sink.write(part.bytes);
      } else {
        const sums = await this.#passContent(part.file);
        const path = part.file.path.join('/');
        refuseMismatch(path, sums, part.file, this.#sums);
        listener.fileCompleted(part.file, path, undefined, sums.length > 0 ? sums : undefined);
      }
    }
    this.#release();
    await this.#sink.flush();
  }

  /** Gives the sums of the file. */
  async #passContent(file: TorrentFile): Promise<Checksum[]> {
    const hashes = [...algorithmsFor(file, this.#sums)].map((algorithm) => ({ algorithm, hash: createHash(algorithm) }));
    const { begin, end } = this.#geometry.piecesOf(file);
    for (let piece = begin; piece < end; piece++) {
      const bytes = await this.#take(piece);
      const pieceOffset = this.#geometry.offsetOf(piece);
      const from = Math.max(file.torrentOffset - pieceOffset, 0);
      const to = Math.min(file.torrentOffset + file.length - pieceOffset, bytes.length);
      for (const { hash } of hashes) hash.update(bytes.subarray(from, to));
      await this.#sink.write(bytes.subarray(from, to));
    }
    return hashes.map(({ algorithm, hash }) => ({ algorithm, hex: hash.digest('hex') }));
  }

  /** The bytes of a piece, when it is here; the piece before it has left by then. */
  async #take(piece: number): Promise<Uint8Array> {
    if (this.#leaving?.index === piece) return this.#leaving.bytes;
    this.#release();
    this.nextPiece = piece;
    if (!this.#waiting.has(piece)) await this.#arrivalOf(piece);
    if (this.#failure !== undefined) throw this.#failure.error;
    const waiting = this.#waiting.get(piece);
    assert(waiting !== undefined, `piece ${piece} is to leave and is not here`);
    this.#waiting.delete(piece);
    this.#leaving = 'place' in waiting ? await this.#fromSpool(piece, waiting.place) : { index: piece, ...waiting };
    return this.#leaving.bytes;
  }

  async #arrivalOf(index: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const arrived = new Deferred<void>();
    arrived.promise.catch(() => {}); // it may fail while the sink is still busy
    this.#arrival = { index, arrived };
    await this.#sink.flush();
    await arrived.promise;
    this.#arrival = undefined;
  }

  async #fromSpool(index: number, place: SpoolPlace): Promise<{ index: number; bytes: Uint8Array; left: undefined }> {
    this.#readBack ??= Buffer.allocUnsafeSlow(this.metainfo.pieceLength);
    const bytes = this.#readBack.subarray(0, place.length);
    await this.#spool?.take(place, bytes);
    return { index, bytes, left: undefined };
  }

  /** The piece that was leaving has left. */
  #release(): void {
    const leaving = this.#leaving;
    if (leaving === undefined) return;
    this.#leaving = undefined;
    this.nextPiece = leaving.index + 1;
    if (leaving.left === undefined) return;
    this.#keptBytes -= leaving.bytes.length;
    leaving.left.resolve();
  }

  #came(pieceIndex: number, waiting: WaitingPiece): void {
    this.#waiting.set(pieceIndex, waiting);
    if (this.#arrival?.index === pieceIndex) this.#arrival.arrived.resolve();
    if (this.#failure !== undefined) this.#refuse(waiting);
  }

  /** Nothing leaves any more. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    for (const waiting of this.#waiting.values()) this.#refuse(waiting);
    this.#leaving?.left?.reject(error);
    this.#arrival?.arrived.reject(error);
    this.#ended.reject(error);
  }

  #refuse(waiting: WaitingPiece): void {
    if ('left' in waiting) waiting.left.reject(this.#failure?.error);
  }
}
