// Obtains and parses the torrent that a command names, and says what was odd about it.

import { type DownloadOptions, InputError, type Metainfo, obtainTorrent, parseTorrent, sourceName } from '../index.ts';
import type { Environment } from './env.ts';
import { networkFor } from './network-options.ts';
import type { Talk } from './talk.ts';

/** What was asked of the network. */
type Asked = Pick<DownloadOptions, 'network' | 'deadlineMs'>;

/** `source` as it is called in messages. */
export function shownSource(source: string): string {
  return source === '-' ? 'stdin' : sourceName(source);
}

/**
 * The torrent at `source`: a path, an http or https URL, `-` for stdin. Throws what `obtainTorrent` and `parseTorrent` throw, also when it is
 * not there within the deadline; what is wrong inside the torrent is said with its source.
 */
export async function loadTorrent(source: string, talk: Talk, env: Environment, asked: Asked = {}): Promise<Metainfo> {
  const name = shownSource(source);
  const { deadlineMs } = asked;
  const limits = { network: networkFor(asked, env), signal: env.interrupted, ...(deadlineMs !== undefined && { deadlineMs }) };
  const metainfo = parse(name, await obtainTorrent(source === '-' ? openStdin(env) : source, limits));
  for (const warning of metainfo.warnings) talk.warn(`${name}: ${warning}`);
  return metainfo;
}

/** What reads stdin. Throws InputError when a person would have to type it. */
export function openStdin({ stdin: input }: Environment): (signal: AbortSignal) => AsyncIterable<Uint8Array> {
  if (input.isTerminal) throw new InputError('bad-argument', 'stdin is a terminal: expected a file or a pipe');
  return (signal) => input.read(signal);
}

function parse(name: string, bytes: Uint8Array): Metainfo {
  try {
    return parseTorrent(bytes);
  } catch (error) {
    if (error instanceof InputError) throw new InputError(error.code, `${name}: ${error.message}`, { cause: error });
    throw error;
  }
}
