// Blocklists from files and URLs, plain or gzip, as one.

import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { blocklistLimits } from '../config.ts';
import { type Blocklist, BlocklistBuilder } from '../discovery/blocklist.ts';
import { readBlocklist } from '../discovery/blocklist-text.ts';
import { InputError, TtorrentError } from '../errors.ts';
import { readListFile } from '../storage/read-list-file.ts';
import { formatBytes } from '../support/format-bytes.ts';
import { printable } from '../support/printable.ts';
import { fetchFile } from '../transport/fetch-file.ts';
import type { Network } from '../transport/network.ts';
import { type NetworkOptions, networkOf } from '../transport/network-options.ts';
import { inTime, type InTimeOptions } from './in-time.ts';
import { isUrl, nameOfList } from './url-or-path.ts';

/** How lists are reached. */
export interface LoadOptions extends InTimeOptions {
  readonly network?: NetworkOptions;
}

/** The ranges of all lists, and what was odd about them, a printable line each. */
export interface LoadedBlocklist {
  readonly blocklist: Blocklist;
  readonly warnings: readonly string[];
}

/**
 * Reads each of `lists`, a path or an http or https URL, in PeerGuardian's p2p format, eMule's .dat or CIDR blocks, line by line. Lines that
 * are none of these are a warning. Throws InputError: `bad-argument` for a file with no range at all or too many, `torrent-not-found` and
 * `torrent-fetch-failed` as for any other list; StorageError for one that cannot be read; IncompleteError `deadline-reached`; the signal's reason.
 */
export async function loadBlocklist(lists: readonly string[], options: LoadOptions = {}): Promise<LoadedBlocklist> {
  const network = networkOf(options.network);
  return inTime(options, 'reading the blocklists', (signal) => gather(lists, network, signal));
}

async function gather(lists: readonly string[], network: Network, signal: AbortSignal): Promise<LoadedBlocklist> {
  const builder = new BlocklistBuilder();
  const warnings: string[] = [];
  for (const list of lists) {
    const limits = blocklistLimits;
    const name = nameOfList(list);
    const bytes = isUrl(list, name)
      ? await fetchFile(list, `the blocked addresses ${name}`, network, limits, signal)
      : await readListFile(list, { what: 'blocked addresses', bodyBytes: limits.bodyBytes }, signal);
    const { ranges, badLines, firstBad } = readNamed(name, await unpacked(bytes, name), builder);
    if (ranges === 0 && badLines > 0) throw new InputError('bad-argument', `${name}: not a blocklist in p2p, .dat or CIDR format`);
    if (badLines > 0) warnings.push(`${name}: lines that are no range of addresses: ${badLines}, first line ${firstBad}`);
  }
  return { blocklist: builder.build(), warnings };
}

function readNamed(name: string, bytes: Uint8Array, builder: BlocklistBuilder): ReturnType<typeof readBlocklist> {
  try {
    return readBlocklist(bytes, builder);
  } catch (error) {
    if (!(error instanceof TtorrentError)) throw error;
    throw new InputError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}

const inflate = promisify(gunzip);

/** gzip is told by its first bytes (RFC 1952, section 2.3.1). */
async function unpacked(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await inflate(bytes, { maxOutputLength: blocklistLimits.inflatedBytes });
  } catch (error) {
    const isTooLong = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    const problem = isTooLong ? `unpacks to more than ${formatBytes(blocklistLimits.inflatedBytes)}` : 'a gzip that is damaged';
    throw new InputError('bad-argument', `${printable(name, 200)}: ${problem}`, { cause: error });
  }
}
