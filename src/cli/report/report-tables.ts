// The tables of a report: where bytes came from, the peers, the files. Pure.

import { formatBytes, formatDuration, type PeerFate, type WebSeedFate } from '../../index.ts';
import { formatCount } from '../format.ts';
import { type Html, html } from './html.ts';
import type { Report } from './report.ts';

const fateWords: Readonly<Record<PeerFate, string>> = {
  serving: 'gave data',
  'choked-us': 'choked us',
  'had-nothing': 'had nothing needed',
  stalled: 'owed us data',
  refused: 'refused',
  'timed-out': 'did not answer',
  unreachable: 'unreachable',
  'no-handshake': 'no handshake',
  'not-this-torrent': 'not this torrent',
  duplicate: 'connected twice',
  'broke-protocol': 'broke the protocol',
  'sent-bad-data': 'sent bad data',
  disconnected: 'disconnected',
};

const webSeedWords: Readonly<Record<WebSeedFate, string>> = {
  unused: 'not asked',
  serving: 'gave data',
  failed: 'failed',
  'sent-bad-data': 'sent bad data',
};

const originWords: Readonly<Record<string, string>> = {
  user: 'named by --peer',
  tracker: 'named by trackers',
  incoming: 'connected to us',
};

/** Trackers, web seeds, and bytes by who named the peers. */
export function sourcesSection({ trackers, webSeeds, origins, totals }: Report): Html {
  if (totals === null) return html``;
  const all = totals.downloadedBytes;
  const trackerRows = trackers.map(
    ({ tracker, outcome, message, peerCount }) =>
      html`<tr><th scope="row">${tracker}</th><td>${outcome}${message !== '' && html`: ${message}`}</td><td class="n">${peerCount}</td></tr>`,
  );
  const originRows = origins.map(
    ({ origin, peers, downloadedBytes, uploadedBytes }) =>
      html`<tr><th scope="row">${originWords[origin] ?? origin}</th><td class="n">${peers}</td><td class="n">${formatBytes(downloadedBytes)}</td><td>${bar(downloadedBytes, all)}</td><td class="n">${formatBytes(uploadedBytes)}</td></tr>`,
  );
  const webSeedRows = webSeeds.map(
    ({ url, fate, message, downloadedBytes, badPieces }) =>
      html`<tr><th scope="row">${url}</th><td>${webSeedWords[fate]}${message !== '' && html`: ${message}`}</td><td class="n">${formatBytes(downloadedBytes)}</td><td>${bar(downloadedBytes, all)}</td><td class="n">${badPieces}</td></tr>`,
  );
  return html`<section aria-labelledby="sources"><h2 id="sources">Sources</h2>
${table('Bytes by who named the peers', ['peers', '#tried', '#received', 'share', '#sent'], originRows)}
${webSeeds.length > 0 && table('Web seeds', ['web seed', 'at the end', '#received', 'share', '#bad pieces'], webSeedRows)}
${trackers.length === 0 ? html`<p class="soft">No tracker was asked.</p>` : table('The last word of each tracker', ['tracker', 'outcome', '#peers named'], trackerRows)}
</section>`;
}

/** The peers, those that gave most first, and how all fared. */
export function peersSection({ peers, peersLeftOut, fates, totals }: Report): Html {
  if (totals === null) return html``;
  if (peers.length === 0)
    return html`<section aria-labelledby="peers"><h2 id="peers">Peers</h2><p class="soft">No peer was tried.</p></section>`;
  const rows = peers.map(
    (peer) =>
      html`<tr><th scope="row"><code>${peer.peer}</code></th><td>${peer.client ?? ''}</td><td>${fateWords[peer.fate]}</td><td class="n">${formatBytes(peer.downloadedBytes)}</td><td>${bar(peer.downloadedBytes, totals.downloadedBytes)}</td><td class="n">${formatBytes(peer.uploadedBytes)}</td><td class="n">${peer.firstBlockMs === null ? '–' : formatDuration(peer.firstBlockMs)}</td><td class="n">${peer.badPieces}</td></tr>`,
  );
  const groups = Object.entries(fates).map(([fate, count]) => `${count} ${fateWords[fate as PeerFate]}`);
  return html`<section aria-labelledby="peers"><h2 id="peers">Peers</h2>
<p>${formatCount(peers.length + peersLeftOut, 'peer')} of ${totals.knownPeers} known tried: ${groups.join(', ')}.</p>
${table('Peers, those that gave most first', ['peer', 'client', 'at the end', '#received', 'share', '#sent', '#first block', '#bad pieces'], rows)}
${peersLeftOut > 0 && html`<p class="soft">${formatCount(peersLeftOut, 'more peer')} left out.</p>`}
</section>`;
}

/** The files and what became of them. */
export function filesSection({ files, filesLeftOut }: Report): Html {
  if (files.length === 0) return html``;
  const rows = files.map(({ path, length, selected, complete, sums }) => {
    const state = complete ? 'complete' : selected ? 'not complete' : 'not selected';
    const sumLines = Object.entries(sums ?? {}).map(([algorithm, hex]) => html`<br><code>${algorithm} ${hex}</code>`);
    return html`<tr><th scope="row">${path}${sumLines}</th><td>${state}</td><td class="n">${formatBytes(length)}</td></tr>`;
  });
  return html`<section aria-labelledby="files"><h2 id="files">Files</h2>
${table('Files in the torrent’s order', ['file', 'state', '#size'], rows)}
${filesLeftOut > 0 && html`<p class="soft">${formatCount(filesLeftOut, 'more file')} left out.</p>`}
</section>`;
}

/** A table that can be scrolled sideways, also with the keyboard. A head that begins with `#` is of numbers. */
function table(caption: string, heads: readonly string[], rows: readonly Html[]): Html {
  const cells = heads.map((head) =>
    head.startsWith('#') ? html`<th scope="col" class="n">${head.slice(1)}</th>` : html`<th scope="col">${head}</th>`,
  );
  return html`<div class="wide" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${cells}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** The share as a bar; the number stands beside it. */
function bar(part: number, whole: number): Html {
  const share = whole <= 0 ? 0 : Math.round((part / whole) * 1000) / 10;
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="${share} %"><rect width="${share}" height="8"/></svg>`;
}
