// Collects what was odd in a torrent but no reason to refuse it. A torrent of 100 000 odd names gives a handful of lines, not 100 000.

import { metainfoLimits } from '../config.ts';

/** The warnings of one torrent. */
export class Warnings {
  readonly #bySort = new Map<string, { readonly told: string[]; untold: number }>();

  /** Notes what `message` gives, one printable line. Beyond a few of one `sort`, a noun phrase in the plural, they are only counted. */
  add(sort: string, message: () => string): void {
    const noted = this.#bySort.get(sort) ?? { told: [], untold: 0 };
    this.#bySort.set(sort, noted);
    if (noted.told.length < metainfoLimits.warningsPerSort) noted.told.push(message());
    else noted.untold++;
  }

  /** The warnings, by sort in the order in which each sort came up. */
  lines(): string[] {
    return [...this.#bySort].flatMap(([sort, { told, untold }]) => (untold === 0 ? told : [...told, `${untold} more ${sort}`]));
  }
}
