// Torrents as values, with their content, for tests of the storage: no bencode is involved. Content is a counter cipher's key stream, so
// that no two places look alike.

import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, existsSync, futimesSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Infohash, Metainfo, TorrentFile } from '../../src/metainfo/metainfo.ts';
import { openStorage } from '../../src/storage/disk-storage.ts';
import type { StorageOptions, TorrentStorage } from '../../src/storage/storage.ts';
import { type Clock, systemClock } from '../../src/support/clock.ts';

/** A file to make: elements below the torrent's name, or none for the file of a single-file torrent. */
export interface FileSketch {
  readonly path?: string;
  readonly length: number;
  readonly pad?: boolean;
}

/** A torrent with its content. */
export interface Content {
  readonly metainfo: Metainfo;
  readonly bytes: Buffer;
  piece(pieceIndex: number): Uint8Array;
  file(index: number): Buffer;
}

/** A torrent named `name`, its content made from its name and `seed`. Pad files are zeros, and so are bytes in `zeros` (half-open). */
export function makeContent(
  name: string,
  pieceLength: number,
  sketches: readonly FileSketch[],
  options: { readonly seed?: string; readonly zeros?: { readonly begin: number; readonly end: number } } = {},
): Content {
  const files: TorrentFile[] = [];
  let totalLength = 0;
  for (const [index, sketch] of sketches.entries()) {
    const elements = sketch.path === undefined ? [name] : [name, ...sketch.path.split('/')];
    files.push({ index, path: elements, length: sketch.length, torrentOffset: totalLength, pad: sketch.pad ?? false, executable: false });
    totalLength += sketch.length;
  }
  const key = createHash('sha256')
    .update(`${name} ${options.seed ?? ''}`)
    .digest()
    .subarray(0, 16);
  const bytes = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(totalLength));
  for (const file of files) if (file.pad) bytes.fill(0, file.torrentOffset, file.torrentOffset + file.length);
  if (options.zeros !== undefined) bytes.fill(0, options.zeros.begin, options.zeros.end);
  const pieceCount = Math.ceil(totalLength / pieceLength);
  const piece = (pieceIndex: number): Uint8Array =>
    bytes.subarray(pieceIndex * pieceLength, Math.min((pieceIndex + 1) * pieceLength, totalLength));
  const pieceHashes = Buffer.concat(Array.from({ length: pieceCount }, (_, i) => createHash('sha1').update(piece(i)).digest()));
  return {
    metainfo: makeMetainfo({
      name,
      files,
      totalLength,
      pieceLength,
      pieceCount,
      pieceHashes,
      isMultiFile: sketches[0]?.path !== undefined,
    }),
    bytes,
    piece,
    file: (index) => {
      const file = files[index] as TorrentFile;
      return bytes.subarray(file.torrentOffset, file.torrentOffset + file.length);
    },
  };
}

/** A Metainfo with the given facts and nothing else of interest. */
export function makeMetainfo(
  facts: Pick<Metainfo, 'name' | 'files' | 'totalLength' | 'pieceLength' | 'pieceCount' | 'pieceHashes' | 'isMultiFile'>,
): Metainfo {
  const infohash = createHash('sha1').update(facts.name).update(facts.pieceHashes).digest();
  return {
    ...facts,
    infohash: infohash as Uint8Array as Infohash,
    infohashHex: infohash.toString('hex'),
    private: false,
    trackers: [],
    webSeeds: [],
    nodes: [],
    comment: undefined,
    createdBy: undefined,
    creationDate: undefined,
    source: undefined,
    warnings: [],
  };
}

/** What a storage told its listener. */
export interface Told {
  /** Relative to the output directory. */
  readonly completed: string[];
  readonly warnings: string[];
  checkedBytes: number;
}

/** An open storage and what it told. */
export interface Opened {
  readonly storage: TorrentStorage;
  readonly told: Told;
}

/** Opens the storage of `content` in `outputDir`; every file is selected unless `options` says otherwise. */
export async function open(
  content: Pick<Content, 'metainfo'>,
  outputDir: string,
  options: Partial<StorageOptions> = {},
  clock: Clock = systemClock,
): Promise<Opened> {
  const told: Told = { completed: [], warnings: [], checkedBytes: 0 };
  const wanted: StorageOptions = {
    outputDir,
    selection: new Set(content.metainfo.files.filter((file) => !file.pad).map((file) => file.index)),
    allocation: 'sparse',
    fsync: true,
    resume: true,
    overwrite: false,
    signal: new AbortController().signal,
    listener: {
      checked: (bytes) => {
        told.checkedBytes = bytes;
      },
      fileCompleted: (_file, absolutePath) => told.completed.push(path.relative(outputDir, absolutePath)),
      warned: (message) => told.warnings.push(message),
    },
    ...options,
  };
  return { storage: await openStorage(content.metainfo, wanted, clock), told };
}

/** Writes those of `pieces` that are not verified, all at once as a fast swarm would. */
export async function writePieces(storage: TorrentStorage, content: Content, pieces: Iterable<number>): Promise<void> {
  const missing = [...pieces].filter((piece) => !storage.verified.has(piece));
  await Promise.all(missing.map((piece) => storage.writePiece(piece, content.piece(piece))));
}

/** Every piece that holds a byte of the files `indexes`. */
export function piecesOf(content: Content, indexes: Iterable<number>): number[] {
  const { files, pieceLength } = content.metainfo;
  const pieces = new Set<number>();
  for (const index of indexes) {
    const { torrentOffset, length } = files[index] as TorrentFile;
    const end = length === 0 ? 0 : Math.ceil((torrentOffset + length) / pieceLength);
    for (let piece = Math.floor(torrentOffset / pieceLength); piece < end; piece++) pieces.add(piece);
  }
  return [...pieces];
}

/** Opens, writes what is missing of `selection`, and finishes. Gives what was told. */
export async function download(content: Content, outputDir: string, options: Partial<StorageOptions> = {}): Promise<Told> {
  const { storage, told } = await open(content, outputDir, options);
  const selection = options.selection ?? content.metainfo.files.filter((file) => !file.pad).map((file) => file.index);
  await writePieces(storage, content, piecesOf(content, selection));
  await storage.finish();
  return told;
}

/**
 * Overwrites bytes of `file` in place, as another program would; the mtime can be put back after it. Writes them again and again until the
 * kernel's clock of file times has ticked since the last write of ours, without which nobody could tell: after some milliseconds at most.
 */
export function edit(file: string, bytes: string | Uint8Array, at: number, keepsMtime = false): void {
  const before = statSync(file);
  const fd = openSync(file, 'r+');
  let writes = 0;
  do writeSync(fd, Buffer.from(bytes), 0, bytes.length, at);
  while (statSync(file).ctimeMs === before.ctimeMs && ++writes < 1_000_000);
  if (keepsMtime) futimesSync(fd, before.atime, before.mtime);
  closeSync(fd);
}

/** Asserts that exactly the files `indexes` of the torrent are on disk, byte for byte, and besides them only `others`. */
export function assertOnDisk(content: Content, outputDir: string, indexes: Iterable<number>, others: readonly string[] = []): void {
  const expected: string[] = [...others];
  for (const index of indexes) {
    const relative = path.join(...(content.metainfo.files[index] as TorrentFile).path);
    expected.push(relative);
    assert.ok(existsSync(path.join(outputDir, relative)), `${relative} is there`);
    assert.ok(readFileSync(path.join(outputDir, relative)).equals(content.file(index)), `${relative} has the torrent's bytes`);
  }
  assert.deepEqual(listFiles(outputDir), expected.sort());
}

/** Paths of everything below `directory` that is no directory, sorted. */
export function listFiles(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Every index of the torrent's files but pad files. */
export function allFiles(content: Content): number[] {
  return content.metainfo.files.filter((file) => !file.pad).map((file) => file.index);
}

/** A saved state as it would be found after the system was started anew. */
export function fromAnotherBoot(state: Uint8Array): Buffer {
  const body = Buffer.from(state.subarray(0, -20));
  body.set(Buffer.from('another boot id.'), 36); // state-codec.ts
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}
