// Reads and parses the torrent that a command names, and says what was odd about it.

import { InputError, type Metainfo, parseTorrent, readTorrentFile } from '../index.ts';
import type { Talk } from './talk.ts';

/** The torrent at `path`. Throws what `readTorrentFile` and `parseTorrent` throw; what is wrong inside the file is said with its path. */
export async function loadTorrent(path: string, talk: Talk): Promise<Metainfo> {
  const metainfo = parse(path, await readTorrentFile(path));
  for (const warning of metainfo.warnings) talk.warn(`${path}: ${warning}`);
  return metainfo;
}

function parse(path: string, bytes: Uint8Array): Metainfo {
  try {
    return parseTorrent(bytes);
  } catch (error) {
    if (error instanceof InputError) throw new InputError(error.code, `${path}: ${error.message}`, { cause: error });
    throw error;
  }
}
