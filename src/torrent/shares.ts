// What a torrent may be given instead of having its own: it does not know with whom it shares it.

import type { ByteStream } from '../transport/byte-stream.ts';
import type { DownloadLimit } from './download-limit.ts';
import type { UploadLimit } from './upload-limit.ts';

/** What is absent a torrent has for itself. */
export interface Shares {
  readonly entrance?: Entrance;
  readonly downloadLimit?: DownloadLimit | undefined;
  readonly uploadLimit?: UploadLimit | undefined;
}

/** Where peers connect to us: the options of the torrent that concern it (port, mapping) do not count. */
export interface Entrance {
  /** Peers that want the torrent `infohash` go to `accept`, until the listener is closed. Throws as `listenForPeers` does. */
  join(infohash: Uint8Array, guest: EntranceGuest): Promise<Welcome>;
}

/** A torrent's place at an entrance. */
export interface Welcome {
  /** Where peers reach us: the router's port where it is another one than ours. */
  readonly port: number;
  /** Where we listen on this machine. */
  readonly localPort: number;
  /** Gives the router's port back, if no other torrent is reached by it. */
  unmap(): Promise<void>;
  /** Accepts no more; connections that were handed out stay open. */
  close(): Promise<void>;
}

/** Whoever peers come to. */
export interface EntranceGuest {
  /** A stream that delivers the peer's handshake, whichever way it came; `accept` owns it. */
  accept(stream: ByteStream): void;
  /** The listener's port, as peers see it, is another one now. */
  portChanged(): void;
  warned(message: string): void;
}
