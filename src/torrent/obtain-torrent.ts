// The bytes of a torrent file, wherever it is: on disk, on the web, or in a stream such as stdin. Bounded in size and time.

import { metainfoLimits, sourceListLimits, torrentFetchLimits } from '../config.ts';
import { IncompleteError, InputError, TtorrentError } from '../errors.ts';
import { readListFile } from '../storage/read-list-file.ts';
import { readTorrentFile } from '../storage/read-torrent-file.ts';
import { storageError } from '../storage/storage-error.ts';
import { systemClock } from '../support/clock.ts';
import { withDeadline } from '../support/deadline.ts';
import { formatBytes } from '../support/format-bytes.ts';
import { printable, redactUrl } from '../support/printable.ts';
import { fetchFile } from '../transport/fetch-file.ts';
import type { Network } from '../transport/network.ts';
import { type NetworkOptions, networkOf } from '../transport/network-options.ts';
import { deadlineMessage } from './end-cause.ts';

/** A path, an http or https URL, or what opens a stream, which must end when the signal aborts. */
export type TorrentSource = string | ((signal: AbortSignal) => AsyncIterable<Uint8Array>);

/** How to get at it, and how long to wait for it. */
export interface ObtainOptions {
  /** How URLs are reached. Default: in every way. */
  readonly network?: NetworkOptions;
  readonly signal?: AbortSignal;
  /** Give up after so long, in milliseconds. Default: never; a server has two minutes. */
  readonly deadlineMs?: number;
}

/**
 * The bytes of the torrent at `source`. Throws as `readTorrentFile` does for a path. InputError: `torrent-not-found` when the server answers
 * 404 or 410, `torrent-fetch-failed` when the URL cannot be fetched for another reason, `bad-argument` when it is of another protocol or the network makes no sense,
 * `bad-torrent` when a stream is longer than any torrent; StorageError `read-write-failed` when a stream breaks; IncompleteError
 * `deadline-reached`; the signal's reason when aborted. No message holds what may be a secret in a URL.
 */
export function obtainTorrent(source: TorrentSource, options: ObtainOptions = {}): Promise<Uint8Array> {
  const network = networkOf(options.network);
  return inTime(options, (signal) => obtain(source, network, signal));
}

/** The bytes of a list of torrents: of the file or pipe at a path, or of a stream. Throws as `obtainTorrent` does. */
export function obtainTorrentList(source: TorrentSource, options: ObtainOptions = {}): Promise<Uint8Array> {
  const { bodyBytes } = sourceListLimits;
  return inTime(options, (signal) =>
    typeof source === 'string'
      ? readListFile(source, { what: 'torrents', bodyBytes }, signal)
      : readStream(source(signal), 'list of torrents', bodyBytes, signal),
  );
}

/** `source` as a person may see it: a URL without what may be a secret, of a magnet link (BEP 9) the infohashes alone. */
export function sourceName(source: string): string {
  if (/^magnet:/i.test(source))
    return printable(
      `magnet:?${source
        .split(/[?&]/)
        .filter((part) => /^xt=/i.test(part))
        .join('&')}`,
      256,
    );
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(source) ? redactUrl(source) : source;
}

async function inTime(options: ObtainOptions, read: (signal: AbortSignal) => Promise<Uint8Array>): Promise<Uint8Array> {
  const { deadlineMs, signal = new AbortController().signal } = options;
  if (deadlineMs === undefined) return read(signal);
  const late = (): Error => new IncompleteError('deadline-reached', `${deadlineMessage({ deadlineMs })} while reading the torrent`);
  return withDeadline(signal, systemClock, deadlineMs, late, read);
}

async function obtain(source: TorrentSource, network: Network, signal: AbortSignal): Promise<Uint8Array> {
  if (typeof source !== 'string') return readStream(source(signal), 'torrent', metainfoLimits.fileBytes, signal);
  if (/^https?:\/\//i.test(source)) return fetchFile(source, sourceName(source), network, torrentFetchLimits, signal);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source)) {
    throw new InputError('bad-argument', `${sourceName(source)}: only http and https URLs are fetched, and files are named by their paths`);
  }
  if (/^magnet:/i.test(source)) throw new InputError('bad-argument', 'magnet links are not supported yet');
  return readTorrentFile(source);
}

async function readStream(stream: AsyncIterable<Uint8Array>, what: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      length += chunk.length;
      if (length > maxBytes) throw new InputError('bad-torrent', `stdin: not a ${what}: it is longer than ${formatBytes(maxBytes)}`);
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TtorrentError) throw error;
    throw storageError(`reading the ${what} from stdin`, error, 'read-write-failed');
  }
  return Buffer.concat(chunks);
}
