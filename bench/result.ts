// What a benchmark finds out, as plain values: printed as a table, as JSON, or into the documentation.

/** One run of one program. */
export interface Run {
  readonly wallSeconds: number;
  /** User and system time. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** What seeders sent beyond the torrent's size, as a share of it: upper bound of what was received in vain. Undefined where nobody counts. */
  readonly wastedShare?: number;
  /** Undefined when the result was right, byte for byte; else what was wrong with it. */
  readonly fault: string | undefined;
}

/** One line of a table: a program that ran, or why it did not. */
export type Row =
  | { readonly kind: 'measured'; readonly name: string; readonly runs: readonly Run[] }
  | { readonly kind: 'absent'; readonly name: string; readonly why: string };

/** A table: several programs did the same work. */
export interface Comparison {
  readonly kind: 'comparison';
  readonly profile: string;
  /** What was done, in a line. */
  readonly title: string;
  readonly rows: readonly Row[];
  /** The row that all are compared with. */
  readonly base: string;
  /** What the work must take even for a perfect client. */
  readonly ideal: { readonly seconds: number; readonly why: string } | undefined;
}

/** How one thing grows: the same work at several sizes. */
export interface Curve {
  readonly kind: 'curve';
  readonly profile: string;
  readonly title: string;
  /** The heads of the columns; the first is the size. */
  readonly columns: readonly string[];
  readonly points: readonly (readonly string[])[];
  readonly faults: readonly string[];
}

export type Result = Comparison | Curve;

/** The medians of a row that ran. */
export interface Medians {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly wastedShare: number | undefined;
}

/** The medians of the right runs; undefined when there is none. */
export function mediansOf(row: Row): Medians | undefined {
  if (row.kind === 'absent') return undefined;
  const right = row.runs.filter((run) => run.fault === undefined);
  if (right.length === 0) return undefined;
  const wastedShares = right.flatMap(({ wastedShare }) => wastedShare ?? []);
  return {
    wallSeconds: median(right.map((run) => run.wallSeconds)),
    cpuSeconds: median(right.map((run) => run.cpuSeconds)),
    peakBytes: median(right.map((run) => run.peakBytes)),
    wastedShare: wastedShares.length === 0 ? undefined : median(wastedShares),
  };
}

/** The medians of the row that the others are compared with. */
export function baseMedians({ rows, base }: Comparison): Medians | undefined {
  const row = rows.find(({ name }) => name === base);
  return row === undefined ? undefined : mediansOf(row);
}

/** Everything that came out wrong, a line each. */
export function faultsOf(result: Result): string[] {
  if (result.kind === 'curve') return result.faults.map((fault) => `${result.profile}: ${fault}`);
  return result.rows.flatMap((row) =>
    row.kind === 'absent' ? [] : row.runs.flatMap(({ fault }) => (fault === undefined ? [] : [`${result.profile}: ${row.name}: ${fault}`])),
  );
}

/** The middle value; of an even number, the mean of both middle ones. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
