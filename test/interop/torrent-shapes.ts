// The shapes of torrents that every client must give us and we must take: sizes at every border, odd file lists and names, and what other
// programs make. Content lies below one directory, one entry per shape.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type ClientName, type Creator, createTorrent, hasCreator } from '../support/clients.ts';
import { writeContent } from '../support/content-files.ts';
import { infohashOf } from '../support/infohash.ts';
import { type FileShape, makeTorrent, type TorrentShape } from '../support/make-torrent.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

/** A shape with its torrent and content on disk. */
export interface PreparedShape {
  /** What is special about it; also the name of its content. */
  readonly name: string;
  readonly torrentFile: string;
  /** 40 hex digits. */
  readonly infohash: string;
  /** Clients that cannot seed it at all. */
  readonly notBy: readonly ClientName[];
  /** Its one file has so many bytes, nearly all of them zeros. */
  readonly sparseLength?: number;
}

const madeHere: readonly TorrentShape[] = [
  { name: '1 byte', pieceLength: 16 * KiB, length: 1 },
  { name: '1 piece, full', pieceLength: 64 * KiB, length: 64 * KiB },
  { name: '1 piece, not full', pieceLength: 64 * KiB, length: 40_000 },
  { name: 'exact multiple of the piece length', pieceLength: 32 * KiB, length: 320 * KiB },
  { name: 'last piece of 1 byte', pieceLength: 16 * KiB, length: 160 * KiB + 1 },
  { name: 'pieces of 3 blocks', pieceLength: 48 * KiB, length: 500_000 },
  { name: 'pieces of 16 KiB', pieceLength: 16 * KiB, length: 20 * MiB + 5 },
  { name: 'pieces of 1 MiB', pieceLength: MiB, length: 24 * MiB - 1 },
  { name: 'pieces of 4 MiB', pieceLength: 4 * MiB, length: 30 * MiB },
  { name: 'pieces of 32 MiB', pieceLength: 32 * MiB, length: 70 * MiB },
  { name: 'more than 4 GiB, sparse', pieceLength: 4 * MiB, length: 4 * GiB + 5 * MiB + 3, islands: islandsAround([0, 2 * GiB, 4 * GiB]) },
  { name: 'empty files first, between and last', pieceLength: 16 * KiB, files: lengths(0, 0, 20_000, 0, 50_000, 1, 0) },
  { name: '1 file in a folder', pieceLength: 16 * KiB, files: lengths(33_333) },
  { name: '5000 small files', pieceLength: 64 * KiB, files: many(5000, (i) => i % 700) },
  { name: 'pieces across 1000 files', pieceLength: 256 * KiB, files: many(3000, (i) => 200 + (i % 100)) },
  { name: 'file borders at piece borders', pieceLength: 32 * KiB, files: lengths(32 * KiB, 64 * KiB, 16 * KiB, 16 * KiB, 1) },
  { name: 'pad files', pieceLength: 32 * KiB, padFiles: true, files: lengths(40_000, 0, 32 * KiB, 1, 70_000) },
  { name: 'private', pieceLength: 32 * KiB, files: lengths(100_000, 5), info: { private: 1 } },
  {
    name: 'Überraschung – 日本語 🐧',
    pieceLength: 32 * KiB,
    files: [
      { path: ['ελληνικά', 'файл.txt'], length: 70_000 },
      { path: ['ελληνικά', 'ملف'], length: 30_000 },
      { path: ['naïve café.txt'], length: 12_345 },
    ],
  },
  {
    name: 'deep folders and odd names',
    pieceLength: 32 * KiB,
    files: [
      { path: [...Array.from({ length: 30 }, (_, depth) => `level ${depth}`), 'leaf'], length: 40_000 },
      { path: ["spaces, 'quotes' and 100 % # & ; $HOME"], length: 50_000 },
      { path: ['.hidden'], length: 7 },
      { path: ['-o'], length: 9 },
    ],
  },
];

/** Hybrids only from libtorrent: transmission 3.00 refuses them, aria2 1.36 takes them for torrents of another infohash. */
const madeElsewhere: readonly { readonly creator: Creator; readonly shape: TorrentShape; readonly notBy?: readonly ClientName[] }[] = [
  { creator: 'mktorrent', shape: { name: 'mktorrent, many files', pieceLength: 64 * KiB, files: lengths(90_000, 0, 1, 200_000) } },
  { creator: 'mktorrent', shape: { name: 'mktorrent, 1 file', pieceLength: 256 * KiB, length: 3 * MiB + 17 } },
  {
    creator: 'transmission-create',
    shape: { name: 'transmission, many files', pieceLength: 32 * KiB, files: lengths(90_000, 3, 65_536) },
  },
  { creator: 'transmission-create', shape: { name: 'transmission, 1 file', pieceLength: 128 * KiB, length: 2 * MiB } },
  { creator: 'libtorrent-v1', shape: { name: 'libtorrent, v1', pieceLength: 32 * KiB, files: lengths(50_000, 0, 100_001) } },
  {
    creator: 'libtorrent-v1-padded',
    shape: { name: 'libtorrent, v1 with pad files', pieceLength: 32 * KiB, files: lengths(50_000, 1, 100_001) },
  },
  {
    creator: 'libtorrent-hybrid',
    shape: { name: 'libtorrent, hybrid with pad files', pieceLength: 32 * KiB, files: lengths(50_000, 0, 100_001, 1) },
    notBy: ['aria2', 'transmission'],
  },
  {
    creator: 'libtorrent-hybrid',
    shape: { name: 'libtorrent, hybrid of 1 file', pieceLength: 32 * KiB, length: 300_000 },
    notBy: ['aria2', 'transmission'],
  },
];

/** Writes every shape's content below `contentDirectory` and its torrent into `torrentDirectory`; leaves out shapes of missing tools. */
export function prepareShapes(contentDirectory: string, torrentDirectory: string): { shapes: PreparedShape[]; missing: string[] } {
  mkdirSync(contentDirectory);
  mkdirSync(torrentDirectory);
  const shapes: PreparedShape[] = [];
  const missing: string[] = [];
  const torrentFileOf = (name: string): string => path.join(torrentDirectory, `${name}.torrent`);
  for (const shape of madeHere) {
    const torrent = makeTorrent(shape);
    writeContent(torrent, contentDirectory, { padFiles: true });
    writeFileSync(torrentFileOf(shape.name), torrent.bytes);
    const sparse = shape.islands === undefined ? {} : { sparseLength: torrent.totalLength };
    const infohash = torrent.infohash.toString('hex');
    shapes.push({ name: shape.name, torrentFile: torrentFileOf(shape.name), infohash, notBy: [], ...sparse });
  }
  for (const { creator, shape, notBy = [] } of madeElsewhere) {
    if (!hasCreator(creator)) {
      missing.push(`${shape.name}: ${creator} is not installed`);
      continue;
    }
    const torrentFile = torrentFileOf(shape.name);
    writeContent(makeTorrent(shape), contentDirectory);
    createTorrent(creator, shape.pieceLength, path.join(contentDirectory, shape.name), torrentFile);
    shapes.push({ name: shape.name, torrentFile, infohash: infohashOf(readFileSync(torrentFile)), notBy });
  }
  return { shapes, missing };
}

function lengths(...fileLengths: number[]): FileShape[] {
  return fileLengths.map((length, i) => ({ path: [`${i + 1}.bin`], length }));
}

function many(count: number, lengthOf: (i: number) => number): FileShape[] {
  return Array.from({ length: count }, (_, i) => ({ path: [`folder ${i % 10}`, `${i}.txt`], length: lengthOf(i) }));
}

/** Some bytes on both sides of each offset. */
function islandsAround(offsets: readonly number[]): { offset: number; length: number }[] {
  return offsets.map((offset) => ({ offset: Math.max(0, offset - 100_000), length: 300_000 }));
}
