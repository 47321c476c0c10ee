// A storage that sums up files while they are written, and gives no final name to one whose sum is not the published one.

import { createHash } from 'node:crypto';
import { StorageError } from '../errors.ts';
import type { Checksum, ChecksumAlgorithm } from '../metainfo/checksum.ts';
import { Geometry } from '../metainfo/geometry.ts';
import type { Metainfo, TorrentFile } from '../metainfo/metainfo.ts';
import { partSuffix } from '../metainfo/name-clashes.ts';
import type { Bitfield } from '../support/bitfield.ts';
import { FileDigests } from './file-digest.ts';
import { isRefusal, Refusals } from './refusals.ts';
import type { OpenStorage, StorageOptions, TorrentStorage } from './storage.ts';
import { joinBelow } from './storage-paths.ts';

/** What is to be summed up. */
export interface SumRequest {
  /** The published checksums, by file index; of files that are not selected none counts. */
  readonly expected: ReadonlyMap<number, readonly Checksum[]>;
  /** Sums that every selected file is told with, whether one was published or not. */
  readonly told: readonly ChecksumAlgorithm[];
}

/**
 * What `open` gives, with its files summed up: the listener learns the sums with `fileCompleted`. A file that does not match what is
 * expected keeps its temporary name, the others go on, and `finish` rejects with a StorageError `data-mismatch`; so it does when the file had
 * its final name before, which it then keeps. Throws what `open` throws, and the mismatch of an empty file.
 */
export async function openSummedStorage(
  metainfo: Metainfo,
  options: StorageOptions,
  request: SumRequest,
  open: OpenStorage,
): Promise<TorrentStorage> {
  const files = filesToSum(metainfo, options.selection, request);
  if (files.size === 0) return open(metainfo, options);
  for (const file of files.keys()) if (file.length === 0) refuseMismatch(file.path.join('/'), sumsOfNothing(files, file), file, request);

  const { listener, approve } = options;
  const stop = new AbortController();
  const finalPaths = new Map<number, string>();
  const sums = new Map<number, readonly Checksum[]>();
  let digests: FileDigests | undefined;
  const check = async (file: TorrentFile, path: string): Promise<void> => {
    if (!files.has(file) || digests === undefined) return;
    const found = await digests.sumsOf(file);
    refuseMismatch(path, found, file, request);
    sums.set(file.index, found);
  };
  const atStart: (() => Promise<void>)[] = [];
  const refusals = new Refusals(wantedFiles(metainfo, options.selection).length, (message) => listener.warned(message));
  const refuse = (error: unknown): void => {
    if (!isRefusal(error)) throw error;
    refusals.add(error);
  };
  const storage = await open(metainfo, {
    ...options,
    listener: {
      ...listener,
      fileCompleted: (file, path, stat) => {
        const tell = (): void => listener.fileCompleted(file, path, stat, sums.get(file.index));
        if (digests !== undefined || !files.has(file)) return tell();
        finalPaths.set(file.index, path);
        atStart.push(() => check(file, path).then(tell, refuse));
      },
    },
    approve: async (file, partPath) => {
      await check(file, partPath);
      await approve?.(file, partPath);
    },
  });
  digests = new FileDigests({
    geometry: new Geometry(metainfo),
    files,
    verified: storage.verified,
    pathOf: (file) => finalPaths.get(file.index) ?? joinBelow(options.outputDir, file.path) + partSuffix,
    signal: AbortSignal.any([options.signal, stop.signal]),
  });
  digests.start();
  const checked = Promise.all(atStart.map((begin) => begin())).then(() => refusals);
  checked.catch((error: unknown) => {
    if (error instanceof StorageError) listener.failed?.(error);
  });
  return new SummedStorage(storage, digests, checked, stop);
}

class SummedStorage implements TorrentStorage {
  readonly metainfo: Metainfo;
  readonly verified: Bitfield;
  readonly #storage: TorrentStorage;
  readonly #digests: FileDigests;
  /** Settles when the files that were complete at the start are checked: those that are not as expected. */
  readonly #checked: Promise<Refusals>;
  readonly #stop: AbortController;

  constructor(storage: TorrentStorage, digests: FileDigests, checked: Promise<Refusals>, stop: AbortController) {
    this.metainfo = storage.metainfo;
    this.verified = storage.verified;
    this.#storage = storage;
    this.#digests = digests;
    this.#checked = checked;
    this.#stop = stop;
  }

  async writePiece(pieceIndex: number, bytes: Uint8Array): Promise<void> {
    await this.#storage.writePiece(pieceIndex, bytes);
    await this.#digests.take(pieceIndex, bytes);
  }

  holds(pieceIndex: number): boolean {
    return this.#storage.holds(pieceIndex);
  }

  read(pieceIndex: number, offset: number, into: Uint8Array): Promise<void> {
    return this.#storage.read(pieceIndex, offset, into);
  }

  async finish(): Promise<void> {
    const refusals = await this.#checked;
    await this.#storage.finish();
    refusals.throwIfAny();
  }

  close(): Promise<void> {
    this.#stop.abort();
    return this.#storage.close();
  }
}

function wantedFiles(metainfo: Metainfo, selection: ReadonlySet<number>): TorrentFile[] {
  return metainfo.files.filter((file) => !file.pad && selection.has(file.index));
}

function filesToSum(
  metainfo: Metainfo,
  selection: ReadonlySet<number>,
  { expected, told }: SumRequest,
): Map<TorrentFile, ReadonlySet<ChecksumAlgorithm>> {
  const files = new Map<TorrentFile, ReadonlySet<ChecksumAlgorithm>>();
  if (expected.size === 0 && told.length === 0) return files;
  for (const file of wantedFiles(metainfo, selection)) {
    const algorithms = algorithmsFor(file, { expected, told });
    if (algorithms.size > 0) files.set(file, algorithms);
  }
  return files;
}

/** The sums that `request` needs of `file`. */
export function algorithmsFor(file: TorrentFile, { expected, told }: SumRequest): ReadonlySet<ChecksumAlgorithm> {
  return new Set([...(expected.get(file.index) ?? []).map(({ algorithm }) => algorithm), ...told]);
}

/** An empty file has no piece that would be written, and gets its name at the start. */
function sumsOfNothing(files: ReadonlyMap<TorrentFile, ReadonlySet<ChecksumAlgorithm>>, file: TorrentFile): Checksum[] {
  return [...(files.get(file) ?? [])].map((algorithm) => ({ algorithm, hex: createHash(algorithm).digest('hex') }));
}

/** Throws a StorageError `data-mismatch` when a sum of `file`, which is at `path`, is not the published one. */
export function refuseMismatch(path: string, found: readonly Checksum[], file: TorrentFile, { expected }: SumRequest): void {
  for (const { algorithm, hex } of expected.get(file.index) ?? []) {
    const sum = found.find((candidate) => candidate.algorithm === algorithm);
    if (sum?.hex === hex) continue;
    const words = `expected the published ${algorithm} sum ${hex}, found ${sum?.hex ?? 'none'}`;
    throw new StorageError('data-mismatch', `${path}: ${words}; its pieces match the torrent, so the torrent is of other content`);
  }
}
