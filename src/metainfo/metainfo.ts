// What a torrent file says, checked: the one value that the rest of the program reads. Made by parse-torrent.ts (BEP 3, 12, 19, 27, 47).

/** The 20 bytes of SHA-1 over the raw `info` dictionary (BEP 3), as a value that has been computed and not merely claimed. */
export type Infohash = Uint8Array & { readonly __brand: 'Infohash' };

/** One file of a torrent, in the torrent's order. */
export interface TorrentFile {
  /** Position in `Metainfo.files`, from 0: pad files counted, symbolic links not, since they are left out. */
  readonly index: number;
  /** Path elements below the output directory, safe to join (path-rules.ts); for a multi-file torrent the first is the torrent's name. */
  readonly path: readonly string[];
  /** Bytes. */
  readonly length: number;
  /** Where its first byte lies in the torrent's bytes. */
  readonly torrentOffset: number;
  /** BEP 47: filler of zeros that is hashed and never written. */
  readonly pad: boolean;
  /** BEP 47 attribute `x`. */
  readonly executable: boolean;
  /** On web seeds, where that is not `path`: the torrent's own path, each element percent-encoded. */
  readonly webPath?: readonly string[];
}

/** A checked torrent. */
export interface Metainfo {
  readonly infohash: Infohash;
  /** 40 lower-case hex digits. */
  readonly infohashHex: string;
  /** The sanitised name: of the file, or of the directory of a multi-file torrent. */
  readonly name: string;
  readonly isMultiFile: boolean;
  readonly files: readonly TorrentFile[];
  /** Bytes of all files, pad files counted. */
  readonly totalLength: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
  /** 20 bytes per piece, in order. */
  readonly pieceHashes: Uint8Array;
  /** BEP 27. */
  readonly private: boolean;
  /** BEP 12: tiers of announce URLs (http, https, udp), as the torrent orders them. Show with `redactUrl`. */
  readonly trackers: readonly (readonly string[])[];
  /** BEP 19 `url-list` (http, https). Show with `redactUrl`. */
  readonly webSeeds: readonly string[];
  /** BEP 17 `httpseeds` (http, https), if there are any. Show with `redactUrl`. */
  readonly httpSeeds?: readonly string[];
  /** BEP 5 `nodes`: DHT nodes by host name or address. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** This and the next texts are as the torrent has them: show with `printable`. */
  readonly comment: string | undefined;
  readonly createdBy: string | undefined;
  /** Seconds since 1970 in UTC. */
  readonly creationDate: number | undefined;
  readonly source: string | undefined;
  /** One printable line each: what was odd and what was made of it. */
  readonly warnings: readonly string[];
}
