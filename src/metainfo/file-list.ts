// The files of an info dictionary (BEP 3, "info dictionary"; BEP 47): lengths, offsets, attributes, and paths made safe.

import { type BencodeValue, isBytes, isList, shapeError } from '../bencode/bencode-value.ts';
import { DictReader } from '../bencode/dict-reader.ts';
import { metainfoLimits } from '../config.ts';
import { InputError } from '../errors.ts';
import { toLatin1 } from '../support/bytes.ts';
import { printable } from '../support/printable.ts';
import { toText } from '../support/text.ts';
import type { TorrentFile } from './metainfo.ts';
import { resolveClashes } from './name-clashes.ts';
import { cleanPath, type PathRules } from './path-rules.ts';
import type { Warnings } from './warnings.ts';

/** One entry of the file list as the torrent has it. */
export interface FileEntry {
  /** `path` of a multi-file torrent, `name` of a single file. Empty when a pad file has none. */
  readonly rawPath: readonly Uint8Array[];
  /** `path`, or `path.utf-8` where the torrent gives one. */
  readonly namedBy: readonly Uint8Array[];
  readonly length: number;
  readonly pad: boolean;
  readonly executable: boolean;
  readonly symlink: boolean;
}

/** The entries of `info`, checked one by one. Throws BencodeError, or InputError when they are too large together. */
export function readFileEntries(info: DictReader): FileEntry[] {
  const files = info.optionalList('files');
  const entries = files === undefined ? [readSingleFile(info)] : files.map(readFileEntry);
  let total = 0;
  for (const { length } of entries) {
    total += length;
    if (total > metainfoLimits.totalLength) {
      throw new InputError(
        'bad-torrent',
        `"length" of the files: expected at most ${metainfoLimits.totalLength} bytes together, found more`,
      );
    }
  }
  return entries;
}

/** The files that `entries` become, symbolic links left out. `name` is safe. Throws InputError for a path that cannot be made safe. */
export function layOutFiles(
  entries: readonly FileEntry[],
  name: string,
  isMultiFile: boolean,
  rules: PathRules,
  warnings: Warnings,
): TorrentFile[] {
  const present = entries.filter((entry, number) => !isLeftOut(entry, number, warnings));
  const written = present.filter((entry) => !entry.pad);
  if (written.length === 0) throw new InputError('bad-torrent', '"files" of info: expected at least one file, found none');
  const paths = isMultiFile ? safePaths(written, rules, warnings) : [[]];

  const files: TorrentFile[] = [];
  let torrentOffset = 0;
  let nextPath = 0;
  for (const { length, pad, executable } of present) {
    // A pad file is never written; the path is BEP 47's recommendation, whatever the torrent calls it.
    const path = pad ? ['.pad', String(length)] : (paths[nextPath++] as readonly string[]);
    files.push({ index: files.length, path: [name, ...path], length, torrentOffset, pad, executable });
    torrentOffset += length;
  }
  return files;
}

function readSingleFile(info: DictReader): FileEntry {
  const path = [info.bytes('name')];
  // A pad file or link that is the whole torrent makes no sense: of the attributes only `x` counts.
  const executable = attributesOf(info).includes('x');
  return { rawPath: path, namedBy: path, length: readLength(info), pad: false, executable, symlink: false };
}

function readFileEntry(value: BencodeValue, number: number): FileEntry {
  const entry = new DictReader(value, `file ${number + 1}`);
  const attributes = attributesOf(entry);
  const symlink = attributes.includes('l');
  // A link has no bytes and may leave out its length (BEP 47).
  const length = symlink ? (entry.optionalInteger('length', { min: 0, max: 0 }) ?? 0) : readLength(entry);
  const mayLackPath = attributes.includes('p') && !entry.has('path');
  const rawPath = mayLackPath ? [] : readPath(entry);
  const pad = attributes.includes('p') || isPadByName(rawPath);
  return { rawPath, namedBy: readUtf8Path(entry) ?? rawPath, length, pad, executable: attributes.includes('x'), symlink };
}

function readLength(reader: DictReader): number {
  return reader.integer('length', { min: 0, max: metainfoLimits.fileLength });
}

function attributesOf(reader: DictReader): string {
  const attributes = reader.optionalBytes('attr');
  return attributes === undefined ? '' : toLatin1(attributes);
}

function readPath(entry: DictReader): readonly Uint8Array[] {
  const path = entry.list('path');
  const oddOne = path.find((element) => !isBytes(element));
  if (oddOne !== undefined) throw shapeError(`"path" of ${entry.where}`, 'a list of strings', oddOne);
  if (path.length === 0) throw shapeError(`"path" of ${entry.where}`, 'a list of one string or more', path);
  return path.filter(isBytes);
}

/** BitComet and others put a local encoding into `path` and UTF-8 beside it. One that is unusable is as good as absent. */
function readUtf8Path(entry: DictReader): readonly Uint8Array[] | undefined {
  const path = entry.dict.get('path.utf-8');
  return isList(path) && path.length > 0 && path.every(isBytes) ? path : undefined;
}

/** BitComet's pad files, which are older than BEP 47. */
function isPadByName(path: readonly Uint8Array[]): boolean {
  const last = path.at(-1);
  return last !== undefined && toLatin1(last).startsWith('_____padding_file_');
}

function isLeftOut(entry: FileEntry, number: number, warnings: Warnings): boolean {
  if (entry.symlink) warnings.add('symbolic links left out', () => `file ${number + 1} is a symbolic link: left out`);
  return entry.symlink;
}

function safePaths(entries: readonly FileEntry[], rules: PathRules, warnings: Warnings): readonly (readonly string[])[] {
  const paths = resolveClashes(entries.map(({ namedBy }) => cleanPath(namedBy, rules)));
  entries.forEach(({ namedBy }, i) => {
    const given = joined(namedBy);
    const used = (paths[i] as readonly string[]).join('/');
    if (given !== used) warnings.add('names changed', () => `"${printable(given, 200)}" is written as "${printable(used, 200)}"`);
  });
  return paths;
}

function joined(path: readonly Uint8Array[]): string {
  return path.map(toText).join('/');
}
