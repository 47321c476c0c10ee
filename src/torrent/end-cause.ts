// Why a download ended without being complete, in one error a person can act on. Pure.

import type { SourceReport } from '../discovery/peer-source.ts';
import { defaultStallTimeoutMs } from '../config.ts';
import { type ErrorCode, IncompleteError, type TtorrentError } from '../errors.ts';
import { formatBytes } from '../support/format-bytes.ts';
import type { DownloadOptions } from './options.ts';
import type { EndCause } from './watchdog.ts';

/** What is known when it ends. */
export interface EndFacts {
  readonly options: DownloadOptions;
  readonly wantedPieces: number;
  readonly verifiedPieces: number;
  readonly knownPeers: number;
  /** What became of the last address that could not be reached. */
  readonly lastDialFailure: string | undefined;
  /** Connections that got past their handshake. */
  readonly readyEver: number;
  readonly bannedPeers: number;
  /** Peers that are not banned are connected, or may yet be. */
  readonly hasOtherPeers: boolean;
  /** The last outcome of each source. */
  readonly sourceReports: readonly SourceReport[];
}

/** The error for `cause`; a stall is traced to what lies behind it. */
export function incompleteError(cause: EndCause | 'deadline-reached', facts: EndFacts): TtorrentError {
  const code = cause === 'stalled' ? behindStall(facts) : cause;
  return new IncompleteError(code, `${headline(code, facts)}; ${account(facts)}`);
}

function behindStall(facts: EndFacts): ErrorCode {
  if (facts.bannedPeers > 0 && !facts.hasOtherPeers) return 'only-corrupt-sources';
  if (facts.readyEver > 0) return 'stalled';
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
      return `the rate stayed below ${formatBytes(options.minRate?.bytesPerSecond ?? 0)}/s for ${seconds(options.minRate?.windowMs ?? 0)}`;
    case 'only-corrupt-sources':
      return 'every peer left has sent wrong bytes';
    case 'tracker-refused':
      return `the tracker refused: ${facts.sourceReports.find((report) => report.outcome === 'refused')?.message ?? ''}`;
    case 'no-source':
      return 'no usable peer was found';
    default:
      return `nothing came for ${seconds(options.stallTimeoutMs ?? defaultStallTimeoutMs)}, the stall timeout`;
  }
}

/** `12 of 40 pieces verified; peers: 3 known, 1 connected, 0 banned; http://t/announce failed: connection refused` */
function account(facts: EndFacts): string {
  const parts = [
    `${facts.verifiedPieces} of ${facts.wantedPieces} pieces verified`,
    `peers: ${facts.knownPeers} known, ${facts.readyEver} connected, ${facts.bannedPeers} banned`,
  ];
  if (facts.readyEver === 0 && facts.lastDialFailure !== undefined) parts.push(facts.lastDialFailure);
  for (const report of facts.sourceReports) {
    const words = report.outcome === 'answered' ? `named ${report.peerCount} peers` : `${report.outcome}: ${report.message}`;
    parts.push(`${report.source} ${words}`);
  }
  return parts.join('; ');
}

/** `the deadline of 90 s was reached` */
export function deadlineMessage(options: DownloadOptions): string {
  return `the deadline of ${seconds(options.deadlineMs ?? 0)} was reached`;
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
