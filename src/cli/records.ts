// Whether a run of `get` or `seed` leaves a record, and what it tells it. What does the recording is loaded when it is asked for.

import type { Download, DownloadEvent, Metainfo } from '../index.ts';
import type { Environment } from './env.ts';
import type { ReaderLimit } from './reader-limit.ts';
import type { RecordedCommand } from './record-options.ts';

/** What a command tells its records. */
export interface Records {
  /** Throws InputError when a record would be written over what the torrent's download writes. */
  torrentLoaded(metainfo: Metainfo): Promise<void>;
  /** What is downloaded of it. */
  torrentRead(metainfo: Metainfo, selection: ReadonlySet<number> | undefined): Promise<void>;
  /** The download that is told of from now on; it is stopped when the events cannot be written any more. */
  follow(running: Download): void;
  note(event: DownloadEvent): Promise<void>;
  /**
   * Does `action`; what comes of it is the end of the record: what it resolves with is told beside that all is complete. Throws what it threw,
   * or OutputError when the events could not be written.
   */
  keep(action: () => Promise<string | undefined>): Promise<void>;
}

/** The records that `command` asks for. Throws StorageError `create-failed` or InputError when one cannot be written. */
export async function openRecords(command: RecordedCommand, env: Environment, limit: ReaderLimit): Promise<Records> {
  const { records, showFiles, dryRun } = command;
  if (records === undefined || showFiles || dryRun)
    return { torrentLoaded: nothing, torrentRead: nothing, follow: () => {}, note: nothing, keep: async (action) => void (await action()) };
  const { RunRecords } = await import('./run-records.ts');
  const run = new RunRecords(command, records, env, limit);
  await run.begin();
  return run;
}

async function nothing(): Promise<void> {}
