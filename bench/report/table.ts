// Results as text: columns under each other for a terminal, Markdown for the documentation.

import { baseMedians, type Comparison, type Curve, mediansOf, type Result, type Row } from '../result.ts';

/** A table in columns, for a terminal. */
export function textTable(result: Result): string {
  const { head, lines, notes } = cellsOf(result);
  const table = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const format = (line: readonly string[]): string =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [`${result.profile}: ${result.title}`, ...table.map((line) => `  ${format(line)}`), ...notes.map((note) => `  ${note}`)].join(
    '\n',
  );
}

/** The same in Markdown, without the title. */
export function markdownTable(result: Result): string {
  const { head, lines, notes } = cellsOf(result);
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = row(head.map((_, column) => (column === 0 ? '---' : '---:')));
  return [row(head), rule, ...lines.map(row), ...notes.map((note) => `\n${note}`)].join('\n');
}

interface Cells {
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

function cellsOf(result: Result): Cells {
  return result.kind === 'curve' ? curveCells(result) : comparisonCells(result);
}

function curveCells({ columns, points, faults }: Curve): Cells {
  return { head: columns, lines: points, notes: faults.map((fault) => `WRONG: ${fault}`) };
}

function comparisonCells(comparison: Comparison): Cells {
  const { ideal, base, rows } = comparison;
  const head = ['', 'wall s', `x ${base}`, 'CPU s', `x ${base}`, 'peak MB'];
  if (tellsWaste(comparison)) head.push('wasted');
  if (ideal !== undefined) head.push('x ideal');
  const notes = rows.flatMap((row) => [...remarksOn(row)]);
  if (ideal !== undefined) notes.push(`ideal: ${ideal.seconds.toFixed(2)} s (${ideal.why})`);
  return { head, lines: rows.map((row) => comparisonLine(row, comparison)), notes };
}

function comparisonLine(row: Row, comparison: Comparison): string[] {
  const { ideal } = comparison;
  const medians = mediansOf(row);
  const base = baseMedians(comparison);
  const ratio = (value: number, of: number | undefined): string => (of === undefined || of === 0 ? '-' : (value / of).toFixed(2));
  const more = (wastedShare: number | undefined, wallSeconds: number | undefined): string[] => [
    ...(tellsWaste(comparison) ? [wastedShare === undefined ? '-' : `${(100 * wastedShare).toFixed(2)} %`] : []),
    ...(ideal === undefined ? [] : [wallSeconds === undefined ? '-' : ratio(wallSeconds, ideal.seconds)]),
  ];
  if (medians === undefined) {
    return [row.name, row.kind === 'absent' ? 'absent' : 'WRONG', '-', '-', '-', '-', ...more(undefined, undefined)];
  }
  const { wallSeconds, cpuSeconds, peakBytes, wastedShare } = medians;
  return [
    row.name,
    wallSeconds.toFixed(wallSeconds < 1 ? 3 : 2),
    ratio(wallSeconds, base?.wallSeconds),
    cpuSeconds.toFixed(cpuSeconds < 1 ? 3 : 2),
    ratio(cpuSeconds, base?.cpuSeconds),
    (peakBytes / 1e6).toFixed(0),
    ...more(wastedShare, wallSeconds),
  ];
}

function tellsWaste({ rows }: Comparison): boolean {
  return rows.some((row) => mediansOf(row)?.wastedShare !== undefined);
}

function* remarksOn(row: Row): Generator<string> {
  if (row.kind === 'absent') {
    yield `${row.name}: ${row.why}`;
    return;
  }
  const faults = row.runs.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
  if (faults.length > 0) yield `${row.name}: WRONG in ${faults.length} of ${row.runs.length} runs: ${faults[0]}`;
}
