// Reads event lines and holds each against the schema that is shipped.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type Schema, schemaFaults } from './json-schema.ts';

/** An event line, read. */
export interface EventLine {
  readonly v: 1;
  readonly type: string;
  readonly t: number;
  readonly [key: string]: unknown;
}

/** The schema that is shipped. */
export const eventSchema = JSON.parse(readFileSync(new URL('../../../schema/events.schema.json', import.meta.url), 'utf8')) as Schema;

/** The events in `text`. Fails unless each is a valid line of harmless characters, time does not run back and the verdict ends them. */
export function readEvents(text: string): EventLine[] {
  assert.ok(text.endsWith('\n'), `the last line has its end: ${text.slice(-200)}`);
  const events = readEventLines(text);
  events.forEach((event, index) => assert.ok(event.t >= (events[index - 1]?.t ?? 0), `time runs back at ${JSON.stringify(event)}`));
  assert.deepEqual(
    events.flatMap(({ type }, index) => (type === 'verdict' ? [index] : [])),
    [events.length - 1],
    'one verdict, at the end',
  );
  return events;
}

/** The events in `text` that are whole: of a run that could not say all. Fails unless each is a valid line of harmless characters. */
export function readEventLines(text: string): EventLine[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => {
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    const event = JSON.parse(line) as EventLine;
    assert.deepEqual(schemaFaults(event, eventSchema), [], line);
    return event;
  });
}

/** Those of `type`. */
export function eventsOf(events: readonly EventLine[], type: string): EventLine[] {
  return events.filter((event) => event.type === type);
}
