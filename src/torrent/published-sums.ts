// The checksums that a publisher names for the files of a torrent: typed by the user, or in lists on disk and on the web.

import { checksumListLimits } from '../config.ts';
import { InputError } from '../errors.ts';
import { type Checksum, parseTypedChecksum } from '../metainfo/checksum.ts';
import { type ListedChecksum, parseChecksumList } from '../metainfo/checksum-list.ts';
import { addChecksum, type ChecksumsByFile, matchChecksums } from '../metainfo/match-checksums.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { readListFile } from '../storage/read-list-file.ts';
import { orAborted } from '../support/deadline.ts';
import { printable } from '../support/printable.ts';
import { toText } from '../support/text.ts';
import { fetchFile } from '../transport/fetch-file.ts';
import type { Network } from '../transport/network.ts';
import { type NetworkOptions, networkOf } from '../transport/network-options.ts';
import { inTime } from './in-time.ts';
import { isUrl, nameOfList } from './url-or-path.ts';

/** What names the checksums. */
export interface PublishedSumsRequest {
  /** `ALGORITHM:HEX` of the only selected file, or `ALGORITHM:HEX:PATH`. */
  readonly checksums?: readonly string[];
  /** Paths and http or https URLs of lists as `sha256sum` and BSD's `sha256` write them. */
  readonly lists?: readonly string[];
  /** Files by index in `metainfo.files`. Default: all. */
  readonly selection?: Iterable<number>;
  /** Others of these may be of files of other torrents: what names no selected file is told as `unused`, not thrown. Default: false. */
  readonly isShared?: boolean;
  /** Where lists are kept as soon as they are asked for: calls that are given the same read each once, as a pipe has to be. */
  readonly kept?: KeptLists;
  readonly signal?: AbortSignal;
  /** How lists from the web are reached. Default: in every way. */
  readonly network?: NetworkOptions;
  /** Give up reading lists after so long, in milliseconds. Default: never; a list from the web has a minute. */
  readonly deadlineMs?: number;
}

/** Checksum lists by their paths and URLs. */
export type KeptLists = Map<string, Promise<readonly ListedChecksum[]>>;

/** What was found. */
export interface PublishedSums {
  /** By index in `metainfo.files`. */
  readonly checksums: ReadonlyMap<number, readonly Checksum[]>;
  /** One printable line each. */
  readonly warnings: readonly string[];
  /** Of the request's `checksums` and `lists`, those that name no selected file. */
  readonly unused: readonly string[];
}

/**
 * Reads and fetches the checksums of the selected files. Throws InputError: `bad-argument` for what is no checksum, names no selected file
 * or contradicts another; `torrent-not-found` for a list that is not there, `torrent-fetch-failed` for one that cannot be fetched;
 * StorageError for one that cannot be read; IncompleteError `deadline-reached`; the signal's reason when aborted.
 */
export function publishedSums(metainfo: Metainfo, request: PublishedSumsRequest): Promise<PublishedSums> {
  return inTime(request, 'reading the published checksums', (signal) => gather(metainfo, request, signal));
}

async function gather(metainfo: Metainfo, request: PublishedSumsRequest, signal: AbortSignal): Promise<PublishedSums> {
  const { checksums = [], lists = [], isShared = false } = request;
  const kept: KeptLists = request.kept ?? new Map();
  const network = networkOf(request.network);
  const unused: string[] = [];
  const selection = new Set(request.selection ?? metainfo.files.keys());
  const selected = metainfo.files.filter((file) => !file.pad && selection.has(file.index));
  const sums: ChecksumsByFile = new Map();
  for (const text of checksums) {
    const { checksum, path } = parseTypedChecksum(text);
    const [only, another] = selected;
    if (path === undefined && (only === undefined || another !== undefined)) {
      throw new InputError(
        'bad-argument',
        `a checksum without a path is for one file, and ${selected.length} are selected: write ${checksum.algorithm}:HEX:PATH`,
      );
    }
    if (path === undefined && only !== undefined) addChecksum(sums, only, checksum);
    else if (matchChecksums(metainfo, selection, [{ checksum, name: path ?? '' }], sums) === 0) {
      unused.push(text);
      if (isShared) continue;
      throw new InputError('bad-argument', `the checksum of "${printable(path ?? '', 200)}" names none of the selected files`);
    }
  }
  for (const list of lists) {
    const reading = kept.get(list) ?? load(list, network, signal);
    kept.set(list, reading);
    const listed = await orAborted(reading, signal);
    if (matchChecksums(metainfo, selection, listed, sums) > 0) continue;
    unused.push(list);
    if (isShared) continue;
    const names = `it names ${listed.length}, first ${printable(listed[0]?.name ?? '', 100)}`;
    throw new InputError('bad-argument', `${nameOfList(list)}: names none of the selected files; ${names}`);
  }
  const unnamed = lists.length === 0 ? [] : selected.filter((file) => !sums.has(file.index));
  const [first] = unnamed;
  if (first === undefined) return { checksums: sums, warnings: [], unused };
  const path = printable(first.path.join('/'), 200);
  return {
    checksums: sums,
    warnings: [`no checksum is listed for ${unnamed.length} of ${selected.length} selected files, first ${path}`],
    unused,
  };
}

async function load(list: string, network: Network, signal: AbortSignal): Promise<readonly ListedChecksum[]> {
  const listed = parseChecksumList(toText(await loadBytes(list, network, signal)));
  if (listed.length === 0) throw new InputError('bad-argument', `${nameOfList(list)}: holds no checksum`);
  return listed;
}

function loadBytes(list: string, network: Network, signal: AbortSignal): Promise<Uint8Array> {
  const kind = { what: 'checksums', bodyBytes: checksumListLimits.bodyBytes } as const;
  const name = nameOfList(list);
  if (isUrl(list, name)) return fetchFile(list, `the checksums ${name}`, network, checksumListLimits, signal);
  return readListFile(list, kind, signal);
}
