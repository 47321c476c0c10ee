// Follows a download or a seeding to its end: shows how it goes, tells the records, and sums up what failed.

import { type Download, type DownloadEvent, type DownloadProgress, type DownloadResult, IncompleteError } from '../index.ts';
import { DownloadAccount, type DataUse, downloadView } from './download-account.ts';
import { brokenPipeExitCode } from './exit-codes.ts';
import { endOf } from './failure.ts';
import { formatCount } from './format.ts';
import type { Records } from './records.ts';
import type { Reporter } from './reporters/reporter.ts';
import type { SeedRequest } from './seed-options.ts';
import type { Talk } from './talk.ts';

/** Who is told, and of what. */
export interface Watchers {
  readonly reporter: Reporter;
  readonly talk: Talk;
  readonly records: Records;
  readonly use: DataUse;
  readonly seed: SeedRequest | undefined;
  readonly note?: (event: DownloadEvent) => void;
}

/** The result of `running`; throws what ended it otherwise. */
export async function watchDownload(running: Download, watchers: Watchers): Promise<DownloadResult> {
  const { reporter, talk, records, use, seed, note } = watchers;
  const account = new DownloadAccount(talk, use);
  try {
    for await (const event of running) {
      if (event.type === 'progress' && isShown(event.progress, use)) reporter.show(downloadView(event.progress, seed?.goal));
      note?.(event);
      account.note(event);
      await records.note(event);
    }
    const result = await running.result;
    reporter.stop();
    tellBlocked(running, talk);
    return result;
  } catch (error) {
    reporter.stop();
    tellBlocked(running, talk);
    // An IncompleteError says by itself what peers and trackers did.
    const others = error instanceof IncompleteError ? undefined : running.account();
    const { exitCode } = endOf(error);
    const verdict = account.verdict(exitCode, running.progress(), others);
    if (verdict !== undefined && exitCode !== brokenPipeExitCode) talk.say(verdict);
    throw error;
  }
}

function tellBlocked(running: Download, talk: Talk): void {
  const { blockedHosts } = running.progress();
  if (blockedHosts > 0) talk.detail(`the blocklist kept out ${formatCount(blockedHosts, 'host')}`);
}

/** `finishing` is no word for what was cut off, nor for what was complete from the start. */
function isShown({ phase, verifiedPieces, pieceCount }: DownloadProgress, use: DataUse): boolean {
  if (use === 'seeded') return phase === 'checking' || phase === 'seeding';
  return phase !== 'ended' || verifiedPieces === pieceCount;
}
