// One wanted file of a download while it is open: where its bytes are, and what is still missing.

import type { TorrentFile } from '../metainfo/metainfo.ts';
import type { FileVersion } from './file-stat.ts';

/** Changed by the storage as the download goes on. */
export interface WorkFile {
  readonly file: TorrentFile;
  /** Absolute. */
  readonly finalPath: string;
  readonly partPath: string;
  /** Where its bytes are now. */
  place: 'nowhere' | 'part' | 'final';
  /** What is there, as last seen: other programs can change it. Undefined while `place` is `nowhere`. */
  stat: FileVersion | undefined;
  /** The `.part` as it was when no write of ours was under way; undefined while some are (change-watch.ts). */
  seen: FileVersion | undefined;
  /** What it looked like when it was last flushed to disk; the very value of `seen` when nothing was written to it since. */
  synced: FileVersion | undefined;
  /** Settles when its name, which is being changed, may be used again. */
  moving: Promise<unknown> | undefined;
  /** Another program wrote to the `.part`, or may have: nothing that was known of its bytes holds any more. */
  isSuspect: boolean;
  /** Pieces that hold bytes of it and are not verified. */
  missingPieces: number;
  /** How many of those are being written, be it to this file or to another that they have a part in. */
  piecesUnderWay: number;
  /** Another file that has the final name, and may be replaced if it is still this one. */
  readonly replaces: FileReplacement | undefined;
}

/** A file under a final name that is not complete. */
export interface FileReplacement {
  readonly stat: FileVersion;
  /** Whether it is to be compared with the verified bytes before it is replaced, since its own pieces could not settle whose it is. */
  readonly isUndecided: boolean;
}
