// A download that goes to a stream instead of the disk: verified bytes in the torrent's order, one file as it is or several as a tar.

import { storageLimits } from '../config.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { windowPiecesOf } from '../pieces/sequential-order.ts';
import type { ByteSink } from '../storage/gathering-sink.ts';
import { openStream } from '../storage/stream-storage.ts';
import { systemClock } from '../support/clock.ts';
import { systemRandom } from '../support/random.ts';
import { Download } from './download.ts';
import type { DownloadOptions } from './options.ts';

/** What a stream is asked: all that a download is, but for what concerns files. */
export interface StreamOptions
  extends Omit<DownloadOptions, 'outputDir' | 'seed' | 'stateDir' | 'allocation' | 'fsync' | 'resume' | 'overwrite' | 'approve' | 'order'> {
  /** Make a tar also of a single file. Default: false; several files are a tar always. */
  readonly tar?: boolean;
  /** A directory for a temporary file that keeps pieces which arrive before their turn and for which 64 MiB of memory are not enough. */
  readonly spoolDir?: string;
  /** How far beyond what was read of the stream pieces are begun, in bytes; at least two pieces. Default: 64 MiB, with a spool 1 GiB. */
  readonly readAheadBytes?: number;
}

/** A stream, and the download behind it. */
export interface StreamedDownload {
  /** Verified bytes only. It ends when all were passed on, and fails with the download. Cancelling it ends the download. */
  readonly stream: ReadableStream<Uint8Array>;
  /** Events, progress, result. The paths that it tells are those in the torrent; verified bytes are those that were read. */
  readonly download: Download;
}

/** What one read of the web stream gets at most. */
const chunkBytes = 256 * 1024;

/** Downloads a torrent as a web stream; begins at once. Throws InputError for a selection or a peer that makes no sense. */
export function streamDownload(metainfo: Metainfo, options: StreamOptions = {}): StreamedDownload {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const sink: ByteSink = {
    async write(bytes) {
      // Copied, since a reader may keep what it got, and our buffers are used again.
      for (let at = 0; at < bytes.length; at += chunkBytes) await writer.write(Uint8Array.from(bytes.subarray(at, at + chunkBytes)));
    },
  };
  const download = downloadInto(metainfo, sink, options);
  writer.closed.catch((reason: unknown) => download.stop(reason));
  download.result
    .then(
      () => writer.close(),
      (error: unknown) => writer.abort(error),
    )
    .catch(() => {}); // of a stream that was cancelled
  return { stream: readable, download };
}

/** Downloads a torrent into `sink`, whose failure becomes the download's. Throws InputError for a selection or a peer that makes no sense. */
export function downloadInto(metainfo: Metainfo, sink: ByteSink, options: StreamOptions): Download {
  const { tar = false, spoolDir, ...others } = options;
  const wished = options.readAheadBytes ?? (spoolDir === undefined ? storageLimits.readAheadBytes : storageLimits.spoolBytes);
  const readAheadBytes = windowPiecesOf(wished, metainfo.pieceLength) * metainfo.pieceLength;
  const sums = { expected: options.checksums ?? new Map(), told: options.sums ?? [] };
  const target = { sink, tar, spoolDir, readAheadBytes, sums };
  return new Download(metainfo, { ...others, readAheadBytes, outputDir: '' }, systemClock, systemRandom, (_, storageOptions) =>
    openStream(metainfo, storageOptions, target),
  );
}
