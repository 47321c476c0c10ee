import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CommandLine, type GetCommand, parseCommandLine } from '../../../src/cli/command-line.ts';
import type { EffectiveSetting } from '../../../src/cli/settings/effective.ts';
import { hookVariableNames } from '../../../src/cli/hooks/hook-variables.ts';
import { variableName } from '../../../src/cli/settings/settings.ts';
import { UsageError } from '../../../src/cli/usage-error.ts';

interface Given {
  readonly variables?: Record<string, string>;
  readonly file?: Record<string, unknown>;
  readonly warnings?: string[];
}

function parse(args: string, { variables = {}, file, warnings = [] }: Given = {}): CommandLine {
  return parseCommandLine(args.split(' '), '1.2.3', {
    variables,
    readFile: () => (file === undefined ? undefined : { path: '/c.json', entries: new Map(Object.entries(file)) }),
    warn: (message) => warnings.push(message),
  });
}

function get(args: string, given?: Given): GetCommand {
  const command = parse(args, given);
  assert.ok(command.kind === 'get');
  return command;
}

function settings(args: string, given?: Given): ReadonlyMap<string, EffectiveSetting> {
  const command = parse(args, given);
  assert.ok(command.kind === 'config');
  return new Map(command.settings.map((setting) => [setting.name, setting]));
}

test('a flag goes before a variable, a variable before the file, the file before the default', () => {
  const file = { deadline: '3m', 'stall-timeout': 30, progress: 'none' };
  const variables = { TTORRENT_DEADLINE: '2m', TTORRENT_STALL_TIMEOUT: '20s' };
  const { download, progress } = get('get a --deadline 1m', { file, variables });
  assert.deepEqual([download.deadlineMs, download.stallTimeoutMs, progress, download.allocation], [60_000, 20_000, 'none', 'sparse']);
});

test('reads switches, negated ones and lists from variables and from the file', () => {
  const variables = {
    TTORRENT_QUIET: 'yes',
    TTORRENT_RESUME: '0',
    TTORRENT_OVERWRITE: 'off',
    TTORRENT_SELECT: '1-3\n*.pdf\n',
    TTORRENT_OUTPUT: 'out',
    TTORRENT_PORT: '',
  };
  const fromVariables = get('get a', { variables });
  assert.deepEqual([fromVariables.quiet, fromVariables.select], [true, ['1-3', '*.pdf']]);
  assert.deepEqual([fromVariables.download.resume, fromVariables.download.overwrite], [false, false]);
  assert.deepEqual([fromVariables.download.outputDir, fromVariables.download.port], ['out', undefined]);
  const file = { verbose: true, fsync: false, overwrite: false, announce: ['http://h/a', 'http://h/b'], select: 2, port: 7000 };
  const fromFile = get('get a', { file });
  assert.deepEqual([fromFile.verbose, fromFile.select, fromFile.download.port], [true, ['2'], 7000]);
  assert.deepEqual([fromFile.download.fsync, fromFile.download.overwrite], [false, false]);
  assert.deepEqual(fromFile.download.announce, ['http://h/a', 'http://h/b']);
});

test('an option whose value may be left out is switched on and off, or given a value', () => {
  const seed = (given: Given): unknown => get('get a', given).seed?.goal;
  for (const TTORRENT_SEED of ['1', 'yes', 'true']) assert.deepEqual(seed({ variables: { TTORRENT_SEED } }), {});
  for (const TTORRENT_SEED of ['0', 'off']) assert.equal(seed({ variables: { TTORRENT_SEED }, file: { seed: '1h' } }), undefined);
  assert.deepEqual(seed({ variables: { TTORRENT_SEED: '1h' } }), { durationMs: 3_600_000 });
  assert.deepEqual([seed({ file: { seed: true } }), seed({ file: { seed: false } })], [{}, undefined]);
  assert.deepEqual(seed({ file: { seed: '2s', 'seed-ratio': 1.5 } }), { ratio: 1.5, durationMs: 2000 });
  assert.deepEqual(get('get a --seed-time 1s', { file: { seed: '2s' } }).seed?.goal, { durationMs: 1000 }, 'they exclude each other');
});

test('what excludes another keeps to the same precedence', () => {
  assert.deepEqual(get('get a -q', { variables: { TTORRENT_VERBOSE: '1' } }).verbose, false);
  const verbose = get('get a', { variables: { TTORRENT_VERBOSE: '1' }, file: { quiet: true } });
  assert.deepEqual([verbose.verbose, verbose.quiet], [true, false]);
  assert.equal(get('get a -d typed', { variables: { TTORRENT_OUTPUT: 'set' } }).download.outputDir, 'typed');
});

test('a setting that only some runs can heed is left out of the others; typed, it is refused', () => {
  assert.equal(get('get a -o d', { file: { tar: true } }).stream, undefined);
  assert.equal(get('get a -o -', { file: { tar: true } }).stream?.tar, true);
  for (const given of [{ file: { json: true } }, { variables: { TTORRENT_JSON: '1' } }, { file: { events: '1' } }]) {
    assert.equal(get('get a -o -', given).records, undefined);
    assert.notEqual(get('get a -o d', given).records, undefined);
  }
  for (const args of ['get a -o d --tar', 'get a -o - --json', 'get a -o - --events 1']) assert.throws(() => get(args), UsageError);
  // What guards the data, or was to change nothing, is not left out.
  for (const file of [{ gate: 'scan' }, { 'dry-run': true }]) assert.throws(() => get('get a -o -', { file }), UsageError);
});

test('--recheck is a setting of its own, whatever its help says that it is the same as', () => {
  assert.equal(get('get a', { variables: { TTORRENT_RECHECK: '1' } }).download.resume, false);
  assert.equal(get('get a', { file: { recheck: true } }).download.resume, false);
  assert.deepEqual(
    [...settings('config').keys()].filter((name) => /resume|recheck/.test(name)),
    ['resume', 'recheck'],
  );
});

test('a setting of another command does no harm', () => {
  assert.equal(parse('info a', { file: { deadline: '3m' }, variables: { TTORRENT_MAX_PEERS: 'nonsense' } }).kind, 'info');
});

test('a hook’s own ttorrent does not inherit the hooks', () => {
  const given = { variables: { TTORRENT_ON_DONE: 'x', TTORRENT_HOOK: 'on-done' }, file: { gate: 'y' } };
  assert.equal(get('get a', given).hooks, undefined);
  assert.deepEqual(get('get a --on-fail z', given).hooks?.onFail?.words, ['z']);
});

const refused: readonly [Given, RegExp][] = [
  [{ variables: { TTORRENT_DEADLINE: 'soon' } }, /^variable TTORRENT_DEADLINE is invalid\. Expected a duration/],
  [{ variables: { TTORRENT_QUIET: 'perhaps' } }, /^variable TTORRENT_QUIET is invalid\. Expected 1 or 0/],
  [{ variables: { TTORRENT_PROGRESS: 'plian' } }, /Allowed choices are .*plain/],
  [{ file: { deadline: 'soon' } }, /^\/c\.json: "deadline" is invalid\. Expected a duration/],
  [{ file: { deadline: true } }, /Expected a text or a number, found true/],
  [{ file: { quiet: 'yes' } }, /Expected true or false, found "yes"/],
  [{ file: { select: [1, {}] } }, /Expected a text or a list of texts/],
  [{ file: { quiet: true, verbose: true } }, /cannot be used with/],
  [{ file: { 'stall-timeuot': '1m' } }, /^\/c\.json: unknown key "stall-timeuot" \(Did you mean stall-timeout\?\)$/],
  [{ file: JSON.parse('{"__proto__": 1}') as Record<string, unknown> }, /unknown key "__proto__"/],
];

test('refuses a value that makes no sense and a key that means nothing, and says where it is', () => {
  for (const [given, message] of refused) {
    assert.throws(
      () => parse('get a', given),
      (error) => error instanceof UsageError && message.test(error.message) && error.usage.startsWith('usage: '),
      JSON.stringify(given),
    );
  }
});

test('warns of a variable that looks misspelt, and of no other', () => {
  const warnings: string[] = [];
  get('get a', {
    warnings,
    variables: { TTORRENT_STAL_TIMEOUT: '1m', TTORRENT_INFOHASH: 'x', TTORRENT_REQUIRE_CLIENTS: '1', TTORRENT_CONFIG: '' },
  });
  assert.deepEqual(warnings, ['the variable TTORRENT_STAL_TIMEOUT means nothing (Did you mean TTORRENT_STALL_TIMEOUT?)']);
});

test('config tells each value and where it is from', () => {
  const given = { variables: { TTORRENT_DEADLINE: '2m' }, file: { 'max-peers': 30, deadline: '3m', fsync: false } };
  const shown = settings('config -d out --no-resume -s 1 -s 2', given);
  const pick = (name: string): unknown[] => [shown.get(name)?.value, shown.get(name)?.source, shown.get(name)?.where];
  assert.deepEqual(pick('deadline'), ['2m', 'variable', 'TTORRENT_DEADLINE']);
  assert.deepEqual(pick('max-peers'), ['30', 'file', '/c.json']);
  assert.deepEqual(pick('fsync'), [false, 'file', '/c.json']);
  assert.deepEqual(pick('resume'), [false, 'flag', undefined]);
  assert.deepEqual(pick('output'), ['out', 'flag', undefined]);
  assert.deepEqual(pick('select'), [['1', '2'], 'flag', undefined]);
  assert.deepEqual(pick('stall-timeout'), ['5m', 'default', undefined]);
  assert.deepEqual(pick('max-download-rate'), ['0', 'default', undefined]);
  assert.deepEqual(pick('announce'), [null, 'default', undefined]);
  assert.deepEqual(pick('color'), [true, 'default', undefined]);
  assert.deepEqual([...shown.keys()].toSorted(), [...new Set(shown.keys())].toSorted());
});

test('no variable of an option is one that hooks are given', () => {
  const names = [...settings('config').keys()].map(variableName);
  assert.ok(names.includes('TTORRENT_STALL_TIMEOUT'));
  assert.deepEqual(
    names.filter((name) => hookVariableNames.includes(name)),
    [],
  );
});

test('options may stand before the command', () => {
  const command = get('-qS -s 1-3 --deadline=5m --port 7000 -oout get -- -weird');
  assert.deepEqual([command.quiet, command.showFiles, command.select, command.torrentPath], [true, true, ['1-3'], '-weird']);
  assert.deepEqual([command.download.outputDir, command.download.port, command.download.deadlineMs], ['out', 7000, 300_000]);
  assert.equal(parse('-q --help').kind, 'print');
  assert.equal(parse('-q --version').kind, 'print');
  assert.throws(() => parse('-q'), /no command/);
  assert.throws(() => parse('--deadline'), /no command/);
  assert.throws(() => parse('-q --frobnicate get a'), /unknown option '--frobnicate'/);
  assert.throws(() => parse('-S info a'), /unknown option '-S'/);
});

test('suggests commands, options and values', () => {
  assert.throws(() => parse('gte a'), /unknown command 'gte' \(Did you mean get\?\)/);
  assert.throws(() => parse('help gett'), /there is no help for 'gett' \(Did you mean get\?\)/);
  assert.throws(() => parse('help frobnicate'), /there is no help for 'frobnicate'$/);
  assert.throws(() => parse('get a --stall-timout 1m'), /\(Did you mean --stall-timeout\?\)/);
  assert.throws(() => parse('get a --allocation prealoc'), /\(Did you mean prealloc\?\)/);
});
