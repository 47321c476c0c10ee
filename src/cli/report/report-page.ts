// A report as one page that stands by itself: nothing is loaded, nothing runs, and what is shown of a torrent or a peer is text.

import { createHash } from 'node:crypto';

import { formatBytes, formatDuration } from '../../index.ts';
import { formatCount, formatPercent, formatRate } from '../format.ts';
import { Html, html } from './html.ts';
import { pieceMap } from './piece-map.ts';
import type { Report } from './report.ts';
import { reportStyle } from './report-style.ts';
import { filesSection, peersSection, sourcesSection } from './report-tables.ts';
import { throughputChart } from './throughput-chart.ts';

/** The page. */
export function reportPage(report: Report): string {
  const title = report.torrent?.name ?? 'no torrent';
  const styleHash = createHash('sha256').update(reportStyle).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – ttorrent report</title>
<style>${new Html(reportStyle)}</style>
</head>
<body>
<main>
${header(report, title)}
${numbers(report)}
${report.totals !== null && html`<section aria-labelledby="rate"><h2 id="rate">Throughput</h2>${throughputChart(report)}</section>`}
${report.totals !== null && report.pieces.length > 0 && html`<section aria-labelledby="map"><h2 id="map">Pieces</h2>${pieceMap(report)}</section>`}
${sourcesSection(report)}
${peersSection(report)}
${filesSection(report)}
${warnings(report)}
${circumstances(report)}
</main>
<footer>ttorrent ${report.version}</footer>
</body>
</html>
`.text;
}

function header({ end, startedAt, torrent }: Report, title: string): Html {
  const isGood = end.exitCode === 0;
  return html`<header>
<span class="badge ${isGood ? 'good' : 'bad'}">${isGood ? 'complete' : `failed: ${end.exitName}`} · exit code ${end.exitCode}</span>
<h1>${title}</h1>
<p>${end.reason}</p>
<p class="soft"><time datetime="${startedAt}">${startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</time>${
    torrent !== null && html` · infohash <code>${torrent.infohash}</code>`
  }</p>
</header>`;
}

function numbers({ totals, timings, durationMs }: Report): Html {
  const fact = (name: string, value: string): Html => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  const moment = (ms: number | null): string => (ms === null ? 'none' : formatDuration(ms));
  if (totals === null) return html``;
  const { totalBytes, verifiedBytes, downloadedBytes, wastedBytes, corruptBytes, meanBytesPerSecond } = totals;
  return html`<section aria-labelledby="numbers"><h2 id="numbers">In numbers</h2><dl class="facts">
${fact('selected', formatBytes(totalBytes))}
${fact('verified', verifiedBytes === totalBytes ? 'all of it' : `${formatBytes(verifiedBytes)}, ${formatPercent(verifiedBytes, totalBytes)}`)}
${fact('time', formatDuration(durationMs))}
${fact('mean rate', formatRate(meanBytesPerSecond))}
${fact('received', formatBytes(downloadedBytes))}
${fact('wasted', formatBytes(wastedBytes))}
${fact('corrupt', formatBytes(corruptBytes))}
${fact('sent', `${formatBytes(totals.uploadedBytes)}, ratio ${totals.ratio.toFixed(2)}`)}
${totals.seedingMs > 0 && fact('seeded for', formatDuration(totals.seedingMs))}
${fact('peers banned', String(totals.bannedPeers))}
${fact('first peer', moment(timings.firstPeerMs))}
${fact('first byte', moment(timings.firstByteMs))}
${fact('first piece', moment(timings.firstPieceMs))}
${fact('data checked', formatBytes(totals.checkedBytes))}
</dl></section>`;
}

function warnings({ warnings: lines }: Report): Html {
  if (lines.length === 0) return html``;
  return html`<section aria-labelledby="warnings"><h2 id="warnings">Warnings</h2><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul></section>`;
}

function circumstances({ options, version, platform, torrent }: Report): Html {
  const row = (name: string, value: string): Html => html`<dt>${name}</dt><dd>${value}</dd>`;
  const given = Object.entries(options).map(([name, value]) => row(name, typeof value === 'string' ? value : JSON.stringify(value)));
  return html`<section aria-labelledby="options"><h2 id="options">Options and versions</h2>
<dl class="list">${row('ttorrent', version)}${row('Node.js', platform)}${
    torrent !== null && row('pieces', `${formatCount(torrent.pieceCount, 'piece')} of ${formatBytes(torrent.pieceLength)}`)
  }${torrent !== null && row('private', torrent.private ? 'yes' : 'no')}${given}</dl></section>`;
}
