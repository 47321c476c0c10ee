// Trackers and web seeds as a torrent file has them, from what a user names (BEP 3 `announce`, BEP 12 `announce-list`, BEP 19 `url-list`).
// URLs are Latin-1 of their raw bytes here, so that those of an existing torrent stay what they are.

import type { BencodeValue } from '../bencode/bencode-value.ts';
import { metainfoLimits } from '../config.ts';
import { InputError } from '../errors.ts';
import { fromText, toLatin1 } from '../support/bytes.ts';
import { redactUrl } from '../support/printable.ts';
import { fromLatin1 } from '../support/text.ts';
import { trackerProblem, webSeedProblem } from './sources.ts';

/** Tiers of announce URLs. */
export type Tiers = readonly (readonly string[])[];

/** What a key of a torrent is to be; undefined: absent. */
export type Field = readonly [key: string, value: BencodeValue | undefined];

/** `tiers` as they go into a torrent. Throws InputError `bad-argument` for a URL that no torrent of ours would be read with. */
export function trackerUrls(tiers: Tiers): string[][] {
  return tiers.map((tier) => tier.map((url) => checkedUrl('tracker', url, trackerProblem(url))));
}

/** As `trackerUrls`, for web seeds. */
export function webSeedUrls(urls: readonly string[]): string[] {
  return urls.map((url) => checkedUrl('web seed', url, webSeedProblem(url)));
}

function checkedUrl(purpose: string, url: string, problem: string | undefined): string {
  if (problem !== undefined) throw new InputError('bad-argument', `the ${purpose} ${redactUrl(url)} ${problem}`);
  return toLatin1(fromText(url.trim()));
}

/** `tiers` without what is there twice, and without empty tiers. */
export function distinctTiers(tiers: Tiers): string[][] {
  const seen = new Set<string>();
  const isNew = (url: string): boolean => !seen.has(url) && seen.add(url).size > 0;
  return tiers.map((tier) => tier.filter(isNew)).filter((tier) => tier.length > 0);
}

/** `announce` for the first tracker, `announce-list` where there are more. Throws InputError `bad-argument` when there are too many. */
export function trackerFields(tiers: Tiers): Field[] {
  const distinct = distinctTiers(tiers);
  const urls = distinct.flat();
  checkCount('trackers', urls.length, metainfoLimits.trackers);
  return [
    ['announce', urls[0] === undefined ? undefined : fromLatin1(urls[0])],
    ['announce-list', urls.length > 1 ? distinct.map((tier) => tier.map(fromLatin1)) : undefined],
  ];
}

/** `url-list`. Throws InputError `bad-argument` when there are too many. */
export function webSeedFields(urls: readonly string[]): Field[] {
  const distinct = [...new Set(urls)];
  checkCount('web seeds', distinct.length, metainfoLimits.webSeeds);
  return [['url-list', distinct.length > 0 ? distinct.map(fromLatin1) : undefined]];
}

function checkCount(what: string, count: number, most: number): void {
  if (count > most) throw new InputError('bad-argument', `${count} ${what} are more than the ${most} that are read from a torrent`);
}
