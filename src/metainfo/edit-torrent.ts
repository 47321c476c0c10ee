// Changes what a torrent file says beside its content: trackers (BEP 12), web seeds (BEP 19) and the comment. Every other byte stays as it
// is, those of `info` above all, which are the infohash; so nothing is decoded and encoded again but what is changed.

import { type BencodeValue, isBytes, isDict, isList } from '../bencode/bencode-value.ts';
import { encode } from '../bencode/encode.ts';
import { decodeLoosely } from '../bencode/loose-list.ts';
import { type Span, scan } from '../bencode/scan.ts';
import { metainfoLimits } from '../config.ts';
import { assert, InputError } from '../errors.ts';
import { concatBytes, fromText, toLatin1 } from '../support/bytes.ts';
import { redactUrl } from '../support/printable.ts';
import { fromLatin1 } from '../support/text.ts';
import { parseTorrent } from './parse-torrent.ts';
import { distinctTiers, type Field, type Tiers, trackerFields, trackerUrls, webSeedFields, webSeedUrls } from './source-fields.ts';

/** What is to change. Of each sort: first all are replaced, then some removed, then some added. */
export interface TorrentEdits {
  /** Instead of all tiers that are there. */
  readonly trackers?: Tiers;
  readonly removeTrackers?: readonly string[];
  /** More tiers, behind the others; trackers that are there already stay where they are. */
  readonly addTrackers?: Tiers;
  /** Instead of all that are there. */
  readonly webSeeds?: readonly string[];
  readonly removeWebSeeds?: readonly string[];
  readonly addWebSeeds?: readonly string[];
  /** Instead of the one that is there; empty for none. */
  readonly comment?: string;
}

/**
 * The torrent file `bytes` with `edits` made; its infohash is the same. Throws InputError: `not-bencode` or `bad-torrent` as `parseTorrent`
 * does, `bad-argument` for a URL that makes no sense, for too many, and for one to be removed that is not there.
 */
export function editTorrent(bytes: Uint8Array, edits: TorrentEdits): Uint8Array {
  const { infohashHex } = parseTorrent(bytes);
  const root = decodeLoosely(bytes, limits, 'info', 'files').value;
  assert(isDict(root), 'a torrent that was parsed is a dictionary');
  const editor = new RootEditor(bytes, [...root.keys()]);
  const fields = [
    ...editedTrackers(root.get('announce-list'), root.get('announce'), edits),
    ...editedWebSeeds(root.get('url-list'), edits),
    ...editedComment(edits.comment),
  ];
  for (const field of fields) editor.set(field);
  const edited = editor.bytes;
  assert(parseTorrent(edited).infohashHex === infohashHex, 'an edit changed the infohash');
  return edited;
}

const limits = { ...metainfoLimits, bytes: metainfoLimits.fileBytes };

function editedTrackers(announceList: BencodeValue | undefined, announce: BencodeValue | undefined, edits: TorrentEdits): Field[] {
  const { trackers, removeTrackers = [], addTrackers = [] } = edits;
  if (trackers === undefined && removeTrackers.length + addTrackers.length === 0) return [];
  const listed = isList(announceList) ? announceList.map(urlsOf) : [];
  const present = trackers === undefined ? (listed.flat().length > 0 ? listed : [urlsOf(announce)]) : trackerUrls(trackers);
  const removed = urlsToRemove('tracker', removeTrackers, present.flat());
  return trackerFields(distinctTiers([...present.map((tier) => tier.filter((url) => !removed.has(url))), ...trackerUrls(addTrackers)]));
}

function editedWebSeeds(urlList: BencodeValue | undefined, edits: TorrentEdits): Field[] {
  const { webSeeds, removeWebSeeds = [], addWebSeeds = [] } = edits;
  if (webSeeds === undefined && removeWebSeeds.length + addWebSeeds.length === 0) return [];
  const present = webSeeds === undefined ? urlsOf(urlList) : webSeedUrls(webSeeds);
  const removed = urlsToRemove('web seed', removeWebSeeds, present);
  return webSeedFields([...present.filter((url) => !removed.has(url)), ...webSeedUrls(addWebSeeds)]);
}

function editedComment(comment: string | undefined): Field[] {
  if (comment === undefined) return [];
  // Readers prefer the second where it is there.
  return [
    ['comment', comment === '' ? undefined : fromText(comment)],
    ['comment.utf-8', undefined],
  ];
}

/** The URLs of a string or a list of strings, also those that we do not use: they are somebody's. */
function urlsOf(value: BencodeValue | undefined): string[] {
  return (isList(value) ? value : [value]).flatMap((item) => (isBytes(item) && item.length > 0 ? [toLatin1(item).trim()] : []));
}

function urlsToRemove(purpose: string, typed: readonly string[], present: readonly string[]): ReadonlySet<string> {
  const urls = typed.map((url) => toLatin1(fromText(url)));
  const missing = typed.find((_, i) => !present.includes(urls[i] as string));
  if (missing !== undefined) throw new InputError('bad-argument', `the torrent has no ${purpose} ${redactUrl(missing)} to remove`);
  return new Set(urls);
}

/** Replaces, inserts and removes entries of the outermost dictionary; all other bytes stay. */
class RootEditor {
  bytes: Uint8Array;
  /** In the order of the file. */
  readonly #keys: string[];

  constructor(bytes: Uint8Array, keys: string[]) {
    this.bytes = bytes;
    this.#keys = keys;
  }

  set([key, value]: Field): void {
    if (this.#keys.includes(key)) this.#remove(key);
    if (value !== undefined) this.#insert(key, value);
  }

  #remove(key: string): void {
    const { begin, end } = this.#entryOf(key);
    this.bytes = concatBytes([this.bytes.subarray(0, begin), this.bytes.subarray(end)]);
    this.#keys.splice(this.#keys.indexOf(key), 1);
  }

  #insert(key: string, value: BencodeValue): void {
    const place = this.#keys.findIndex((other) => other > key);
    const next = this.#keys[place];
    const at = next === undefined ? scan(this.bytes, limits).end - 1 : this.#entryOf(next).begin;
    this.bytes = concatBytes([this.bytes.subarray(0, at), encode(fromLatin1(key)), encode(value), this.bytes.subarray(at)]);
    this.#keys.splice(next === undefined ? this.#keys.length : place, 0, key);
  }

  /** Where the key and its value are. The scanner accepts one way to write a string only, so the length of the key is known. */
  #entryOf(key: string): Span {
    const [span] = scan(this.bytes, limits, [key]).spans;
    assert(span !== undefined, `the key ${key} of a torrent`);
    return { begin: span.begin - encode(fromLatin1(key)).length, end: span.end };
  }
}
