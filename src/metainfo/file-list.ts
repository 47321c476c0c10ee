// The files of an info dictionary (BEP 3, "info dictionary"; BEP 47): lengths, offsets, attributes, and paths made safe.

import { type BencodeValue, isBytes, isList, shapeError } from '../bencode/bencode-value.ts';
import { DictReader } from '../bencode/dict-reader.ts';
import { metainfoLimits } from '../config.ts';
import { InputError } from '../errors.ts';
import { equalBytes, fromText, toLatin1 } from '../support/bytes.ts';
import { escapeElement } from '../support/escape-element.ts';
import { printable } from '../support/printable.ts';
import { toText } from '../support/text.ts';
import type { TorrentFile } from './metainfo.ts';
import { resolveClashes } from './name-clashes.ts';
import { cleanPath, type PathRules } from './path-rules.ts';
import type { Warnings } from './warnings.ts';

/** One entry of the file list: what is kept of it, since there may be many. */
export interface FileEntry {
  /** In a hybrid torrent, to be held against its v2 side: Latin-1 of the raw elements of `path` (or of `name`), joined by `/`. Else empty. */
  readonly rawPath: string;
  /** The safe form of `path`, or of `path.utf-8` where the torrent gives one. Empty for what is not written, and for a single file. */
  readonly safePath: readonly string[];
  /** The torrent's words for `safePath`, where they differ. */
  readonly givenPath: string | undefined;
  /** Where they differ: the torrent's own elements, percent-encoded. */
  readonly webPath: readonly string[] | undefined;
  readonly length: number;
  readonly pad: boolean;
  readonly executable: boolean;
  readonly symlink: boolean;
}

/** How entries are read. */
export interface EntryOptions extends PathRules {
  readonly isHybrid: boolean;
}

/**
 * The entries of `info`, of which `files` is the file list, checked one by one. Throws BencodeError, or InputError for a path that cannot be
 * made safe and for entries that are too large together.
 */
export function readFileEntries(info: DictReader, files: Iterable<BencodeValue> | undefined, options: EntryOptions): FileEntry[] {
  if (files === undefined) {
    info.optionalList('files'); // throws: it is there, and no list
    return [readSingleFile(info)];
  }
  const entries: FileEntry[] = [];
  let totalLength = 0;
  let pathElements = 0;
  for (const file of files) {
    const entry = readFileEntry(file, entries.length, options);
    entries.push(entry);
    totalLength += entry.length;
    pathElements += entry.safePath.length;
    if (totalLength > metainfoLimits.totalLength) {
      throw tooMuch('"length" of the files', `${metainfoLimits.totalLength} bytes together`);
    }
    if (pathElements > metainfoLimits.pathElements) {
      throw tooMuch('"path" of the files', `${metainfoLimits.pathElements} elements together`);
    }
  }
  return entries;
}

function tooMuch(field: string, limit: string): InputError {
  return new InputError('bad-torrent', `${field}: expected at most ${limit}, found more`);
}

/** The files that `entries` become, symbolic links left out. `name` is safe. Throws InputError when there is none, or they clash too much. */
export function layOutFiles(
  entries: readonly FileEntry[],
  name: string,
  isMultiFile: boolean,
  warnings: Warnings,
  rawName = fromText(name),
): TorrentFile[] {
  const present = entries.filter((entry, number) => !isLeftOut(entry, number, warnings));
  const written = present.filter((entry) => !entry.pad);
  if (written.length === 0) throw new InputError('bad-torrent', '"files" of info: expected at least one file, found none');
  const paths = isMultiFile ? distinctPaths(written, warnings) : [[]];

  const files: TorrentFile[] = [];
  let torrentOffset = 0;
  let nextPath = 0;
  const isNameChanged = !isTextOf(name, rawName);
  for (const { length, pad, executable, safePath, webPath } of present) {
    // A pad file is never written; the path is BEP 47's recommendation, whatever the torrent calls it.
    const path = pad ? ['.pad', String(length)] : (paths[nextPath++] as readonly string[]);
    const isElsewhere = !pad && (isNameChanged || webPath !== undefined || path.at(-1) !== safePath.at(-1));
    const onWeb = isElsewhere && {
      webPath: [escapeElement(rawName), ...(webPath ?? safePath.map((element) => escapeElement(fromText(element))))],
    };
    files.push({ index: files.length, path: [name].concat(path), length, torrentOffset, pad, executable, ...onWeb });
    torrentOffset += length;
  }
  return files;
}

function readSingleFile(info: DictReader): FileEntry {
  const rawPath = toLatin1(info.bytes('name'));
  // A pad file or link that is the whole torrent makes no sense: of the attributes only `x` counts.
  const executable = attributesOf(info).includes('x');
  return {
    rawPath,
    safePath: [],
    givenPath: undefined,
    webPath: undefined,
    length: readLength(info),
    pad: false,
    executable,
    symlink: false,
  };
}

function readFileEntry(value: BencodeValue, number: number, options: EntryOptions): FileEntry {
  const entry = new DictReader(value, `file ${number + 1}`);
  const attributes = attributesOf(entry);
  const symlink = attributes.includes('l');
  // A link has no bytes and may leave out its length (BEP 47).
  const length = symlink ? (entry.optionalInteger('length', { min: 0, max: 0 }) ?? 0) : readLength(entry);
  const mayLackPath = attributes.includes('p') && !entry.has('path');
  const rawPath = mayLackPath ? [] : readPath(entry);
  const pad = attributes.includes('p') || isPadByName(rawPath);
  const namedBy = readUtf8Path(entry) ?? rawPath;
  // A copy takes what it needs; an array that grew has room for more.
  const safePath = pad || symlink ? [] : cleanPath(namedBy, options).slice();
  const givenPath = givenPathOf(namedBy, safePath);
  return {
    rawPath: options.isHybrid ? rawPath.map(toLatin1).join('/') : '',
    safePath,
    givenPath,
    webPath: pad || symlink || isUnchanged(namedBy, safePath) ? undefined : namedBy.map(escapeElement),
    length,
    pad,
    executable: attributes.includes('x'),
    symlink,
  };
}

/** What `raw` says, where `safePath` is something else. Most names are ASCII and safe, and need not be decoded again to know it. */
function givenPathOf(raw: readonly Uint8Array[], safePath: readonly string[]): string | undefined {
  if (raw.length === safePath.length && raw.every((element, i) => isAsciiOf(safePath[i] as string, element))) return undefined;
  const given = raw.map(toText).join('/');
  return given === safePath.join('/') ? undefined : given;
}

/** Whether a path on the web is the one on disk. */
function isUnchanged(raw: readonly Uint8Array[], safePath: readonly string[]): boolean {
  return raw.length === safePath.length && raw.every((element, i) => isTextOf(safePath[i] as string, element));
}

function isTextOf(text: string, raw: Uint8Array): boolean {
  return isAsciiOf(text, raw) || equalBytes(fromText(text), raw);
}

function isAsciiOf(text: string, raw: Uint8Array): boolean {
  if (text.length !== raw.length) return false;
  for (let i = 0; i < raw.length; i++) if (raw[i] !== text.charCodeAt(i) || (raw[i] as number) > 0x7f) return false;
  return true;
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

const underscore = 0x5f;

/** BitComet's pad files, which are older than BEP 47. */
function isPadByName(path: readonly Uint8Array[]): boolean {
  const last = path.at(-1);
  return last !== undefined && last[0] === underscore && toLatin1(last).startsWith('_____padding_file_');
}

function isLeftOut(entry: FileEntry, number: number, warnings: Warnings): boolean {
  if (entry.symlink) warnings.add('symbolic links left out', () => `file ${number + 1} is a symbolic link: left out`);
  return entry.symlink;
}

function distinctPaths(entries: readonly FileEntry[], warnings: Warnings): readonly (readonly string[])[] {
  const paths = resolveClashes(entries.map(({ safePath }) => safePath));
  entries.forEach(({ safePath, givenPath }, i) => {
    const path = paths[i] as readonly string[];
    // Clashes change the last element only.
    if (givenPath === undefined && path.at(-1) === safePath.at(-1)) return;
    const given = givenPath ?? safePath.join('/');
    warnings.add('names changed', () => `"${printable(given, 200)}" is written as "${printable(path.join('/'), 200)}"`);
  });
  return paths;
}
