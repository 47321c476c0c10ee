// The bytes of a new torrent file (BEP 3, 12, 19, 27, 47), the same for the same content whatever the machine: keys and files are sorted by
// their bytes. Reads no file: lengths and hashes come in. Checked by the parser, which alone knows what a torrent may hold.

import type { BencodeValue } from '../bencode/bencode-value.ts';
import { encode } from '../bencode/encode.ts';
import { scan } from '../bencode/scan.ts';
import { metainfoLimits } from '../config.ts';
import { assert } from '../errors.ts';
import { fromText } from '../support/bytes.ts';
import type { Infohash } from './metainfo.ts';
import { infohashOf } from './parse-torrent.ts';
import { type Field, type Tiers, trackerFields, trackerUrls, webSeedFields, webSeedUrls } from './source-fields.ts';

const sha1Length = 20;

/** A file of a torrent to build. */
export interface BuiltFile {
  /** Below the torrent's name; empty for the one file of a single-file torrent. */
  readonly path: readonly string[];
  /** Bytes. */
  readonly length: number;
  /** BEP 47: filler of zeros. */
  readonly pad?: boolean;
}

/** What a torrent is to say beside its content. What is left out, or empty, is not in it. */
export interface TorrentFields {
  /** Tiers of announce URLs (http, https, udp), the first asked first. */
  readonly trackers?: Tiers;
  /** BEP 19: base URLs (http, https). */
  readonly webSeeds?: readonly string[];
  /** BEP 27: peers are to come from the trackers only. Part of the infohash. */
  readonly private?: boolean;
  /** Which site it is for. Part of the infohash, so that each site's torrent of one content is another torrent. */
  readonly source?: string;
  readonly comment?: string;
  readonly createdBy?: string;
  /** Seconds since 1970 in UTC. */
  readonly creationDate?: number;
}

/** What a torrent is of. */
export interface TorrentContent {
  /** Of the file, or of the directory of a multi-file torrent. */
  readonly name: string;
  readonly isMultiFile: boolean;
  /** In their order in the torrent. */
  readonly files: readonly BuiltFile[];
  readonly pieceLength: number;
}

/**
 * The torrent file but for the hashes of its pieces, which are zeros: `setPieceHashes` sets them. Throws InputError `bad-argument` for a URL
 * that makes no sense, or for too many.
 */
export function buildTorrent(content: TorrentContent, fields: TorrentFields): Uint8Array {
  const { name, isMultiFile, files, pieceLength } = content;
  const totalLength = files.reduce((sum, file) => sum + file.length, 0);
  const info = dictionary([
    isMultiFile ? ['files', files.map(fileEntry)] : ['length', files[0]?.length],
    ['name', fromText(name)],
    ['piece length', pieceLength],
    ['pieces', new Uint8Array(Math.ceil(totalLength / pieceLength) * sha1Length)],
    // Absent means 0, and mktorrent writes no 0 either.
    ['private', fields.private === true ? 1 : undefined],
    ['source', text(fields.source)],
  ]);
  return encode(
    dictionary([
      ...trackerFields(trackerUrls(fields.trackers ?? [])),
      ['comment', text(fields.comment)],
      ['created by', text(fields.createdBy)],
      ['creation date', fields.creationDate],
      ['info', info],
      ...webSeedFields(webSeedUrls(fields.webSeeds ?? [])),
    ]),
  );
}

/** Puts the hashes of all pieces, 20 bytes each, into `torrent`, which `buildTorrent` made. Returns its infohash. */
export function setPieceHashes(torrent: Uint8Array, pieceHashes: Uint8Array): Infohash {
  const limits = { ...metainfoLimits, bytes: torrent.length };
  const [info] = scan(torrent, limits, ['info']).spans;
  const [pieces] = info === undefined ? [] : scan(torrent, limits, ['pieces'], info.begin).spans;
  assert(info !== undefined && pieces !== undefined, 'a torrent that was built has pieces');
  torrent.set(pieceHashes, pieces.end - pieceHashes.length);
  return infohashOf(torrent, info);
}

/** `files` with a pad file (BEP 47) before each that would else begin within a piece, so that no piece holds bytes of two files. */
export function withPads(files: readonly BuiltFile[], pieceLength: number): BuiltFile[] {
  const padded: BuiltFile[] = [];
  let overhang = 0;
  for (const file of files) {
    if (overhang > 0 && file.length > 0) {
      const length = pieceLength - overhang;
      padded.push({ path: ['.pad', String(length)], length, pad: true });
      overhang = 0;
    }
    padded.push(file);
    overhang = (overhang + file.length) % pieceLength;
  }
  return padded;
}

function fileEntry({ path, length, pad }: BuiltFile): BencodeValue {
  return dictionary([
    ['attr', pad === true ? fromText('p') : undefined],
    ['length', length],
    ['path', path.map(fromText)],
  ]);
}

function dictionary(fields: readonly Field[]): ReadonlyMap<string, BencodeValue> {
  return new Map(fields.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])));
}

function text(value: string | undefined): Uint8Array | undefined {
  return value === undefined || value === '' ? undefined : fromText(value);
}
