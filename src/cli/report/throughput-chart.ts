// The curves of what came and went each moment, as an SVG without text: its labels stand beside it, so that they stay readable at any width. Pure.

import { formatDuration } from '../../index.ts';
import { formatCount, formatRate } from '../format.ts';
import { type Html, html } from './html.ts';
import type { Report, Sample } from './report.ts';

const width = 720;
const height = 200;
/** Bins at most: a step of three units is the narrowest that can be seen. */
const binsMax = 240;

/** Received bytes per second over the time of the run, and those sent, if there are any. */
export function throughputChart(report: Report): Html {
  const { samples, durationMs } = report;
  const rates = ratesOf(samples, durationMs, 'downloadedBytes');
  const peak = Math.max(0, ...rates);
  const isSending = (report.totals?.uploadedBytes ?? 0) > 0;
  const sentRates = isSending ? ratesOf(samples, durationMs, 'uploadedBytes') : [];
  const sentPeak = Math.max(0, ...sentRates);
  const top = niceTop(Math.max(peak, sentPeak));
  const mean = report.totals?.meanBytesPerSecond ?? 0;
  const description =
    `Received bytes per second over ${formatDuration(durationMs)}: ${formatRate(mean)} on average, at most ${formatRate(peak)}` +
    (isSending ? `; sent: at most ${formatRate(sentPeak)}` : '') +
    (report.stalls.length === 0 ? '.' : `; ${formatCount(report.stalls.length, 'time')} nothing was verified for 10s or more, shaded.`);
  const stalls = report.stalls.map(({ fromMs, toMs }) => {
    const x = (fromMs / durationMs) * width;
    return html`<rect class="stall" x="${fixed(x)}" y="0" width="${fixed(Math.max(1, (toMs / durationMs) * width - x))}" height="${height}"/>`;
  });
  const grid = [0.25, 0.5, 0.75].map((share) => html`<path class="grid" d="M0 ${share * height}H${width}"/>`);
  return html`<div class="chart">
<div class="y" aria-hidden="true"><span>${formatRate(top)}</span><span>${formatRate(top / 2)}</span><span>0</span></div>
<svg role="img" aria-labelledby="rate-title" aria-describedby="rate-text" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">
<title id="rate-title">Throughput over time</title><desc id="rate-text">${description}</desc>
${stalls}${grid}<path class="area" d="${steps(rates, top)}V${height}H0Z"/><path class="line" d="${steps(rates, top)}"/>
${isSending && html`<path class="sent" d="${steps(sentRates, top)}"/>`}
<path class="mean" d="M0 ${fixed(yOf(mean, top))}H${width}"/></svg>
<div class="x" aria-hidden="true"><span>0</span><span>${formatDuration(durationMs / 2)}</span><span>${formatDuration(durationMs)}</span></div>
</div>
<p class="legend"><span class="key"><span class="key-line"></span>received</span><span class="key"><span class="key-mean"></span>mean, ${formatRate(mean)}</span>
${isSending && html`<span class="key"><span class="key-sent"></span>sent</span>`}
${report.stalls.length > 0 && html`<span class="key"><span class="key-stall"></span>nothing verified</span>`}</p>`;
}

/** Which of the curves. */
type Curve = 'downloadedBytes' | 'uploadedBytes';

/** Mean rates of equal spans of time, from the curve of what had come or gone. */
function ratesOf(samples: readonly Sample[], durationMs: number, curve: Curve): number[] {
  const count = Math.min(binsMax, Math.max(1, samples.length - 1));
  const spanMs = Math.max(durationMs, 1) / count;
  let before = 0;
  return Array.from({ length: count }, (_, bin) => {
    const bytes = bytesAt(samples, (bin + 1) * spanMs, curve);
    const rate = ((bytes - before) * 1000) / spanMs;
    before = bytes;
    return rate;
  });
}

/** What had come or gone at `ms`, between two samples in proportion. */
function bytesAt(samples: readonly Sample[], ms: number, curve: Curve): number {
  const after = samples.findIndex(({ t }) => t >= ms);
  const next = after === -1 ? samples.at(-1) : samples[after];
  const last = after <= 0 ? undefined : samples[after - 1];
  if (next === undefined) return 0;
  if (last === undefined) return after === 0 ? (next[curve] * ms) / Math.max(next.t, 1) : next[curve];
  return last[curve] + ((next[curve] - last[curve]) * (ms - last.t)) / Math.max(next.t - last.t, 1);
}

function steps(rates: readonly number[], top: number): string {
  const step = width / rates.length;
  return rates.map((rate, bin) => `${bin === 0 ? 'M0 ' : 'V'}${fixed(yOf(rate, top))}H${fixed((bin + 1) * step)}`).join('');
}

function yOf(rate: number, top: number): number {
  return height - (rate / top) * height;
}

/** The next round number of a unit above `rate`. */
function niceTop(rate: number): number {
  let unit = 1;
  while (rate > unit * 1000 && unit < 1024 ** 4) unit *= 1024;
  const round = [1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600, 800, 1000];
  return (round.find((number) => number * unit >= rate) ?? rate / unit) * unit;
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}
