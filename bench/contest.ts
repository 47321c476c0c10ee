// Programs that do the same work in turn, round by round: on a shared machine a neighbour's noise then falls on all of them.

import type { Row, Run } from './result.ts';

/** One program in a contest. */
export interface Contestant {
  readonly name: string;
  /** Does the work once and checks the outcome; or why it cannot. */
  readonly run: (() => Promise<Run>) | string;
}

/** Runs everyone `rounds` times, in turn; tells of each run on stderr. */
export async function compete(contestants: readonly Contestant[], rounds: number): Promise<Row[]> {
  const runs = new Map<string, Run[]>();
  for (let round = 1; round <= rounds; round++) {
    for (const { name, run } of contestants) {
      if (typeof run === 'string') continue;
      const outcome = await run();
      runs.set(name, [...(runs.get(name) ?? []), outcome]);
      const verdict = outcome.fault === undefined ? '' : `  WRONG: ${outcome.fault}`;
      const waste = outcome.wastedShare === undefined ? '' : `, ${(100 * outcome.wastedShare).toFixed(2)} % wasted`;
      console.error(
        `  ${round}/${rounds} ${name}: ${outcome.wallSeconds.toFixed(2)} s, CPU ${outcome.cpuSeconds.toFixed(2)} s, ` +
          `${(outcome.peakBytes / 1e6).toFixed(0)} MB${waste}${verdict}`,
      );
    }
  }
  return contestants.map(({ name, run }): Row => {
    if (typeof run === 'string') return { kind: 'absent', name, why: run };
    return { kind: 'measured', name, runs: runs.get(name) ?? [] };
  });
}
