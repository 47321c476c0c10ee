// Several torrents at a time: one port for the peers of all, one limit for what all receive and one for what all send. Each is downloaded as
// if it were alone.

import type { Metainfo } from '../metainfo/metainfo.ts';
import { delay, systemClock } from '../support/clock.ts';
import { DownloadLimit } from '../torrent/download-limit.ts';
import { type Download, downloadSharing } from '../torrent/download.ts';
import type { DownloadOptions } from '../torrent/options.ts';
import type { Shares } from '../torrent/shares.ts';
import { UploadLimit } from '../torrent/upload-limit.ts';
import { networkOf } from '../transport/network-options.ts';
import { SharedEntrance } from './shared-entrance.ts';

/** What holds for all torrents together. */
export type SessionOptions = Pick<DownloadOptions, 'port' | 'mapPort' | 'network' | 'encryption' | 'maxDownloadRate' | 'maxUploadRate'>;

/** Longer than a router needs to take a mapping back. */
const goodbyeMaxMs = 3_000;

/** Downloads that share a port and rates. */
export class Session {
  readonly #entrance: SharedEntrance;
  readonly #shares: Shares;
  /** What no download may have in another way: nothing leaves past the proxy of all, or in the clear. */
  readonly #common: Pick<DownloadOptions, 'network' | 'encryption'>;

  /** Throws InputError for a network that makes no sense. */
  constructor(options: SessionOptions = {}) {
    const { maxDownloadRate, maxUploadRate, network, encryption } = options;
    this.#common = { ...(network !== undefined && { network }), ...(encryption !== undefined && { encryption }) };
    this.#entrance = new SharedEntrance(options, networkOf(options.network));
    this.#shares = {
      entrance: this.#entrance,
      downloadLimit: maxDownloadRate === undefined ? undefined : new DownloadLimit(maxDownloadRate, systemClock),
      uploadLimit: maxUploadRate === undefined ? undefined : new UploadLimit(maxUploadRate, systemClock),
    };
  }

  /**
   * As `download`; of `options` what stands in the session's own is the session's matter. Two downloads of one torrent that peers connect to at
   * a time are refused: the second's result rejects with InputError `in-the-way`.
   */
  download(metainfo: Metainfo, options: DownloadOptions): Download {
    return downloadSharing(metainfo, { ...options, ...this.#common }, this.#shares);
  }

  /** Lets no more peers in. The downloads must be over. */
  async close(): Promise<void> {
    const over = new AbortController();
    await Promise.race([this.#entrance.close().finally(() => over.abort()), delay(systemClock, goodbyeMaxMs, over.signal).catch(() => {})]);
  }
}
