// A torrent file's bytes to a checked Metainfo (BEP 3; 12, 19, 27, 47, the v1 side of BEP 52). Strict where a field decides which bytes are
// fetched and where they go, lenient where it only informs.

import { createHash } from 'node:crypto';
import { BencodeError, isBytes, isDict, shapeError } from '../bencode/bencode-value.ts';
import { DictReader } from '../bencode/dict-reader.ts';
import { decodeLoosely, type LooseList } from '../bencode/loose-list.ts';
import type { Span } from '../bencode/scan.ts';
import { metainfoLimits } from '../config.ts';
import { InputError } from '../errors.ts';
import { toHex, toLatin1 } from '../support/bytes.ts';
import { printable } from '../support/printable.ts';
import { toText } from '../support/text.ts';
import { layOutFiles, readFileEntries } from './file-list.ts';
import { checkHybrid } from './hybrid.ts';
import { describeLookalike } from './lookalike.ts';
import type { Infohash, Metainfo } from './metainfo.ts';
import { cleanName, type PathRules } from './path-rules.ts';
import { readHttpSeeds, readNodes, readTrackers, readWebSeeds } from './sources.ts';
import { Warnings } from './warnings.ts';

const sha1Length = 20;

/** How a torrent file is read. */
export interface ParseOptions {
  /** Keep names to what Windows accepts too. Default: false. */
  readonly portableNames?: boolean;
}

/** The torrent in `bytes`. Throws InputError: `not-bencode` when it is no bencode within our limits, else `bad-torrent`. */
export function parseTorrent(bytes: Uint8Array, options: ParseOptions = {}): Metainfo {
  try {
    return readTorrent(bytes, { portable: options.portableNames ?? false });
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    if (error.kind === 'shape') throw new InputError('bad-torrent', error.message, { cause: error });
    throw new InputError('not-bencode', `not a torrent: ${whyNotBencode(bytes, error)}`, { cause: error });
  }
}

function whyNotBencode(bytes: Uint8Array, error: BencodeError): string {
  if (bytes.length === 0) return 'the file is empty';
  const lookalike = describeLookalike(bytes);
  return lookalike === undefined ? error.message : `this looks like ${lookalike} (${error.message})`;
}

function readTorrent(bytes: Uint8Array, rules: PathRules): Metainfo {
  const warnings = new Warnings();
  const decoded = decodeLoosely(bytes, { ...metainfoLimits, bytes: metainfoLimits.fileBytes }, 'info', 'files');
  if (!isDict(decoded.value)) throw shapeError('the torrent', 'a dictionary with "info"', decoded.value);
  const torrent = new DictReader(decoded.value, 'the torrent');
  const info = torrent.dictionary('info');
  const infohash = infohashOf(bytes, decoded.span as Span);
  if (!/^\s*$/.test(toLatin1(bytes.subarray(decoded.end)))) {
    warnings.add('odd bytes', () => `${bytes.length - decoded.end} bytes behind the end of the torrent: ignored`);
  }
  const infoPart = readInfo(info, decoded.list, toHex(infohash), rules, warnings);
  const unsortedAt = decoded.unsortedAt ?? decoded.list?.unsortedAt;
  if (unsortedAt !== undefined) {
    warnings.add('odd bytes', () => `the dictionary at byte ${unsortedAt} has unsorted keys: the infohash is that of the file as it is`);
  }

  const httpSeeds = readHttpSeeds(torrent, warnings);
  return {
    infohash,
    infohashHex: toHex(infohash),
    ...infoPart,
    trackers: readTrackers(torrent, warnings),
    webSeeds: readWebSeeds(torrent, warnings),
    ...(httpSeeds.length > 0 && { httpSeeds }),
    nodes: readNodes(torrent, warnings),
    comment: informativeText(torrent, 'comment', warnings),
    createdBy: informativeText(torrent, 'created by', warnings),
    creationDate: readCreationDate(torrent, warnings),
    warnings: warnings.lines(),
  };
}

/** BEP 3: over the bytes of `info` as they are in the file, so that a file that is not canonical keeps its infohash. */
export function infohashOf(bytes: Uint8Array, { begin, end }: Span): Infohash {
  return new Uint8Array(createHash('sha1').update(bytes.subarray(begin, end)).digest()) as Infohash;
}

type InfoPart = 'name' | 'isMultiFile' | 'files' | 'totalLength' | 'pieceLength' | 'pieceCount' | 'pieceHashes' | 'private' | 'source';

/** What `info` says; `files` is its file list, if it has one. */
function readInfo(
  info: DictReader,
  files: LooseList | undefined,
  infohashHex: string,
  rules: PathRules,
  warnings: Warnings,
): Pick<Metainfo, InfoPart> {
  const isHybrid = checkVersion(info);
  const pieceLength = info.integer('piece length', { min: 1, max: metainfoLimits.pieceLength });
  const entries = readFileEntries(info, files, { ...rules, isHybrid });
  if (isHybrid) checkHybrid(info, entries, pieceLength);

  const isMultiFile = files !== undefined;
  const rawName = readRawName(info);
  const name = readName(rawName, infohashHex, rules, warnings);
  const laidOut = layOutFiles(entries, name, isMultiFile, warnings, rawName);
  const totalLength = laidOut.reduce((sum, file) => sum + file.length, 0);
  const pieceHashes = readPieceHashes(info, totalLength, pieceLength);
  return {
    name,
    isMultiFile,
    files: laidOut,
    totalLength,
    pieceLength,
    pieceCount: pieceHashes.length / sha1Length,
    pieceHashes,
    private: (info.optionalInteger('private') ?? 0) !== 0,
    source: informativeText(info, 'source', warnings),
  };
}

/** Whether `info` has a v2 side beside its v1 side (BEP 52). Throws InputError for a version we cannot read. */
function checkVersion(info: DictReader): boolean {
  const version = info.optionalInteger('meta version');
  if (version !== undefined && version > 2) {
    throw new InputError('bad-torrent', `"meta version" of info: expected 2 at most, found ${version}: a newer kind of torrent`);
  }
  if (!info.has('pieces') && (version === 2 || info.has('file tree'))) {
    throw new InputError('bad-torrent', 'v2-only torrents are not supported yet: "pieces" of info is missing');
  }
  return version === 2;
}

function readRawName(info: DictReader): Uint8Array {
  const plain = info.bytes('name');
  if (plain.length === 0) throw new InputError('bad-torrent', '"name" of info: expected a name, found an empty string');
  const utf8 = info.dict.get('name.utf-8');
  return isBytes(utf8) && utf8.length > 0 ? utf8 : plain;
}

function readName(raw: Uint8Array, infohashHex: string, rules: PathRules, warnings: Warnings): string {
  const name = cleanName(raw, infohashHex, rules);
  const given = toText(raw);
  if (name !== given) warnings.add('names changed', () => `the name "${printable(given, 200)}" is written as "${printable(name, 200)}"`);
  return name;
}

function readPieceHashes(info: DictReader, totalLength: number, pieceLength: number): Uint8Array {
  const hashes = info.bytes('pieces');
  const pieceCount = Math.ceil(totalLength / pieceLength);
  if (pieceCount > metainfoLimits.pieces) {
    throw new InputError('bad-torrent', `"piece length" of info: expected at most ${metainfoLimits.pieces} pieces, found ${pieceCount}`);
  }
  if (hashes.length !== pieceCount * sha1Length) {
    const expected = `${pieceCount} hashes of ${sha1Length} bytes for ${totalLength} bytes in pieces of ${pieceLength}`;
    throw new InputError('bad-torrent', `"pieces" of info: expected ${expected}, found ${hashes.length} bytes`);
  }
  return hashes;
}

/** A text that no byte of the download depends on: of a wrong type, it is left out. */
function informativeText(reader: DictReader, key: string, warnings: Warnings): string | undefined {
  const value = reader.dict.get(`${key}.utf-8`) ?? reader.dict.get(key);
  if (value === undefined) return undefined;
  if (isBytes(value)) return toText(value);
  warnings.add('odd fields', () => `"${key}" is not a string: left out`);
  return undefined;
}

function readCreationDate(torrent: DictReader, warnings: Warnings): number | undefined {
  const value = torrent.dict.get('creation date');
  if (value === undefined || (typeof value === 'number' && value >= 0)) return value;
  warnings.add('odd fields', () => '"creation date" is not a number of seconds: left out');
  return undefined;
}
