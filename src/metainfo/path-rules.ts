// What a name in a torrent becomes on disk. Every name goes through here, whatever field it came from; the result is safe to join: no
// element is empty, `.` or `..`, none holds a separator, a control or an invisible character, and none is longer than file systems take.

import { metainfoLimits } from '../config.ts';
import { assert, InputError } from '../errors.ts';
import { printable } from '../support/printable.ts';
import { toText } from '../support/text.ts';
import { controls, invisibles } from '../support/unprintable.ts';

/** Which rules names must obey. */
export interface PathRules {
  /** Also keep to what Windows and its file systems accept. */
  readonly portable: boolean;
}

/** Separators, controls, line separators: data to us, dangerous to others. U+FFFD stands for bytes that were not UTF-8. */
const replaced = new RegExp(`[/\\\\${controls}\\uFFFD]+`, 'gu');

/** Two names that differ only in these look the same to a person. */
const removed = new RegExp(`[${invisibles}]+`, 'gu');

/** Most names: nothing to replace or remove. */
const harmless = /^[ -.0-[\]-~]*$/;

/** What Windows refuses in a name, or reads as a stream of a file. */
const notPortable = /[:*?"<>|]/g;

/** Names that are devices on Windows, with any extension. */
const devices = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$) *(\.|$)/i;

/** Names that our own files beside a download could have. */
const ours = /\.ttorrent(\..*)?$/i;

/** Names that locks being taken have for a moment, in any directory that is the output directory of another download. */
const oursHidden = /^\.ttorrent-/i;

const longestExtension = 10;

/** Of a name longer than this, only so many bytes of its beginning and its end are looked at: more cannot show after the cut. */
const rawNameBytes = 2048;

/**
 * The safe form of a torrent's name, which becomes a file or directory in the output directory. When nothing usable is in it, `fallback`.
 */
export function cleanName(raw: Uint8Array, fallback: string, rules: PathRules): string {
  const text = textOf(raw);
  const clean = cleanElement(text, rules);
  const isEmptied = clean !== text && /^[_.]*$/.test(clean);
  if (isEmptied || /^\.*$/.test(clean)) return fallback;
  return checked(ours.test(clean) ? cutName(`${clean}_`) : clean);
}

/**
 * The safe form of a file's path; elements that are empty or `.` mean nothing and are left out. Throws InputError when it is too deep or
 * too long, holds `..`, or nothing is left.
 */
export function cleanPath(raw: readonly Uint8Array[], rules: PathRules): string[] {
  const path: string[] = [];
  for (const element of raw) {
    const clean = cleanElement(textOf(element), rules);
    if (clean === '..') throw refused(raw, 'expected a path inside the torrent, found one with ".."');
    if (clean !== '' && clean !== '.') path.push(checked(clean));
  }
  if (path.length === 0) throw refused(raw, 'expected a path, found one without a name');
  if (path.length > metainfoLimits.pathDepth)
    throw refused(raw, `expected at most ${metainfoLimits.pathDepth} levels, found ${path.length}`);
  const length = path.reduce((sum, element) => sum + Buffer.byteLength(element) + 1, 0);
  if (length > metainfoLimits.pathBytes)
    throw refused(raw, `expected a path of at most ${metainfoLimits.pathBytes} bytes, found ${length}`);
  return path;
}

/** `name` with `.number` put before its extension: `x.1.txt`. */
export function numberName(name: string, number: number): string {
  const { stem, extension } = splitName(name);
  return checked(cutName(`${stem}.${number}${extension}`, `.${number}${extension}`));
}

/**
 * What `name` is to a file system that takes upper and lower case, and composed and decomposed characters, as the same: names with the
 * same key could be one file somewhere.
 */
export function nameKey(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return name.toLowerCase();
  return name.normalize('NFD').toUpperCase().toLowerCase().normalize('NFC');
}

/** As UTF-8; ill-formed bytes become U+FFFD. */
function textOf(raw: Uint8Array): string {
  if (raw.length <= 2 * rawNameBytes) return toText(raw);
  return toText(raw.subarray(0, rawNameBytes)) + toText(raw.subarray(-rawNameBytes));
}

/** May give `''`, `.` or `..`; all else of its results is safe. */
function cleanElement(text: string, rules: PathRules): string {
  const clean = harmless.test(text) ? text : text.replace(replaced, (run) => '_'.repeat(run.length)).replace(removed, '');
  if (clean === '') return text === '' ? '' : '_';
  const free = oursHidden.test(clean) ? `_${clean}` : clean;
  return cutName(rules.portable ? makePortable(free) : free);
}

function makePortable(name: string): string {
  if (name === '.' || name === '..') return name;
  const plain = name.replace(notPortable, '_');
  const trimmed = cutName(devices.test(plain) ? `_${plain}` : plain).replace(/[. ]+$/, '');
  return trimmed === '' ? '_' : trimmed;
}

/** `name` within the limit of bytes, cut before `tail`: by default its extension. */
function cutName(name: string, tail = splitName(name).extension): string {
  if (Buffer.byteLength(name) <= metainfoLimits.nameBytes) return name;
  const stem = Buffer.from(name.slice(0, name.length - tail.length));
  let end = metainfoLimits.nameBytes - Buffer.byteLength(tail);
  while (((stem[end] ?? 0) & 0xc0) === 0x80) end--; // not within a character
  return stem.toString('utf8', 0, end) + tail;
}

function splitName(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot) : '';
  return Buffer.byteLength(extension) > longestExtension
    ? { stem: name, extension: '' }
    : { stem: name.slice(0, name.length - extension.length), extension };
}

/** The promise of this file, checked at its end. */
function checked(element: string): string {
  const isSafe = element !== '' && element !== '.' && element !== '..' && !/[/\\\p{Cc}]/u.test(element);
  assert(isSafe && Buffer.byteLength(element) <= metainfoLimits.nameBytes, `unsafe name ${JSON.stringify(element)}`);
  return element;
}

function refused(raw: readonly Uint8Array[], problem: string): InputError {
  const path = printable(raw.slice(0, 10).map(toText).join('/'), 80);
  return new InputError('bad-torrent', `"path" of a file, "${path}": ${problem}`);
}
