import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ConfigError, configPath, parseConfig, readConfigFile } from '../../../src/cli/settings/config-file.ts';
import { scratchDirectory } from '../../support/scratch.ts';

test('looks in TTORRENT_CONFIG, then in XDG_CONFIG_HOME, then in ~/.config', () => {
  assert.equal(configPath({ HOME: '/h', XDG_CONFIG_HOME: '/x', TTORRENT_CONFIG: '/c.json' }), '/c.json');
  assert.equal(configPath({ HOME: '/h', XDG_CONFIG_HOME: '/x' }), '/x/ttorrent/config.json');
  assert.equal(configPath({ HOME: '/h', XDG_CONFIG_HOME: 'relative' }), '/h/.config/ttorrent/config.json');
  assert.equal(configPath({ HOME: '/h' }), '/h/.config/ttorrent/config.json');
  assert.equal(configPath({ HOME: '/h', TTORRENT_CONFIG: '' }), undefined);
  assert.equal(configPath({}), undefined);
});

test('takes a file that is not there for an empty one, unless it was named', (t) => {
  const home = scratchDirectory(t);
  const file = path.join(home, '.config', 'ttorrent', 'config.json');
  assert.deepEqual(readConfigFile({ HOME: home }), { path: file, entries: undefined });
  assert.throws(() => readConfigFile({ TTORRENT_CONFIG: file }), ConfigError);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '\uFEFF{"quiet": true}\n');
  assert.deepEqual(readConfigFile({ HOME: home })?.entries, new Map([['quiet', true]]));
});

test('takes no more of a file than a config file may have, and waits for nobody who does not write a pipe', (t) => {
  const directory = scratchDirectory(t);
  const file = path.join(directory, 'config.json');
  const refusal = (pattern: RegExp) => (error: unknown) => error instanceof ConfigError && pattern.test(error.message);
  symlinkSync('/dev/zero', file);
  assert.throws(() => readConfigFile({ TTORRENT_CONFIG: file }), refusal(/longer than a config file may be, 256 KiB/));
  rmSync(file);
  writeFileSync(file, ' '.repeat(256 * 1024 - 2) + '{}');
  assert.equal(readConfigFile({ TTORRENT_CONFIG: file })?.entries?.size, 0);
  rmSync(file);
  assert.equal(spawnSync('mkfifo', [file]).status, 0);
  assert.throws(() => readConfigFile({ TTORRENT_CONFIG: file }), refusal(/not JSON/));
});

test('reads a pipe such as <(...) to its end', () => {
  const module = new URL('../../../src/cli/settings/config-file.js', import.meta.url).href;
  const script = `import(${JSON.stringify(module)}).then((m) => console.log(m.readConfigFile({ TTORRENT_CONFIG: process.argv[1] }).entries.size))`;
  const shell = '{ printf "{"; printf "\\"quiet\\": true}"; } | "$0" -e "$1" /dev/stdin';
  const run = spawnSync('/bin/sh', ['-c', shell, process.execPath, script], { encoding: 'utf8' });
  assert.equal(run.stdout, '1\n', run.stderr);
});

const refused: readonly [text: string, message: RegExp][] = [
  ['{\n  // my settings\n  "quiet": true\n}', /^c: line 2: JSON has no comments, found \/\/$/],
  ['{"a": "http://x", /* quiet */ "quiet": true}', /line 1: JSON has no comments, found \/\*/],
  ['{\n"quiet": true,\n}', /line 2: a comma behind the last value/],
  ['', /not JSON/],
  ['{"quiet": tru}', /not JSON/],
  ['[]', /expected one JSON object.*found a list/],
  ['3', /expected one JSON object.*found 3/],
];

test('refuses what is not one JSON object, and says where a comment is', () => {
  for (const [text, message] of refused) {
    assert.throws(
      () => parseConfig('c', text),
      (error) => error instanceof ConfigError && message.test(error.message),
      text,
    );
  }
});
