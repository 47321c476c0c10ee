// The bytes of a torrent file, wherever it is: on disk, on the web, or in a stream such as stdin. Bounded in size and time.

import { metainfoLimits, sourceListLimits, torrentFetchLimits } from '../config.ts';
import { InputError, TtorrentError } from '../errors.ts';
import { readListFile } from '../storage/read-list-file.ts';
import { readTorrentFile } from '../storage/read-torrent-file.ts';
import { storageError } from '../storage/storage-error.ts';
import { formatBytes } from '../support/format-bytes.ts';
import type { NetworkOptions } from '../transport/network-options.ts';
import { inTime, type InTimeOptions } from './in-time.ts';
import { isUrl, sourceName } from './url-or-path.ts';

/** A path, an http or https URL, or what opens a stream, which must end when the signal aborts. */
export type TorrentSource = string | ((signal: AbortSignal) => AsyncIterable<Uint8Array>);

/** How to get at it, and how long to wait for it. */
export interface ObtainOptions extends InTimeOptions {
  /** How URLs are reached. Default: in every way. */
  readonly network?: NetworkOptions;
}

/**
 * The bytes of the torrent at `source`. Throws as `readTorrentFile` does for a path. InputError: `torrent-not-found` when the server answers
 * 404 or 410, `torrent-fetch-failed` when the URL cannot be fetched for another reason, `bad-argument` when it is of another protocol or is to be fetched by a network that makes no sense,
 * `bad-torrent` when a stream is longer than any torrent; StorageError `read-write-failed` when a stream breaks; IncompleteError
 * `deadline-reached`; the signal's reason when aborted. No message holds what may be a secret in a URL.
 */
export function obtainTorrent(source: TorrentSource, options: ObtainOptions = {}): Promise<Uint8Array> {
  return inTime(options, 'reading the torrent', (signal) => obtain(source, options.network, signal));
}

/** The bytes of a list of torrents: of the file or pipe at a path, or of a stream. Throws as `obtainTorrent` does. */
export function obtainTorrentList(source: TorrentSource, options: ObtainOptions = {}): Promise<Uint8Array> {
  const { bodyBytes } = sourceListLimits;
  return inTime(options, 'reading the torrent', (signal) =>
    typeof source === 'string'
      ? readListFile(source, { what: 'torrents', bodyBytes }, signal)
      : readStream(source(signal), 'list of torrents', bodyBytes, signal),
  );
}

async function obtain(source: TorrentSource, network: NetworkOptions | undefined, signal: AbortSignal): Promise<Uint8Array> {
  if (typeof source !== 'string') return readStream(source(signal), 'torrent', metainfoLimits.fileBytes, signal);
  const name = sourceName(source);
  return isUrl(source, name) ? fetchTorrent(source, name, network, signal) : readTorrentFile(source);
}

/** Most torrents are files: HTTP, TLS and proxies, which take 15 ms of CPU to load, wait until one is not. */
async function fetchTorrent(url: string, name: string, network: NetworkOptions | undefined, signal: AbortSignal): Promise<Uint8Array> {
  const { fetchFile } = await import('../transport/fetch-file.ts');
  const { networkOf } = await import('../transport/network-options.ts');
  return fetchFile(url, name, networkOf(network), torrentFetchLimits, signal);
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
