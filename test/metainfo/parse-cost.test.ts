// What the largest torrents may cost, each parsed in a process of its own, whose peak memory tells.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { scratchDirectory } from '../support/scratch.ts';
import { multiFile } from './torrent-text.ts';

const program = `
  import { readFileSync } from 'node:fs';
  import { parseTorrent } from ${JSON.stringify(new URL('../../src/metainfo/parse-torrent.js', import.meta.url).href)};
  const bytes = readFileSync(process.argv[1]);
  const before = process.memoryUsage.rss();
  const { user } = process.cpuUsage();
  let outcome;
  try {
    outcome = parseTorrent(bytes).files.length + ' files';
  } catch (error) {
    outcome = error.message;
  }
  const cpuMs = (process.cpuUsage().user - user) / 1000;
  console.log(JSON.stringify({ outcome, cpuMs, grownMiB: (process.resourceUsage().maxRSS * 1024 - before) / 2 ** 20 }));
`;

const manyLevels = (file: number): string[] => Array.from({ length: 98 }, (_, level) => `d${file >> (level % 14)}`);
for (const [title, bytes, outcome] of [
  ['as many files as the limit of keys and values allows', () => shaped(330_000, () => []), /^330000 files$/],
  ['100 000 files three levels deep', () => shaped(100_000, (file) => [`${file % 100}`, `${file % 1000}`]), /^100000 files$/],
  ['6 000 files 99 levels deep, each with directories of its own', () => shaped(6_000, manyLevels), /^6000 files$/],
  ['15 000 of them', () => shaped(15_000, manyLevels), /expected at most 600000 elements together/],
  ['a million empty lists', () => multiFile([{ length: 0, path: ['a'] }], {}, { x: emptyLists(990_000) }), /^1 files$/],
  ['two million empty lists', () => multiFile([{ length: 0, path: ['a'] }], {}, { x: emptyLists(1_990_000) }), /more than 1000000 keys/],
] as const) {
  test(`${title} cost little time and memory`, async (t) => {
    const file = path.join(scratchDirectory(t), 'a.torrent');
    writeFileSync(file, bytes());
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, file]);
    const cost = JSON.parse(stdout) as { outcome: string; cpuMs: number; grownMiB: number };
    assert.match(cost.outcome, outcome);
    assert.ok(cost.grownMiB < 400, `${cost.grownMiB} MiB; about 250 are measured`);
    assert.ok(cost.cpuMs < 6000, `${cost.cpuMs} ms; about 2000 are measured`);
  });
}

/** So many empty files, each in the directories that `directoriesOf` says. */
function shaped(count: number, directoriesOf: (file: number) => string[]): Buffer {
  return multiFile(Array.from({ length: count }, (_, file) => ({ length: 0, path: [...directoriesOf(file), `f${file}`] })));
}

function emptyLists(count: number): never[][] {
  return Array.from({ length: count }, () => []);
}
