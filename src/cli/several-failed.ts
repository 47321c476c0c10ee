// The end of a run of several torrents of which some failed. Each has been told by itself.

import { bySeverity, exitCodeName } from './exit-codes.ts';
import { formatCount } from './format.ts';

/** Some of several torrents failed; the exit code is that of the gravest failure. */
export class SeveralFailed extends Error {
  readonly exitCode: number;

  /** `exitCodes`: of all of them, 0 for those that did not fail. */
  constructor(exitCodes: readonly number[]) {
    const failed = exitCodes.filter((exitCode) => exitCode !== 0);
    const gravest = gravestOf(failed);
    const [first, ...others] = [...new Set(failed)]
      .toSorted((a, b) => rankOf(a) - rankOf(b))
      .map((code) => `${code} (${exitCodeName(code)})`);
    const rest = others.length === 0 ? '' : `, which is graver than ${others.join(', ')}`;
    super(`${failed.length} of ${formatCount(exitCodes.length, 'torrent')} failed: exit code ${first}${rest}`);
    this.name = 'SeveralFailed';
    this.exitCode = gravest;
  }
}

function gravestOf(failed: readonly number[]): number {
  return failed.reduce((gravest, code) => (rankOf(code) < rankOf(gravest) ? code : gravest), failed[0] ?? 1);
}

/** What is in no table is our mistake. */
function rankOf(exitCode: number): number {
  return bySeverity.indexOf(exitCode);
}
