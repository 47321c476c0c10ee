// A bar chart as SVG, for people who would rather look: how many times as long as ttorrent each program took, profile by profile. Readable on
// light and dark pages.

import { baseMedians, type Comparison, mediansOf } from '../result.ts';

const width = 760;
const left = 130;
const right = 120;
const barHeight = 18;
const barGap = 4;
const groupGap = 34;
/** Bars end here: beyond, lengths would no longer be compared and the short ones would be crushed. */
const longest = 10;

const colours: Readonly<Record<string, string>> = {
  ttorrent: '#0a7d4f',
  libtorrent: '#3b6fb6',
  aria2: '#b65f3b',
  webtorrent: '#a33b7e',
  transmission: '#8a7a1f',
};
const otherColour = '#7a7f87';

/** One group of bars for each comparison that has a base. */
export function chart(comparisons: readonly Comparison[]): string {
  const parts: string[] = [];
  let y = 44;
  for (const comparison of comparisons) {
    const bars = barsOf(comparison);
    if (bars.length === 0) continue;
    parts.push(text(16, y, comparison.profile, 'class="head"'));
    y += 10;
    for (const { name, ratio } of bars) {
      parts.push(bar(name, ratio, y));
      y += barHeight + barGap;
    }
    y += groupGap;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img">`,
    '<title>Time of a download, as a multiple of ttorrent’s</title>',
    '<style>text{font:13px system-ui,sans-serif;fill:#24292f}.head{font-weight:600}.note{font-size:12px}',
    '@media(prefers-color-scheme:dark){text{fill:#e6edf3}}</style>',
    text(16, 18, 'Wall time as a multiple of ttorrent’s in the same run: shorter is faster', 'class="note"'),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function barsOf(comparison: Comparison): { readonly name: string; readonly ratio: number }[] {
  const base = baseMedians(comparison);
  if (base === undefined) return [];
  return comparison.rows.flatMap((row) => {
    const medians = mediansOf(row);
    return medians === undefined ? [] : [{ name: row.name, ratio: medians.wallSeconds / base.wallSeconds }];
  });
}

function bar(name: string, ratio: number, y: number): string {
  const length = ((width - left - right) * Math.min(ratio, longest)) / longest;
  const colour = colours[name] ?? otherColour;
  const middle = y + barHeight - 5;
  const isCut = ratio > longest;
  return [
    text(left - 8, middle, name, 'text-anchor="end"'),
    `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2" fill="${colour}"/>`,
    text(left + length + 8, middle, `${ratio.toFixed(2)} x${isCut ? ' (bar cut)' : ''}`),
  ].join('');
}

function text(x: number, y: number, words: string, attributes = ''): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escaped}</text>`;
}
