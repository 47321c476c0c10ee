// The error classes, one per consequence (ARCHITECTURE.md, "Errors"). Each error carries a code, says what was being done, and keeps
// its cause. Codes name causes; which process exit code a cause becomes is decided in cli/exit-codes.ts alone.

/** What went wrong, by cause. `cli/exit-codes.ts` gives each its exit code. */
export type ErrorCode =
  | 'internal'
  | 'deadline-reached'
  | 'torrent-not-found'
  | 'below-min-rate'
  | 'torrent-fetch-failed'
  | 'stalled'
  | 'disk-full'
  | 'in-the-way'
  | 'locked'
  | 'open-failed'
  | 'create-failed'
  | 'read-write-failed'
  | 'mkdir-failed'
  | 'not-bencode'
  | 'bad-torrent'
  | 'bad-magnet'
  | 'bad-argument'
  | 'data-mismatch'
  | 'no-source'
  | 'tracker-refused'
  | 'only-corrupt-sources'
  | 'nothing-selected'
  | 'hook-failed'
  | 'metadata-timeout'
  | 'network'
  | 'protocol';

/** Base of every error that ttorrent throws on purpose. `message` is one line: what was being done, to what, what was expected, what came. */
export abstract class TtorrentError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The user's file, flag or magnet link is at fault: tell, do not retry. */
export class InputError extends TtorrentError {}

/** The path to a remote failed (refused, reset, timed out): back off, try another address. */
export class NetworkError extends TtorrentError {
  constructor(message: string, options?: ErrorOptions) {
    super('network', message, options);
  }
}

/** The bytes of a remote break a protocol: drop that remote. */
export class ProtocolError extends TtorrentError {
  constructor(message: string, options?: ErrorOptions) {
    super('protocol', message, options);
  }
}

/** A tracker said no: next in the tier; its words are kept for the user. */
export class TrackerError extends TtorrentError {
  constructor(message: string, options?: ErrorOptions) {
    super('tracker-refused', message, options);
  }
}

/** The disk is full, denied or gone: stop this torrent, state kept. */
export class StorageError extends TtorrentError {}

/** The download ended without being complete, for a reason that is nobody's mistake: deadline, stall, no source left. */
export class IncompleteError extends TtorrentError {}

/** Our own mistake: crash loudly, ask for a report. */
export class InvariantError extends TtorrentError {
  constructor(message: string, options?: ErrorOptions) {
    super('internal', message, options);
  }
}

/** Throws an InvariantError with `message` unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
