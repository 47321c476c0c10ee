// `ttorrent get` of several torrents: so many at a time, each as if it were alone, with one port, one pair of rate limits, one board of
// progress and one exit code for all. One that fails stops no other.

import { InputError, obtainTorrentList, Session } from '../../index.ts';
import type { GetManyCommand } from '../command-line.ts';
import { type Environment, Interruption } from '../env.ts';
import { formatCount } from '../format.ts';
import { openStdin, shownSource } from '../load-torrent.ts';
import { withNetwork } from '../network.ts';
import type { ManyRecords } from '../many-records.ts';
import { ManyRuns } from '../many-runs.ts';
import { ReaderLimit } from '../reader-limit.ts';
import { type Board, openBoard } from '../reporters/open-board.ts';
import { SeveralFailed } from '../several-failed.ts';
import { parseSourceList } from '../source-list.ts';
import { Talk } from '../talk.ts';

/** Resolves when every torrent is complete and seeded as asked. Throws SeveralFailed when some are not, each having been told. */
export async function getMany(command: GetManyCommand, unlimited: Environment): Promise<void> {
  const { each } = command;
  const beganMs = unlimited.nowMs();
  const limit = new ReaderLimit(each.download.deadlineMs, unlimited);
  const env = limit.within(unlimited);
  const openManyRecords = async (sources: readonly string[], to: Environment): Promise<ManyRecords | undefined> =>
    each.records === undefined || each.dryRun
      ? undefined
      : new (await import('../many-records.ts')).ManyRecords(each.records, sources, to, limit);
  const sources = await allSources(command, env).catch(async (error: unknown) => {
    await (await openManyRecords([], env))?.end(error);
    throw error;
  });
  const board = await openBoard(each.progress, each.quiet, env);
  const shown = beside(board, env);
  const records = await openManyRecords(sources, shown);
  let session: Session | undefined;
  let failure: Error | undefined;
  try {
    const { network, blocklist } = await withNetwork(each.download, each.blocklists, new Talk(each, shown), shown);
    const shared = { ...(network !== undefined && { network }), ...(blocklist !== undefined && { blocklist }) };
    session = new Session({ ...each.download, ...shared });
    failure = await new ManyRuns(command, { env: shown, board, session, network: shared, records, limit, beganMs }).all(sources);
  } catch (error) {
    failure = error as Error;
  } finally {
    board.stop();
    await session?.close();
  }
  // After a signal that is why, and nothing is wrong with the torrents.
  const { reason } = env.interrupted as { reason: unknown };
  if (failure instanceof SeveralFailed && reason instanceof Interruption && failure.exitCode === reason.exitCode) failure = reason;
  await records?.end(failure);
  if (failure !== undefined) throw failure;
  new Talk(each, env).say(`all complete: ${formatCount(sources.length, 'torrent')}`);
}

/** What is written to the terminal goes above the progress. */
function beside(board: Board, env: Environment): Environment {
  const stderr = { ...env.stderr, write: (text: string) => board.print(text) };
  const write = (data: string | Uint8Array): Promise<void> => board.aside(() => env.stdout.write(data));
  return { ...env, stderr, stdout: env.stdout.isTerminal ? { ...env.stdout, write } : env.stdout };
}

/** Those typed, then those of the list. */
async function allSources({ sources, listPath, each }: GetManyCommand, env: Environment): Promise<readonly string[]> {
  if (listPath === undefined) return sources;
  const { deadlineMs } = each.download;
  const bytes = await obtainTorrentList(listPath === '-' ? openStdin(env) : listPath, {
    signal: env.interrupted,
    ...(deadlineMs !== undefined && { deadlineMs }),
  });
  const all = [...sources, ...parseSourceList(Buffer.from(bytes).toString('utf8'))];
  if (all.length === 0) throw new InputError('bad-argument', `${shownSource(listPath)}: lists no torrent`);
  return all;
}
