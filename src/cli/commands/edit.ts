// `ttorrent edit`: changes trackers, web seeds and comment of a torrent file.

import { editTorrent, InputError, parseTorrent, readTorrentFile, replaceTorrentFile, writeTorrentFile } from '../../index.ts';
import type { EditCommand } from '../command-line.ts';
import type { Environment } from '../env.ts';
import { Talk } from '../talk.ts';
import { checkStdout, tellOfTorrent } from '../written-torrent.ts';

/** Writes the edited torrent and tells of it. */
export async function edit(command: EditCommand, env: Environment): Promise<void> {
  const { torrentPath, outputFile, force } = command;
  checkStdout(command, env);
  const bytes = edited(await readTorrentFile(torrentPath), command);
  if (outputFile === '-') await env.stdout.write(bytes);
  else if (outputFile === undefined) await replaceTorrentFile(torrentPath, bytes);
  else await writeTorrentFile(outputFile, bytes, { overwrite: force });
  const path = outputFile === '-' ? undefined : (outputFile ?? torrentPath);
  await tellOfTorrent(path, parseTorrent(bytes), command, env, new Talk(command, env));
}

function edited(bytes: Uint8Array, { torrentPath, edits }: EditCommand): Uint8Array {
  try {
    return editTorrent(bytes, edits);
  } catch (error) {
    if (error instanceof InputError) throw new InputError(error.code, `${torrentPath}: ${error.message}`, { cause: error });
    throw error;
  }
}
