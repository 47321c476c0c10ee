// What the head of an answer means for the bytes that were asked for: they follow, or others do, or there are none. Pure; RFC 9110,
// sections 14 (ranges), 15 (status codes) and 10.2.3 (Retry-After).

import { webSeedLimits } from '../config.ts';
import type { AnswerHead } from './answer-reader.ts';

/** Half-open offsets of one file, whose length is known. */
export interface WantedRange {
  readonly begin: number;
  readonly end: number;
  readonly fileLength: number;
}

/** What is to be done with the answer. */
export type Verdict =
  /** The body holds the range behind `skip` bytes that do not belong to it; `isWhole`: the body is the whole file. */
  | { readonly kind: 'content'; readonly skip: number; readonly isWhole: boolean }
  | { readonly kind: 'redirect'; readonly location: string }
  /** The server lives, and does not have this file. */
  | { readonly kind: 'gone'; readonly message: string }
  /** It asks us to come again later; undefined: it does not say when. */
  | { readonly kind: 'busy'; readonly retryMs: number | undefined; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const goneStatuses: ReadonlySet<number> = new Set([401, 403, 404, 410, 451]);

/** What `head` says to a request for `range`. `nowMs` is the time of day, in milliseconds since 1970. `skipMax`: what a body may hold before the range. */
export function verdictOn(head: AnswerHead, range: WantedRange, nowMs: number, skipMax: number = webSeedLimits.skipBytes): Verdict {
  const { status, fields } = head;
  const location = fields.get('location');
  if (redirects.has(status) && location !== undefined) return { kind: 'redirect', location };
  if (status === 206 || status === 200) {
    const encoding = fields.get('content-encoding')?.toLowerCase() ?? 'identity';
    if (encoding !== 'identity' && encoding !== '') return failed('it packs the content, which was not asked for');
    return status === 206 ? partial(fields.get('content-range'), range) : whole(head, range, skipMax);
  }
  if (status === 416) return { kind: 'gone', message: 'its file is shorter (HTTP 416)' };
  if (goneStatuses.has(status)) return { kind: 'gone', message: `HTTP ${status}` };
  if (status === 429 || status === 503)
    return { kind: 'busy', retryMs: retryAfterMs(fields.get('retry-after'), nowMs), message: `HTTP ${status}` };
  return failed(`HTTP ${status}`);
}

/** `bytes 0-99/1000`: what may follow is the range or the beginning of it. Anything else, several ranges too, is of no use. */
function partial(contentRange: string | undefined, range: WantedRange): Verdict {
  const parts = /^bytes[ \t]+(\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(contentRange ?? '');
  if (parts === null) return failed('it does not say which range it sends');
  const [, first, last, length] = parts;
  if (length !== '*' && Number(length) !== range.fileLength) return otherLength(Number(length), range);
  if (Number(first) !== range.begin || Number(last) < range.begin || Number(last) >= range.end)
    return failed('it sends another range than was asked for');
  return { kind: 'content', skip: 0, isWhole: false };
}

function whole({ length }: AnswerHead, range: WantedRange, skipMax: number): Verdict {
  if (length !== undefined && length !== range.fileLength) return otherLength(length, range);
  if (range.begin > skipMax) return failed('it knows no ranges');
  return { kind: 'content', skip: range.begin, isWhole: true };
}

function otherLength(found: number, { fileLength }: WantedRange): Verdict {
  return { kind: 'gone', message: `its file has ${found} bytes instead of ${fileLength}` };
}

/** Seconds, or a date; at least a second, and at most an hour, so that no server sends us away for good. Undefined for what is neither. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const waitMs = /^\d{1,15}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  const { retryAfterMinMs, retryAfterMaxMs } = webSeedLimits;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, retryAfterMinMs), retryAfterMaxMs);
}

function failed(message: string): Verdict {
  return { kind: 'failed', message };
}
