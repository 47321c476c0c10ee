// `ttorrent get`: downloads the files of a torrent, shows how it goes, and prints the paths of the files when all are complete. With
// `-o -` their bytes go to stdout instead, and nothing else.

import {
  type ChecksumAlgorithm,
  type Download,
  type DownloadOptions,
  type DownloadProgress,
  type DownloadResult,
  download,
  IncompleteError,
  selectFiles,
} from '../../index.ts';
import type { GetCommand } from '../command-line.ts';
import { completionText, DownloadAccount, downloadView } from '../download-account.ts';
import { type Environment, OutputError } from '../env.ts';
import { brokenPipeExitCode } from '../exit-codes.ts';
import { exitCodeFor } from '../failure.ts';
import { fileList, fileListJson } from '../file-list.ts';
import type { RunFacts } from '../hooks/hook-facts.ts';
import { loadTorrent } from '../load-torrent.ts';
import { checksumsFor, pathLine } from '../published-sums.ts';
import { openRecords, type Records } from '../records.ts';
import { ReaderLimit } from '../reader-limit.ts';
import { openReporter } from '../reporters/open-reporter.ts';
import type { Reporter } from '../reporters/reporter.ts';
import { startStream } from '../stdout-stream.ts';
import { Talk } from '../talk.ts';

/** Resolves when every selected file is complete and verified under its final name. Throws what ended the download otherwise. */
export async function get(command: GetCommand, unlimited: Environment): Promise<void> {
  const limit = new ReaderLimit(command.download.deadlineMs, unlimited);
  const env = limit.within(unlimited);
  const records = await openRecords(command, env, limit);
  return records.keep(() => getWithHooks(command, env, records));
}

async function getWithHooks(command: GetCommand, env: Environment, records: Records): Promise<void> {
  const { torrentPath, hooks } = command;
  const facts: RunFacts = { torrentPath, outputDir: command.download.outputDir, startedMs: env.nowMs(), completed: new Set() };
  if (hooks === undefined || command.showFiles || command.dryRun) return getFiles(command, env, facts, undefined, records);
  const { gateOf, withHooks } = await import('../hooks/with-hooks.ts');
  const approve = gateOf(hooks, env, facts);
  return withHooks(hooks, env, facts, new Talk(command, env), () => getFiles(command, env, facts, approve, records));
}

async function getFiles(
  command: GetCommand,
  env: Environment,
  facts: RunFacts,
  approve: DownloadOptions['approve'],
  records: Records,
): Promise<void> {
  const metainfo = await loadTorrent(command.torrentPath, new Talk(command, env));
  facts.metainfo = metainfo;
  let selection = command.select.length > 0 ? selectFiles(metainfo, command.select) : undefined;
  if (command.showFiles) {
    const list = command.records?.json === true ? fileListJson : fileList;
    return env.stdout.write(list(metainfo, selection, env.stdout.isTerminal));
  }
  if (command.interactive) {
    const { chooseFiles } = await import('../choose-files.ts');
    selection = await chooseFiles(metainfo, selection, env, new Talk(command, env));
  }
  facts.selection = selection;
  if (command.dryRun) return (await import('./dry-run.ts')).dryRun(command, metainfo, selection, env);
  await records.torrentRead(metainfo, selection);

  const reporter = await openReporter(command.progress, command.quiet, env);
  const talk = new Talk(command, env, reporter);
  try {
    const options = {
      ...command.download,
      ...(await checksumsFor(metainfo, selection, command, talk, env)),
      signal: env.interrupted,
      ...(env.stateDir !== undefined && { stateDir: env.stateDir }),
      ...(selection !== undefined && { selection }),
      ...(approve !== undefined && { approve }),
    };
    const running = command.stream === undefined ? download(metainfo, options) : startStream(metainfo, command.stream, options, env);
    facts.progress = () => running.progress();
    records.follow(running);
    const result = await watch(running, reporter, talk, facts, records, command.stream !== undefined);
    talk.say(completionText(result));
    const hasPaths = !command.quiet && command.stream === undefined && command.records?.json !== true;
    if (hasPaths) await printPaths(result, command.download.sums?.[0], env, talk);
  } finally {
    reporter.stop();
  }
}

/** Follows a download to its end. */
async function watch(
  running: Download,
  reporter: Reporter,
  talk: Talk,
  facts: RunFacts,
  records: Records,
  isStream: boolean,
): Promise<DownloadResult> {
  const account = new DownloadAccount(talk, isStream);
  try {
    for await (const event of running) {
      if (event.type === 'progress' && !isCutOff(event.progress)) reporter.show(downloadView(event.progress));
      if (event.type === 'file') facts.completed.add(event.file.index);
      account.note(event);
      await records.note(event);
    }
    const result = await running.result;
    reporter.stop();
    return result;
  } catch (error) {
    reporter.stop();
    // An IncompleteError says by itself what peers and trackers did.
    const others = error instanceof IncompleteError ? undefined : running.account();
    const exitCode = exitCodeFor(error);
    const verdict = account.verdict(exitCode, running.progress(), others);
    if (verdict !== undefined && exitCode !== brokenPipeExitCode) talk.say(verdict);
    throw error;
  }
}

/** Whether it has ended and is not complete: `finishing` is then no word for it. */
function isCutOff({ phase, verifiedPieces, pieceCount }: DownloadProgress): boolean {
  return phase === 'ended' && verifiedPieces < pieceCount;
}

/**
 * The absolute paths of the complete files, a line each, with the sum that was asked for, in the torrent's order. Whether they can be printed does not change that the download is complete:
 * a reader that went away costs nothing, and any other trouble is told.
 */
async function printPaths(result: DownloadResult, sum: ChecksumAlgorithm | undefined, env: Environment, talk: Talk): Promise<void> {
  try {
    const files = result.files.toSorted((a, b) => a.file.index - b.file.index);
    await env.stdout.write(files.map((file) => pathLine(file, sum)).join(''));
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    if (error.exitCode !== brokenPipeExitCode) talk.warn(error.message);
  }
}
