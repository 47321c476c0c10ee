// A small validator of JSON Schema (draft 2020-12): the keywords that our schema uses, and an error for any other, so that nothing in it
// goes unchecked.

/** A schema. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

/** What is wrong with `value`, a line each; nothing when it is valid. `root` is where `$ref` points into. */
export function schemaFaults(value: unknown, schema: Schema, root: Schema = schema, at = '$'): string[] {
  const faults: string[] = [];
  for (const [keyword, rule] of Object.entries(schema)) {
    const check = keywords[keyword];
    if (check === undefined) throw new Error(`unknown keyword ${keyword} at ${at}`);
    faults.push(...check(value, rule, { schema, root, at }));
  }
  return faults;
}

interface Place {
  readonly schema: Schema;
  readonly root: Schema;
  readonly at: string;
}

type Check = (value: unknown, rule: unknown, place: Place) => string[];

const fine: Check = () => [];

const keywords: Readonly<Record<string, Check>> = {
  $schema: fine,
  $defs: fine,
  title: fine,
  description: fine,
  $ref: (value, rule, { root, at }) => schemaFaults(value, resolve(String(rule), root), root, at),
  const: (value, rule, { at }) => complain(Object.is(value, rule), `${at} is not ${JSON.stringify(rule)}`),
  enum: (value, rule, { at }) => complain((rule as unknown[]).includes(value), `${at} is none of ${JSON.stringify(rule)}`),
  type: (value, rule, { at }) =>
    complain(
      [rule].flat().some((type) => isOfType(value, type)),
      `${at} is no ${JSON.stringify(rule)}`,
    ),
  minimum: (value, rule, { at }) => complain(typeof value !== 'number' || value >= (rule as number), `${at} is below ${String(rule)}`),
  pattern: (value, rule, { at }) =>
    complain(typeof value !== 'string' || new RegExp(rule as string, 'u').test(value), `${at} does not match ${String(rule)}`),
  items: (value, rule, { root, at }) =>
    Array.isArray(value) ? value.flatMap((item, index) => schemaFaults(item, rule as Schema, root, `${at}[${index}]`)) : [],
  required: (value, rule, { at }) =>
    isObject(value) ? (rule as string[]).filter((key) => !Object.hasOwn(value, key)).map((key) => `${at} lacks ${key}`) : [],
  properties: (value, rule, { root, at }) =>
    isObject(value)
      ? Object.entries(rule as Record<string, Schema>).flatMap(([key, schema]) =>
          Object.hasOwn(value, key) ? schemaFaults(value[key], schema, root, `${at}.${key}`) : [],
        )
      : [],
  additionalProperties: (value, rule, { schema, root, at }) => {
    if (!isObject(value)) return [];
    const known = Object.keys((schema['properties'] as object | undefined) ?? {});
    const others = Object.entries(value).filter(([key]) => !known.includes(key));
    if (rule === false) return others.map(([key]) => `${at} has an unknown ${key}`);
    return others.flatMap(([key, item]) => schemaFaults(item, rule as Schema, root, `${at}.${key}`));
  },
  oneOf: (value, rule, { root, at }) => {
    const results = (rule as Schema[]).map((schema) => schemaFaults(value, schema, root, at));
    const matching = results.filter((faults) => faults.length === 0).length;
    // The alternative that fits best tells most.
    const closest = results.toSorted((a, b) => a.length - b.length)[0] ?? [];
    return matching === 1 ? [] : [`${at} is valid against ${matching} of the alternatives`, ...(matching === 0 ? closest : [])];
  },
};

function resolve(reference: string, root: Schema): Schema {
  return reference
    .replace(/^#\//, '')
    .split('/')
    .reduce((schema, key) => schema[key] as Schema, root);
}

/** An integer is a number, too. */
function isOfType(value: unknown, type: unknown): boolean {
  return typeOf(value) === type || (type === 'number' && typeOf(value) === 'integer');
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeOf(value) === 'object';
}

function complain(isRight: boolean, complaint: string): string[] {
  return isRight ? [] : [complaint];
}
