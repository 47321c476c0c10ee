// Why a download ended without being complete, in one error a person can act on. Pure.

import type { SourceReport } from '../discovery/peer-source.ts';
import { defaultStallTimeoutMs } from '../config.ts';
import { type ErrorCode, IncompleteError, type TtorrentError } from '../errors.ts';
import { formatBytes } from '../support/format-bytes.ts';
import { formatDuration } from '../support/format-duration.ts';
import type { WebSeedAccount } from '../webseed/web-seed.ts';
import type { DownloadOptions } from './options.ts';
import type { PeerAccount, PeerFate } from './peer-accounts.ts';
import type { EndCause } from './watchdog.ts';

/** What is known when it ends. */
export interface EndFacts {
  readonly options: DownloadOptions;
  readonly wantedPieces: number;
  readonly verifiedPieces: number;
  readonly knownPeers: number;
  /** Connections that got past their handshake. */
  readonly readyEver: number;
  readonly bannedPeers: number;
  /** Peers that are not banned are connected, or may yet be. */
  readonly hasOtherPeers: boolean;
  /** The last outcome of each source. */
  readonly sourceReports: readonly SourceReport[];
  /** Every peer that was tried. */
  readonly peers: readonly PeerAccount[];
  /** Peers could not be dialled for want of file descriptors. */
  readonly lacksDescriptors: boolean;
  readonly webSeeds: readonly WebSeedAccount[];
  /** Web seeds that are not banned, and have something. */
  readonly hasOtherWebSeeds: boolean;
}

/** The error for `cause`; a stall is traced to what lies behind it. */
export function incompleteError(cause: EndCause | 'deadline-reached', facts: EndFacts): TtorrentError {
  const code = cause === 'stalled' ? behindStall(facts) : cause;
  return new IncompleteError(code, `${headline(code, facts)}; ${account(facts)}`);
}

function behindStall(facts: EndFacts): ErrorCode {
  const areBanned = facts.bannedPeers > 0 || facts.webSeeds.some(({ fate }) => fate === 'sent-bad-data');
  if (areBanned && !facts.hasOtherPeers && !facts.hasOtherWebSeeds) return 'only-corrupt-sources';
  if (facts.readyEver > 0 || (facts.hasOtherWebSeeds && facts.webSeeds.some(({ downloadedBytes }) => downloadedBytes > 0)))
    return 'stalled';
  if (facts.lacksDescriptors) return 'open-failed';
  const refused = facts.sourceReports.some((report) => report.outcome === 'refused');
  const answered = facts.sourceReports.some((report) => report.outcome === 'answered');
  return refused && !answered && facts.knownPeers === 0 ? 'tracker-refused' : 'no-source';
}

function headline(code: ErrorCode, facts: EndFacts): string {
  const { options } = facts;
  switch (code) {
    case 'deadline-reached':
      return deadlineMessage(options);
    case 'below-min-rate':
      return `the rate stayed below ${formatBytes(options.minRate?.bytesPerSecond ?? 0)}/s for ${formatDuration(options.minRate?.windowMs ?? 0)}`;
    case 'only-corrupt-sources':
      return 'every source left has sent wrong bytes';
    case 'tracker-refused':
      return `the tracker refused: ${facts.sourceReports.find((report) => report.outcome === 'refused')?.message ?? ''}`;
    case 'open-failed':
      return 'no peer could be connected to';
    case 'no-source':
      return 'no usable source was found';
    default:
      return `nothing came for ${formatDuration(options.stallTimeoutMs ?? defaultStallTimeoutMs)}, the stall timeout`;
  }
}

/** `12 of 40 pieces verified; 12 peers tried: 9 refused, 3 choked us for 1m; http://t/announce failed: connection refused` */
function account(facts: EndFacts): string {
  return `${facts.verifiedPieces} of ${count(facts.wantedPieces, 'piece')} verified; ${sourcesAccount(facts)}`;
}

/** What the peers, by how they fared, and each tracker did. */
export function sourcesAccount(facts: EndFacts): string {
  const parts = facts.options.noPeers === true ? [] : [peersAccount(facts)];
  for (const report of facts.sourceReports) {
    const words = report.outcome === 'answered' ? `named ${count(report.peerCount, 'peer')}` : `${report.outcome}: ${report.message}`;
    parts.push(`${report.source} ${words}`);
  }
  if (facts.lacksDescriptors) parts.push('too few file descriptors for more peers (ulimit -n 256 allows enough)');
  for (const webSeed of facts.webSeeds) parts.push(webSeedAccount(webSeed));
  return parts.join('; ');
}

/** `http://mirror.example/ gave 3.1 MiB, then failed: HTTP 503` */
function webSeedAccount({ url, fate, message, downloadedBytes }: WebSeedAccount): string {
  const gave = downloadedBytes > 0 ? ` gave ${formatBytes(downloadedBytes)}` : '';
  switch (fate) {
    case 'unused':
      return `${url} was not asked`;
    case 'serving':
      return `${url}${gave}${message === '' ? '' : `; ${message}`}`;
    case 'sent-bad-data':
      return `${url} ${message}`;
    case 'failed':
      return gave === '' ? `${url} failed: ${message}` : `${url}${gave}, then failed: ${message}`;
  }
}

/** `3 of 12 peers tried: 2 refused, 1 choked us for 1m`, the largest group first. */
function peersAccount({ peers, knownPeers }: EndFacts): string {
  const groups = new Map<PeerFate, PeerAccount[]>();
  for (const peer of peers) {
    const group = groups.get(peer.fate);
    if (group === undefined) groups.set(peer.fate, [peer]);
    else group.push(peer);
  }
  const fates = [...groups].sort(([, a], [, b]) => b.length - a.length).map(([fate, group]) => `${group.length} ${wordsFor(fate, group)}`);
  if (fates.length === 0) return knownPeers === 0 ? 'no peer is known' : `none of ${count(knownPeers, 'known peer')} has answered yet`;
  const tried = peers.length < knownPeers ? `${peers.length} of ${knownPeers} peers` : count(peers.length, 'peer');
  return `${tried} tried: ${fates.join(', ')}`;
}

/** What a group did, with all that came from it. */
function wordsFor(fate: PeerFate, group: readonly PeerAccount[]): string {
  const received = group.reduce((sum, peer) => sum + peer.downloadedBytes, 0);
  if (fate === 'serving') {
    const idleMs = Math.min(...group.map((peer) => peer.idleMs));
    return `gave ${formatBytes(received)}${idleMs < 1000 ? '' : ` (the last ${formatDuration(idleMs)} ago)`}`;
  }
  return `${deedOf(fate, group)}${received > 0 ? ` (${formatBytes(received)} received)` : ''}`;
}

function deedOf(fate: Exclude<PeerFate, 'serving'>, group: readonly PeerAccount[]): string {
  const idle = `for ${formatDuration(Math.max(...group.map((peer) => peer.idleMs)))}`;
  switch (fate) {
    case 'choked-us':
      return `choked us ${idle}`;
    case 'had-nothing':
      return 'had nothing that we need';
    case 'stalled':
      return `owed us blocks ${idle}`;
    case 'refused':
      return 'refused';
    case 'timed-out':
      return 'did not answer';
    case 'unreachable':
      return 'could not be reached';
    case 'no-handshake':
      return 'sent no handshake';
    case 'not-this-torrent':
      return 'did not have this torrent';
    case 'duplicate':
      return 'connected twice';
    case 'broke-protocol':
      return 'broke the protocol';
    case 'sent-bad-data':
      return 'sent bad data';
    case 'disconnected':
      return 'disconnected';
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `the deadline of 1m30s was reached` */
export function deadlineMessage(options: Pick<DownloadOptions, 'deadlineMs'>): string {
  return `the deadline of ${formatDuration(options.deadlineMs ?? 0)} was reached`;
}
