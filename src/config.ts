// Limits and defaults that a user, a peer or a torrent can run into, each with its reason. Constants of one algorithm stand beside it.

const KiB = 1024;
const MiB = 1024 * KiB;

/** Our name as peers and trackers see it: client code and version of the peer id (BEP 20, Azureus style), user agent and BEP 10 `v`. */
export const version = '0.1.0';
/** The first 8 of the 20 bytes of our peer id; the rest is random. */
export const peerIdPrefix = '-tN0100-';
/** What trackers are told when nobody can connect to us: they want a port, and nobody answers at this one. */
export const notListeningPort = 1;
/** What trackers and peers are told of us. */
export const userAgent = `ttorrent/${version}`;

/** What a torrent file may ask for. */
export const metainfoLimits = {
  /** A torrent of the most pieces allowed below carries 40 MiB of hashes; the rest is room for its file list. */
  fileBytes: 48 * MiB,
  /** Deep enough for any file tree, shallow enough that no reader of the tree can overflow a stack. */
  depth: 100,
  /** 100 000 files take 600 000, twice that in a hybrid. The file list is decoded file by file: 0.8 us each. */
  tokens: 2_000_000,
  /** What is decoded at once takes up to 250 bytes each: everything but the file list. 100 000 files take 800 000 in the tree of a hybrid. */
  tokensAtOnce: 1_000_000,
  pieces: 2_097_152,
  /** (2^15 - 1) blocks of 16 KiB: what libtorrent accepts. */
  pieceLength: 536_854_528,
  /** 16 TiB, the largest file of ext4. */
  fileLength: 16 * 1024 * 1024 * MiB,
  totalLength: 2 ** 48 - 1,
  pathDepth: 100,
  /** Elements of all paths together: 100 000 files, six levels deep. Each may be a directory to remember, and to make. */
  pathElements: 600_000,
  /** A name element stays below the 255 bytes of every file system, with room for `.part` and `.ttorrent`. */
  nameBytes: 240,
  /** Linux's PATH_MAX. */
  pathBytes: 4096,
  duplicateNames: 500,
  trackers: 64,
  webSeeds: 32,
  nodes: 64,
  /** What common HTTP servers accept in a request line is 4 to 8 KiB; a tracker's URL gets parameters added. */
  urlChars: 2048,
  /** Warnings of one sort that are told one by one. */
  warningsPerSort: 5,
} as const;

/** Bencode from anyone but a torrent file: small and shallow. */
export const messageLimits = { bytes: 1 * MiB, depth: 16, tokens: 20_000 } as const;

/** The peer protocol. */
export const wireLimits = {
  /** What every client requests; larger requests are refused by many (BEP 3). */
  blockBytes: 16 * KiB,
  /** The largest request of ours that a peer may make: what the field accepts. */
  requestBytes: 128 * KiB,
  /** Requests of one peer that wait for us, said as `reqq`: two seconds of 32 Mbit/s. Peers that read faster have them answered sooner. */
  requestsWaiting: 500,
  /** A BEP 10 message; the largest real one is a handshake or 16 KiB of metadata. */
  extensionBytes: 128 * KiB,
  /** A BEP 10 handshake is a small dictionary. */
  extensionHandshakeBytes: 64 * KiB,
  /** Blocks that nobody asked for, per connection, before it is closed: late blocks after a cancel are normal, a stream is not. */
  unsolicitedBlocks: 64,
  unknownMessages: 100,
} as const;

/** Connections to peers, and how long they may take. */
export const peerLimits = {
  connections: 200,
  /** Half-open connections at a time: dead addresses take ten seconds each, and must not keep a living one waiting. */
  dialling: 100,
  /**
   * Dials a second that lead to no peer of the torrent, and as many at once, so that a long list of dead or foreign addresses does not look
   * like a scan. Living peers are limited by the half-open ones alone: 2 000 at a constant 30 a second, libtorrent's pace, take 66 s.
   */
  dialsPerSecond: 30,
  /** New connections a second that we accept, four times as many at once: each costs a handshake and a walk over a bitfield. */
  acceptsPerSecond: 30,
  /** Messages a second other than blocks, beside one `have` for each piece: ten times what the busiest honest peer sends. */
  messagesPerSecond: 1_000,
  /** Chokes, of which honest peers send one in ten seconds: each gives back and asks again for everything on request. */
  chokesPerSecond: 2,
  chokesAtOnce: 60,
  connectTimeoutMs: 10_000,
  handshakeTimeoutMs: 10_000,
  /** BEP 3: two minutes of silence close a connection; we speak before that. */
  silenceTimeoutMs: 120_000,
  keepAliveMs: 100_000,
  /** A requested block that has not come is asked of another peer; the bounds of 4 round trips. */
  requestTimeoutMinMs: 5_000,
  requestTimeoutMaxMs: 20_000,
  /** A peer that owes us blocks and sends none for so long is dropped. */
  snubDropMs: 60_000,
  /** A peer that takes nothing of what waits for it is closed: it holds memory and a place. */
  stuckTimeoutMs: 60_000,
  /** Addresses kept per torrent. */
  addresses: 3_000,
  /** Connections per address that is not loopback. */
  perAddress: 4,
  failures: 3,
} as const;

/** Peer exchange (BEP 11). */
export const pexLimits = {
  /** BEP 11: of both families together, after the first message. */
  addedPerMessage: 50,
  /** The first message of some clients names 200 peers of both families, and drops as many: 8 KiB. */
  messageBytes: 16 * KiB,
  /** BEP 11 allows one; what follows each other more closely was held up on its way. */
  messagesPerMinute: 2,
  sendEveryMs: 60_000,
  /** Addresses known from one peer, or from one kind of source that anybody on the network can speak for: so many, or this share of all. */
  perSource: 50,
  sourceShare: 0.25,
} as const;

/** Local discovery (BEP 14). */
export const lsdLimits = {
  announceEveryMs: 300_000,
  /** BEP 14: at most one a minute. */
  announceAtMostEveryMs: 60_000,
  /** BEP 14: an announce of several torrents keeps below 1 400 bytes; what follows is read leniently. */
  messageBytes: 2 * KiB,
  cookieChars: 64,
  /** Announces of others that are looked at between two of ours. */
  heard: 50,
  /** Networks that a machine may be in. */
  interfaces: 8,
} as const;

/** How many blocks may be asked of one peer at a time. */
export const requestWindowLimits = {
  min: 5,
  /** 64 MiB on the way: 500 Mbit/s at a second's round trip. The peer's `reqq` is usually lower. */
  max: 4096,
  /** What a peer accepts that does not say (libtorrent's and most clients' default is 250 or more). */
  defaultReqq: 250,
} as const;

/** Trackers. */
export const trackerLimits = {
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 10_000,
  totalTimeoutMs: 30_000,
  /** Two tries of a name server fit into the time to connect. */
  dnsTimeoutMs: 2_500,
  dnsTries: 2,
  /** Of several addresses of a host, each but the last gets this long: more than a satellite's round trip, little where IPv6 is broken. */
  addressAttemptMs: 800,
  /** The whole goodbye, so that stopping never takes long. */
  stoppedTimeoutMs: 2_000,
  /** After decompression. A reply of 10 000 peers is 60 KB. */
  bodyBytes: 1 * MiB,
  redirects: 5,
  defaultIntervalMs: 1_800_000,
  minIntervalMs: 60_000,
  maxIntervalMs: 3_600_000,
  /** Between announces while peers are few, when the tracker sets no `min interval`. */
  fewPeersIntervalMs: 60_000,
  backoffFirstMs: 5_000,
  backoffMaxMs: 1_800_000,
  /** When the tracker asked first has not answered by then, the next is asked beside it. */
  nextTrackerAfterMs: 4_000,
  /** From then on twice as many at a time with every second, so that the 64th is asked within 10 s however many are dead. */
  moreTrackersEveryMs: 1_000,
  failureReasonChars: 512,
  trackerIdBytes: 256,
  numwant: 200,
} as const;

/** Trackers over UDP (BEP 15). */
export const udpTrackerLimits = {
  /** BEP 15: an unanswered request is repeated after 15 s, then after twice as long each time, up to 15 x 2^8. */
  retryMs: 15_000,
  retryDoublings: 8,
  /** One announce is given up after so many unanswered requests in a row, 45 s; the next goes on where it ended, with one request. */
  silencesPerCall: 2,
  /** BEP 15: a connection id may be used for a minute. */
  connectionMs: 60_000,
  /** Of several addresses of a host, each but the last gets this long, as over HTTP. */
  addressAttemptMs: trackerLimits.addressAttemptMs,
  /** When a tracker has answered over one of IPv4 and IPv6, the other has this long: a round trip or two where it works. */
  otherFamilyMs: 500,
  /** A name with many addresses must not have us send to each of them. */
  addresses: 4,
  /** Path and query, so that an announce fits into two packets of Ethernet. */
  urlDataChars: 2048,
  /** Trackers that are remembered: 64 of each of 16 torrents. */
  sessions: 1024,
} as const;

/** Web seeds (BEP 17, 19). */
export const webSeedLimits = {
  connectTimeoutMs: 10_000,
  /** Nothing came for so long: the range is asked for elsewhere. */
  idleTimeoutMs: 20_000,
  /** As a peer: a block that takes longer holds up what others could send. 16 KiB at 1 KB/s take 16 s. */
  blockTimeoutMs: 60_000,
  /** Connections to one server, and servers at a time: mirrors are somebody's gift. */
  lanes: 4,
  seedsAtOnce: 8,
  /** A request for less is mostly waiting, one for more is bytes that nobody else can bring meanwhile. */
  runBytesMin: 1 * MiB,
  runBytesMax: 16 * MiB,
  /** What a server sends that knows no ranges is read up to the range, if it is not more than this. */
  skipBytes: 1 * MiB,
  /** Failures in a row after which a server is left alone for a while; before, it is asked again after `retryMs`. */
  failures: 4,
  retryMs: 30_000,
  offMs: 600_000,
  /** `Retry-After: 0` is not meant to have us ask as fast as we can. */
  retryAfterMinMs: 1_000,
  retryAfterMaxMs: 3_600_000,
  /** Files in a row that a server does not have, after which that is a failure. */
  goneInARow: 64,
  /** Bad pieces that are proven to be a server's, after which it is not used again. One may be a cache that went wrong. */
  badPieces: 2,
  redirects: 5,
  headBytes: 64 * KiB,
  headFields: 100,
  /** Peers that give less than this together are slow. */
  slowPeersBytesPerSecond: 64 * KiB,
  /** For so long peers must have been slow before a web seed is asked, where peers are preferred; and the other way round. */
  preferredAloneMs: 10_000,
} as const;

/** The router that is asked to map our port. */
export const portMappingLimits = {
  /** Renewed at half of it: a router that was started anew maps again within 10 minutes, and forgets a client that was killed within 20. */
  leaseSeconds: 1_200,
  /** RFC 6887, section 11.2.1: never renewed sooner, however short a lease is. */
  renewMinMs: 4_000,
  /** A router in the same house answers at once. All of one protocol: a search of 2 s, a description, some questions. */
  attemptMs: 10_000,
  /** After a failure, twice as long each time. */
  retryFirstMs: 60_000,
  retryMaxMs: 1_800_000,
  /** For taking the mapping back: it may not hold up the end. */
  goodbyeMs: 1_000,
  connectTimeoutMs: 2_000,
  idleTimeoutMs: 4_000,
  /** Descriptions of routers are 3 to 30 KB. */
  bodyBytes: 128 * KiB,
} as const;

/** A torrent file over HTTP. */
export const torrentFetchLimits = {
  /** As on disk. */
  bodyBytes: metainfoLimits.fileBytes,
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 20_000,
  /** The largest over 3 Mbit/s. */
  totalTimeoutMs: 120_000,
  redirects: 5,
} as const;

/** A list of torrents: file, or pipe. */
export const sourceListLimits = {
  /** 10 000 URLs of 400 characters. */
  bodyBytes: 4 * MiB,
} as const;

/** A list of checksums, from disk or over HTTP. */
export const checksumListLimits = {
  /** 100 000 files with SHA-512 sums and paths of 200 characters. */
  bodyBytes: 32 * MiB,
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 10_000,
  totalTimeoutMs: 60_000,
  redirects: 5,
} as const;

/** Blocklists, from disk or over HTTP. */
export const blocklistLimits = {
  /** The largest published lists are 10 to 40 MB unpacked, and 3 to 10 MB packed. */
  bodyBytes: 64 * MiB,
  inflatedBytes: 256 * MiB,
  /** Four times the largest. The sort of them has room for 2^21. */
  ranges: 2_000_000,
  lineBytes: 1024,
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 10_000,
  totalTimeoutMs: 120_000,
  redirects: 5,
} as const;

/** The disk. */
export const storageLimits = {
  /** Open files. With directories, saving, threads and checks beside them there are at most 64 descriptors below the output directory. */
  openFiles: 40,
  /** Files opened before the first peer is asked: enough to learn that the disk refuses, few enough to leave descriptors for sockets. */
  openFilesAtStart: 4,
  /** How often the state is saved. */
  checkpointMs: 1_000,
  /** So much is flushed in between: what is left for the end is short, and each flush costs the disk a commit of its journal. */
  flushBytes: 64 * MiB,
  /** Bytes of pieces that wait for their hash and write; beyond it reading from peers pauses. */
  bytesInFlight: 32 * MiB,
  /** Bytes of pieces that are partly received. Beyond it peers share pieces instead of opening new ones. */
  partialBytes: 64 * MiB,
  /** And beyond this even a peer that has nothing else to do begins no new piece. */
  partialBytesHard: 256 * MiB,
  /** What peers read is read from the disk by whole pieces, longer ones in parts of this: 64 blocks, which a peer asks for in a row. */
  readCacheSpanBytes: 1 * MiB,
  /** 64 parts: as many peers may read in different places without pushing each other out. */
  readCacheBytes: 64 * MiB,
  /** How far a download in the torrent's order reads ahead of the first byte that is lacking: 3 s of 160 Mbit/s. It may all be in memory. */
  readAheadBytes: 64 * MiB,
  /** The same with a spool file. */
  spoolBytes: 1024 * MiB,
  /** A file that is complete gets its final name at the next save; so long may it wait, so that many small files share one save. */
  completionDelayMs: 100,
  /** Files that are fsynced at a time. Node has 4 threads for files; writes need some of them meanwhile. */
  syncsInParallel: 3,
  /** From so many small files on they are made on threads of their own: those take as long to start as 200 files the ordinary way. */
  manyFiles: 200,
  /** Files that wait to be made, of a torrent of small ones: a tenth of a second's work. */
  filesInFlight: 4096,
  /** Files that are flushed or get their final names in one batch: some 10 ms. */
  batchFiles: 500,
  /** Threads for batches. */
  batchThreads: 2,
  /** When no descriptor is left: how often, and after how long each time, an open is tried again. Peers give descriptors back. */
  descriptorRetries: 50,
  descriptorRetryMs: 20,
  /** What a received piece is hashed of in one turn of the event loop: 2 ms. */
  hashTurnBytes: 4 * MiB,
  /** What digests of whole files hash in one turn, all algorithms together: 10 ms where a processor does 100 MB/s. */
  digestTurnBytes: 1 * MiB,
  /** Pieces that wait in memory for their turn in the digest of a file: the read-ahead of a sequential download. */
  earlyDigestBytes: 64 * MiB,
  /** Threads that check existing data; more than the cores of most machines only wait for the disk. */
  hashWorkers: 16,
  /** What a hash worker reads at a time: fits a core's second-level cache. */
  hashChunkBytes: 256 * KiB,
  /** What a hash worker takes at a time: some milliseconds of work, so that the last ones end together. */
  hashBatchBytes: 4 * MiB,
  /** Complete downloads that are remembered, and the bytes of it: 100 000 files take 3.5 MB, ten files 400 bytes. */
  completionRecords: 500,
  completionRecordBytes: 64 * MiB,
  /** Up to so much is checked without a worker, which takes some 30 ms to start. */
  checkInlineBytes: 8 * MiB,
  /** What is copied, compared or filled with zeros at a time. */
  copyChunkBytes: 1 * MiB,
} as const;

/** When a download that gets nothing gives up. */
export const defaultStallTimeoutMs = 300_000;
