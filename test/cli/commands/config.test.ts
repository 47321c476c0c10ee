import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runCli } from '../../support/run-cli.ts';
import { scratchDirectory } from '../../support/scratch.ts';

test('config prints tab-separated lines in a pipe, and one object with --json', async (t) => {
  const directory = scratchDirectory(t);
  const file = path.join(directory, 'config.json');
  writeFileSync(file, '{"max-peers": 30, "on-done": "notify\\tme"}');
  const env = { TTORRENT_CONFIG: file, TTORRENT_DEADLINE: '2m' };
  const lines = await runCli(['config', '-q'], { env });
  assert.deepEqual([lines.exitCode, lines.stderr], [0, '']);
  const rows = lines.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'));
  assert.ok(rows.every((row) => row.length === 4));
  assert.deepEqual(
    rows.filter(([name]) => ['deadline', 'max-peers', 'on-done', 'overwrite'].includes(name ?? '')),
    [
      ['max-peers', '30', 'file', file],
      ['deadline', '2m', 'variable', 'TTORRENT_DEADLINE'],
      ['overwrite', 'false', 'default', ''],
      ['on-done', 'notify\\x09me', 'file', file],
    ],
  );
  const json = JSON.parse((await runCli(['config', '--json'], { env })).stdout) as { file: string; options: Record<string, unknown> };
  assert.equal(json.file, file);
  assert.deepEqual(json.options['deadline'], { value: '2m', source: 'variable', where: 'TTORRENT_DEADLINE' });
  assert.deepEqual(json.options['announce'], { value: null, source: 'default' });
});

test('a config file with a comment ends with 28, and help works in spite of it', async (t) => {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'config.json'), '{\n// none\n}');
  const env = { TTORRENT_CONFIG: path.join(directory, 'config.json') };
  const result = await runCli(['config'], { env });
  assert.deepEqual([result.exitCode, result.stdout], [28, '']);
  assert.match(result.stderr, /^ttorrent: .*config\.json: line 2: JSON has no comments/);
  assert.equal((await runCli(['get', '--help'], { env })).exitCode, 0);
});

test('settings reach the command: a quiet config file silences warnings too', async (t) => {
  const directory = scratchDirectory(t);
  writeFileSync(path.join(directory, 'config.json'), '{"quiet": true}');
  const env = { XDG_CONFIG_HOME: directory, TTORRENT_CONFIG: undefined, TTORRENT_DEADLIN: '1' };
  const loud = await runCli(['config'], { env });
  assert.match(loud.stderr, /warning: the variable TTORRENT_DEADLIN means nothing \(Did you mean TTORRENT_DEADLINE\?\)/);
  const quiet = await runCli(['config'], { env: { ...env, TTORRENT_CONFIG: path.join(directory, 'config.json') } });
  assert.equal(quiet.stderr, '');
});
