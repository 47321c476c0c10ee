// `ttorrent peers`: the peers that the trackers name, a line each or as one JSON object.

import { findPeers, IncompleteError, type SourceReport } from '../../index.ts';
import type { Environment } from '../env.ts';
import { jsonLine } from '../json-text.ts';
import { loadTorrent } from '../load-torrent.ts';
import { networkFor } from '../network-options.ts';
import { Talk } from '../talk.ts';
import type { TrackerCommand } from '../tracker-commands.ts';

/** Prints the peers. Throws IncompleteError when there are none. */
export async function peers(command: TrackerCommand, env: Environment): Promise<void> {
  const talk = new Talk(command, env);
  const metainfo = await loadTorrent(command.torrentPath, talk, env, command.query);
  const found = await findPeers(metainfo, { ...command.query, network: networkFor(command.query, env), signal: env.interrupted });
  for (const report of found.reports) talk.detail(wordsFor(report));
  if (command.json) {
    const trackers = found.reports.map(({ source, ...rest }) => ({ tracker: source, ...rest }));
    await env.stdout.write(jsonLine({ infohash: metainfo.infohashHex, peers: found.peers, trackers }));
  } else await env.stdout.write(found.peers.map((peer) => `${peer}\n`).join(''));
  if (found.peers.length === 0) throw noPeers(found.reports);
}

function noPeers(reports: readonly SourceReport[]): IncompleteError {
  const answered = reports.some(({ outcome }) => outcome === 'answered');
  const refusal = answered ? undefined : reports.find(({ outcome }) => outcome === 'refused');
  const accounts = reports.map(wordsFor).join('; ');
  if (refusal !== undefined) return new IncompleteError('tracker-refused', `the tracker refused: ${refusal.message}; ${accounts}`);
  if (accounts === '') return new IncompleteError('no-source', 'the torrent names no tracker');
  const named = reports.some(({ peerCount }) => peerCount > 0) ? ': only ourselves, or who cannot be reached' : '';
  return new IncompleteError('no-source', `no usable peer was found${named}; ${accounts}`);
}

function wordsFor({ source, outcome, message, peerCount }: SourceReport): string {
  return outcome === 'answered' ? `${source} named ${peerCount} peer${peerCount === 1 ? '' : 's'}` : `${source} ${outcome}: ${message}`;
}
