// The events that no quick download brings about, and the documentation of all.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { JsonEvents, runTotals, verdictEvent } from '../../../src/cli/reporters/json-events.ts';
import { RunTally } from '../../../src/cli/run-tally.ts';
import type { DownloadEvent } from '../../../src/index.ts';
import { eventSchema } from '../../support/events.ts';
import { type Schema, schemaFaults } from '../../support/json-schema.ts';
import { progress } from '../../support/progress.ts';

const file = { index: 0, path: ['a', 'b'], length: 1000, torrentOffset: 0, pad: false, executable: false };
const options = { pieceEvents: false, progressIntervalMs: 1000, verbose: false };

function typesFrom(events: JsonEvents, event: DownloadEvent, nowMs: number): unknown[] {
  return events.from(event, nowMs).map((body) => {
    assert.deepEqual(schemaFaults({ v: 1, t: Math.round(nowMs), ...body }, eventSchema), []);
    return body.type;
  });
}

test('tells a stall and its end beside the progress', () => {
  const events = new JsonEvents({ ...options, progressIntervalMs: 60_000 });
  const at = (nowMs: number, verifiedPieces: number): unknown[] =>
    typesFrom(events, { type: 'progress', progress: { ...progress, verifiedPieces } }, nowMs);
  assert.deepEqual([at(0, 1), at(9_999, 1), at(10_000, 1), at(20_000, 1), at(21_000, 2)], [['progress'], [], ['stall'], [], ['stall']]);
});

test('tells warnings, and files with their sums when they were asked for', () => {
  const events = new JsonEvents(options);
  assert.deepEqual(typesFrom(events, { type: 'warning', message: 'odd' }, 1.5), ['warning']);
  const plain: DownloadEvent = { type: 'file', file, path: '/o/a/b' };
  assert.deepEqual(typesFrom(events, plain, 2), ['file']);
  const summed: DownloadEvent = { ...plain, sums: [{ algorithm: 'sha256', hex: 'ab'.repeat(32) }] };
  assert.deepEqual(typesFrom(events, summed, 2), ['file']);
  assert.deepEqual(events.from(summed, 2)[0]?.['sums'], { sha256: 'ab'.repeat(32) });
});

test('tells pieces only when asked, and addresses that failed with --verbose only', () => {
  const piece: DownloadEvent = { type: 'piece', pieceIndex: 3 };
  const failed: DownloadEvent = { type: 'peer', peer: '127.0.0.1:1', change: 'failed', message: 'refused' };
  const terse = new JsonEvents(options);
  assert.deepEqual([typesFrom(terse, piece, 1), typesFrom(terse, failed, 1)], [[], []]);
  const talkative = new JsonEvents({ ...options, pieceEvents: true, verbose: true });
  assert.deepEqual([typesFrom(talkative, piece, 1), typesFrom(talkative, failed, 1)], [['piece'], ['source']]);
});

test('a run without a torrent has a verdict with totals, too', () => {
  const end = { exitCode: 3, reason: 'no such file', code: 'torrent-not-found' };
  const verdict = verdictEvent(end, runTotals(undefined, new RunTally(), 12.7));
  assert.deepEqual(schemaFaults({ v: 1, t: 13, ...verdict }, eventSchema), []);
});

test('the schema can be broken: by a missing key, an unknown one, a wrong type, a wrong value', () => {
  const good = { v: 1, type: 'stall', t: 5, state: 'begun', idleMs: 10_000, receivedBytes: 0 };
  assert.deepEqual(schemaFaults(good, eventSchema), []);
  const { state: _, ...lacking } = good;
  const mended = [lacking, { ...good, more: 1 }, { ...good, t: 0.5 }, { ...good, t: -1 }, { ...good, state: 'over' }, { ...good, v: 2 }, 7];
  for (const bad of mended) assert.notDeepEqual(schemaFaults(bad, eventSchema), [], JSON.stringify(bad));
  const start = { v: 1, type: 'start', t: 0, version: '1', startedAt: 'today', torrentPath: 'a', options: {} };
  assert.match(schemaFaults(start, eventSchema).join(), /startedAt does not match/);
  const sums = { v: 1, type: 'file', t: 0, number: 1, path: '/a', torrentPath: 'a', length: 1, sums: { sha256: 5 } };
  assert.match(schemaFaults(sums, eventSchema).join(), /sums\.sha256/);
});

const documentation = readFileSync(new URL('../../../../docs/events.md', import.meta.url), 'utf8');

test('docs/events.md says of every event what the schema says', () => {
  const events = eventSchema['$defs'] as Record<string, Schema>;
  for (const [type, event] of Object.entries(events)) assert.ok(documentation.includes(section(type, event)), section(type, event));
  const headings = [...documentation.matchAll(/^### `(.+)`$/gm)].map(([, type]) => type);
  assert.deepEqual(headings, Object.keys(events));
});

test('the lines that docs/events.md shows are events', () => {
  const lines = documentation.split('\n').filter((line) => line.startsWith('{"v":'));
  assert.ok(lines.length >= 5);
  for (const line of lines) assert.deepEqual(schemaFaults(JSON.parse(line), eventSchema), [], line);
});

/** The section of an event: its heading, what it is, and a table of its keys. */
function section(type: string, event: Schema): string {
  const own = Object.entries(event['properties'] as Record<string, Schema>).filter(([key]) => !isCommon(key, type));
  const rows = own.flatMap(([key, schema]) => rowsOf(key, schema));
  return [`### \`${type}\``, '', String(event['description']), '', '| key | value | meaning |', '|---|---|---|', ...rows, ''].join('\n');
}

/** What lines of all types may have stands above the tables. */
function isCommon(key: string, type: string): boolean {
  return ['v', 'type', 't', 'source'].includes(key) || (key === 'infohash' && type !== 'torrent');
}

function rowsOf(key: string, schema: Schema): string[] {
  const items = schema['items'] as Schema | undefined;
  const inner = items?.['properties'] === undefined ? schema : items;
  const prefix = inner === schema ? key : `${key}[]`;
  const row = `| \`${key}\` | ${valueOf(schema)} | ${String(schema['description'])} |`;
  return [
    row,
    ...Object.entries((inner['properties'] ?? {}) as Record<string, Schema>).flatMap(([name, of]) => rowsOf(`${prefix}.${name}`, of)),
  ];
}

function valueOf(schema: Schema): string {
  if ('const' in schema) return `\`${String(schema['const'])}\``;
  if ('enum' in schema) return (schema['enum'] as string[]).map((value) => `\`${value}\``).join(', ');
  const type = [schema['type']].flat().join(' or ');
  return type === 'array' ? `array of ${valueOf(schema['items'] as Schema)}` : type;
}
