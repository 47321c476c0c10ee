// The pieces as a map: a cell for some pieces in their order, its colour when they came. A table says the same in words. Pure.

import { formatDuration } from '../../index.ts';
import { formatCount, formatPercent } from '../format.ts';
import { Html, html } from './html.ts';
import type { PieceCell, Report } from './report.ts';
import { tones } from './report-style.ts';

const columnsMax = 48;
const pitch = 10;
const gap = 1;

/** The map, its legend, and its table. */
export function pieceMap({ pieces, durationMs, timings }: Report): Html {
  const columns = Math.max(1, Math.min(columnsMax, pieces.length));
  const rows = Math.ceil(pieces.length / columns);
  const beganMs = timings.firstPieceMs ?? 0;
  const endMs = Math.max(beganMs + 1, ...pieces.map(({ atMs }) => atMs ?? 0));
  const toneOf = (atMs: number): number => Math.min(tones - 1, Math.max(0, Math.floor(((atMs - beganMs) / (endMs - beganMs)) * tones)));

  // One path for each colour: a cell of its own for each of 1 440 would make the page four times as long.
  const paths = new Map<string, string>();
  const draw = (tone: string, cell: number, from: number, share: number): void => {
    const size = pitch - gap;
    const x = (cell % columns) * pitch;
    const y = Math.floor(cell / columns) * pitch + size - (from + share) * size;
    paths.set(tone, `${paths.get(tone) ?? ''}M${x} ${fixed(y)}h${size}v${fixed(share * size)}h-${size}z`);
  };
  pieces.forEach((cell, index) => {
    draw(cell.wanted + cell.before + cell.fetched === 0 ? 'unwanted' : 'missing', index, 0, 1);
    if (cell.before > 0) draw('before', index, 0, cell.before / cell.count);
    if (cell.atMs !== null) draw(`tone${toneOf(cell.atMs)}`, index, cell.before / cell.count, cell.fetched / cell.count);
  });

  const has = (tone: string): boolean => paths.has(tone);
  const swatches = Array.from({ length: tones }, (_, tone) => html`<span class="swatch tone${tone}"></span>`);
  return html`<svg class="map" role="img" aria-labelledby="map-title" aria-describedby="map-text" viewBox="0 0 ${columns * pitch - gap} ${Math.max(1, rows * pitch - gap)}">
<title id="map-title">When each piece came</title><desc id="map-text">${mapDescription(pieces)}</desc>
${[...paths].map(([tone, d]) => html`<path class="${tone}" d="${new Html(d)}"/>`)}</svg>
<p class="legend">${has('tone0') && html`<span>${formatDuration(beganMs)}</span><span class="tones">${swatches}</span><span>${formatDuration(endMs)}</span>`}
${has('before') && key('before', 'there before')}${isMissing(pieces) && key('missing', 'missing')}${has('unwanted') && key('unwanted', 'not selected')}</p>
${pieceTable(pieces, durationMs)}`;
}

function key(tone: string, words: string): Html {
  return html`<span class="key"><span class="swatch ${tone}"></span>${words}</span>`;
}

function mapDescription(pieces: readonly PieceCell[]): string {
  const sum = (of: (cell: PieceCell) => number): number => pieces.reduce((total, cell) => total + of(cell), 0);
  const perCell = Math.max(0, ...pieces.map(({ count }) => count));
  return (
    `${formatCount(
      sum(({ count }) => count),
      'piece',
    )} in their order, ${perCell <= 1 ? 'a cell each' : `up to ${perCell} a cell`}: ` +
    `${sum(({ fetched }) => fetched)} came in this run, ${sum(({ before }) => before)} were there before. The table below says when.`
  );
}

function isMissing(pieces: readonly PieceCell[]): boolean {
  return pieces.some(({ wanted, before, fetched }) => wanted > before + fetched);
}

/** How many pieces came in each tenth of the run. */
function pieceTable(pieces: readonly PieceCell[], durationMs: number): Html {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const { atMs, fetched } of pieces) {
    if (atMs === null) continue;
    const tenth = Math.min(9, Math.floor((atMs / Math.max(durationMs, 1)) * 10));
    tenths[tenth] = (tenths[tenth] ?? 0) + fetched;
  }
  const all = tenths.reduce((sum, count) => sum + count, 0);
  if (all === 0) return html``;
  let sum = 0;
  const rows = tenths.map((count, tenth) => {
    sum += count;
    const span = `${formatDuration((tenth * durationMs) / 10)} to ${formatDuration(((tenth + 1) * durationMs) / 10)}`;
    return html`<tr><th scope="row">${span}</th><td class="n">${count}</td><td class="n">${formatPercent(sum, all)}</td></tr>`;
  });
  return html`<details><summary>The same as a table</summary><table><caption>Pieces that came in each tenth of the run</caption>
<thead><tr><th scope="col">time</th><th scope="col" class="n">pieces</th><th scope="col" class="n">of those that came</th></tr></thead>
<tbody>${rows}</tbody></table></details>`;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
