// Durations, sizes and rates as people type them: `1h30m`, `1.5GiB`, `500K`, `2M:30s`. Strict: what is not understood is refused, never
// guessed. Pure.

/** What was typed is not a quantity; the message says what was expected. */
export class UnitError extends Error {}

/**
 * Milliseconds of `90`, `90s`, `5m`, `1h30m`, `2d`, `500ms`: a bare number is seconds; with units each stands once, the larger first.
 * At most `longestDurationMs`. Throws UnitError.
 */
export function parseDuration(text: string): number {
  const match = durationPattern.exec(text);
  if (match === null || text === '') throw new UnitError('Expected a duration such as 90s, 5m, 1h30m or 2d.');
  const [, bareSeconds, days, hours, minutes, seconds, milliseconds] = match;
  const ms =
    Number(bareSeconds ?? 0) * 1000 +
    Number(days ?? 0) * 86_400_000 +
    Number(hours ?? 0) * 3_600_000 +
    Number(minutes ?? 0) * 60_000 +
    Number(seconds ?? 0) * 1000 +
    Number(milliseconds ?? 0);
  if (ms > longestDurationMs) throw new UnitError('Expected at most 24d.');
  return Math.round(ms);
}

/**
 * Bytes of `4096`, `500K`, `2M`, `1.5GiB`, `10MB`: K, M, G and T are powers of 1024 like KiB, MiB, GiB and TiB; KB, MB, GB and TB are
 * powers of 1000. Case does not matter. Throws UnitError.
 */
export function parseSize(text: string): number {
  const match = sizePattern.exec(text);
  const number = match?.[1];
  if (match === null || number === undefined) throw new UnitError('Expected a size such as 500K, 2M, 1.5GiB or 10MB.');
  const unit = (match[2] ?? '').toUpperCase();
  const base = unit.length === 2 ? 1000 : 1024;
  const exponent = unit === '' ? 0 : 'KMGT'.indexOf(unit.charAt(0)) + 1;
  const exact = Number(number) * base ** exponent;
  const bytes = Math.round(exact);
  if (!Number.isSafeInteger(bytes)) throw new UnitError('Expected less than 8192T.');
  if (bytes === 0 && exact > 0) throw new UnitError('Expected at least one byte.');
  return bytes;
}

/** Bytes per second: a size, with or without `/s` behind it. Throws UnitError. */
export function parseRate(text: string): number {
  try {
    return parseSize(text.replace(/\/s$/i, ''));
  } catch (error) {
    if (error instanceof UnitError && error.message.includes('such as')) {
      throw new UnitError('Expected bytes per second such as 500K, 2M or 10MB/s.', { cause: error });
    }
    throw error;
  }
}

/** `RATE:DURATION`, both above zero. Throws UnitError. */
export function parseMinRate(text: string): { bytesPerSecond: number; windowMs: number } {
  const colon = text.indexOf(':');
  if (colon === -1) throw new UnitError('Expected RATE:DURATION such as 100K:30s.');
  const minRate = { bytesPerSecond: parseRate(text.slice(0, colon)), windowMs: parseDuration(text.slice(colon + 1)) };
  if (minRate.bytesPerSecond === 0 || minRate.windowMs === 0) throw new UnitError('Expected a rate and a duration above zero.');
  return minRate;
}

/** A whole decimal number from `min` to `max`, digits only. Throws UnitError. */
export function parseCount(text: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw new UnitError(`Expected a whole number from ${min} to ${max}.`);
  return value;
}

/** `6881`, or `6881-6889`, the first and the last included. Throws UnitError. */
export function parsePorts(text: string): number | { first: number; last: number } {
  const [from = '', to] = text.split('-', 2);
  if (to === undefined) return parseCount(from, 1, 65_535);
  const range = { first: parseCount(from, 1, 65_535), last: parseCount(text.slice(from.length + 1), 1, 65_535) };
  if (range.first > range.last) throw new UnitError(`Expected a range that goes up, such as ${to}-${from}.`);
  return range;
}

/** A share such as `2` or `1.5`, above zero. Throws UnitError. */
export function parseRatio(text: string): number {
  const ratio = new RegExp(`^${decimal}$`).test(text) ? Number(text) : Number.NaN;
  if (!(ratio > 0)) throw new UnitError('Expected a number above zero such as 1 or 1.5.');
  return ratio;
}

/** What a timer of Node can hold, 2^31 - 1 ms, in whole days; a longer wait would have to be cut into several. */
export const longestDurationMs = 24 * 86_400_000;

const decimal = String.raw`(\d{1,15}(?:\.\d{1,9})?)`;
const durationPattern = new RegExp(`^(?:${decimal}|(?:${decimal}d)?(?:${decimal}h)?(?:${decimal}m)?(?:${decimal}s)?(?:${decimal}ms)?)$`);
const sizePattern = new RegExp(`^${decimal}(?:B|([KMGT](?:i?B)?))?$`, 'i');
