// When seeding has been enough. Pure; time comes in.

/** How long to seed after everything is there; the first condition that holds ends it. With none it goes on until it is stopped. */
export interface SeedOptions {
  /** Bytes sent in this run as a share of the bytes selected: 1.5 is one and a half times as much. */
  readonly ratio?: number;
  /** Milliseconds from the moment when everything was there. */
  readonly durationMs?: number;
  /** Ends it when it aborts: another process came to its end, say. */
  readonly until?: AbortSignal;
  /** Waited for when everything is there and nothing was given yet; when it rejects, so does the result. */
  readonly before?: () => Promise<void>;
}

/** Why seeding ended; `deadline`: that of the whole download. */
export type SeedEnd = 'ratio' | 'duration' | 'until' | 'deadline';

/** Whether `options` are met by now; undefined while they are not. */
export function seedEnd(options: SeedOptions, facts: { sentBytes: number; totalBytes: number; seedingMs: number }): SeedEnd | undefined {
  if (options.until?.aborted === true) return 'until';
  if (options.ratio !== undefined && facts.sentBytes >= options.ratio * facts.totalBytes) return 'ratio';
  if (options.durationMs !== undefined && facts.seedingMs >= options.durationMs) return 'duration';
  return undefined;
}
