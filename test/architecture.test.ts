// Proves ARCHITECTURE.md: who may import whom, and who may touch the world. A change that is meant to move a border changes the lists here
// and the document in the same commit.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  barrels,
  danglingImports,
  importCycles,
  type Layout,
  leaks,
  longFiles,
  needlessPermits,
  type Sources,
  unreachable,
  upwardImports,
  waitingInPureFolders,
} from './support/architecture-rules.ts';

const layout: Layout = {
  floors: [
    ['errors.ts', 'config.ts'],
    ['support'],
    ['bencode'],
    ['metainfo'],
    ['wire', 'pieces'],
    ['transport', 'storage'],
    ['discovery'],
    ['tracker', 'dht', 'webseed'],
    ['torrent'],
    ['session'],
    ['index.ts'],
    ['cli'],
  ],
  entryPoints: ['index.ts', 'cli/main.ts'],
  // `--version` must not wait for the library to load.
  onlyImports: { cli: ['index.ts', 'config.ts'] },
  pureFolders: ['bencode', 'metainfo', 'wire', 'pieces'],
  pureModules: ['node:crypto', 'node:events', 'node:path', 'node:querystring', 'node:util', 'node:zlib'],
  edges: [
    {
      what: 'sockets',
      modules: ['node:net', 'node:tls', 'node:dgram', 'node:dns', 'node:http', 'node:https', 'node:http2'],
      globals: ['fetch', 'WebSocket'],
      files: ['transport/', 'tracker/http-tracker.ts', 'cli/pipe-output.ts'],
    },
    {
      what: 'files',
      modules: ['node:fs'],
      globals: [],
      files: [
        'storage/',
        'transport/host-lookup.ts',
        'transport/port-mapping/default-gateway.ts',
        'cli/settings/config-file.ts',
        'cli/stdout-stream.ts',
        'cli/output-file.ts',
        'cli/process-watch.ts',
      ],
    },
    {
      what: 'the process',
      modules: ['node:process', 'node:child_process', 'node:worker_threads', 'node:os', 'node:cluster'],
      globals: ['process'],
      files: [
        'cli/env.ts',
        'cli/hooks/hook-process.ts',
        'cli/process-watch.ts',
        'storage/batch-worker.ts',
        'storage/check-pieces.ts',
        'storage/hash-worker.ts',
        'storage/lock-file.ts',
        'storage/lock-holder.ts',
        'storage/many-files.ts',
        'storage/positioned-io.ts',
        'storage/state-file.ts',
        'transport/host-lookup.ts',
        'transport/multicast.ts',
        'transport/network-options.ts',
      ],
    },
    {
      what: 'time',
      modules: ['node:timers', 'node:perf_hooks'],
      globals: ['setTimeout', 'setInterval', 'setImmediate', 'performance', 'Date.now', 'AbortSignal.timeout'],
      files: [
        'support/clock.ts',
        'cli/env.ts',
        'cli/hooks/hook-process.ts',
        'cli/process-watch.ts',
        'cli/reader-limit.ts',
        'storage/check-pieces.ts',
        'storage/piece-writer.ts',
        'storage/lock-file.ts',
        'storage/lock-holder.ts',
      ],
    },
    { what: 'chance', modules: [], globals: ['Math.random', 'randomBytes', 'randomInt', 'randomUUID'], files: ['support/random.ts'] },
    { what: 'the terminal', modules: ['node:readline', 'node:tty'], globals: ['console'], files: ['cli/env.ts'] },
    { what: 'bencode', modules: ['bencode'], globals: [], files: ['bencode/'] },
    { what: 'the command line', modules: ['commander'], globals: [], files: ['cli/'] },
    { what: 'the progress bar', modules: ['cli-progress'], globals: [], files: ['cli/reporters/progress-bar.ts'] },
    { what: 'bounded concurrency', modules: ['p-queue'], globals: [], files: ['storage/in-parallel.ts', 'torrent/dialler.ts'] },
    { what: 'SOCKS', modules: ['socks'], globals: [], files: ['transport/socks.ts'] },
    { what: 'file patterns', modules: ['picomatch'], globals: [], files: ['metainfo/selection.ts'] },
  ],
  barrels: ['index.ts'],
  mostLines: 400,
};

/** src/ as it is, without ambient declarations; tests run in the repository's top folder. */
const sources: Sources = new Map(
  readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => [file.replaceAll(path.sep, '/'), readFileSync(path.join('src', file), 'utf8')]),
);

test('a folder imports only folders on lower floors', () => {
  expectNone(upwardImports(sources, layout));
  expectNone(danglingImports(sources));
});

test('no files import each other in a ring', () => {
  expectNone(importCycles(sources));
});

test('only edge files touch sockets, files, time, chance, the process and packages', () => {
  expectNone(leaks(sources, layout));
  expectNone(needlessPermits(sources, layout));
});

test('codecs, metainfo and picking only compute', () => {
  expectNone(waitingInPureFolders(sources, layout));
});

test('only index.ts re-exports', () => {
  expectNone(barrels(sources, layout));
});

test('every source is reached from the command line or the library', () => {
  expectNone(unreachable(sources, layout));
});

test('no source has more than 400 lines', () => {
  expectNone(longFiles(sources, layout));
});

test('each of these rules can fail', () => {
  const good = new Map([
    ['index.ts', "export { get } from './torrent/get.ts';"],
    [
      'torrent/get.ts',
      "import { read } from '../transport/tcp.ts';\nimport type { Clock } from '../support/clock.ts';\n// process.exit() await",
    ],
    ['transport/tcp.ts', "import net from 'node:net';\nexport const read = 'Math.random()';"],
    ['support/clock.ts', 'export const now = () => performance.now();'],
    ['cli/main.ts', "import { get } from '../index.ts';"],
  ]);
  const rules = [upwardImports, danglingImports, importCycles, leaks, waitingInPureFolders, barrels, unreachable, longFiles];
  const found = (changed: readonly [string, string][]): string[] => rules.flatMap((rule) => rule(new Map([...good, ...changed]), layout));
  assert.deepEqual(found([]), []);

  const sockets = 'not a file for sockets';
  const cases: [file: string, text: string, complaint: string | RegExp][] = [
    ['support/clock.ts', "import { get } from '../torrent/get.ts';", 'not on a lower floor'],
    ['transport/tcp.ts', "import type { Storage } from '../storage/disk.ts';", 'not on a lower floor'],
    ['cli/main.ts', "import { get } from '../torrent/get.ts';", 'cli may import only index.ts'],
    ['cli/main.ts', "import { get } from '../index.ts';\nconst x = await import('../torrent/get.ts');", 'cli may import only index.ts'],
    ['upnp/map.ts', "import { now } from '../support/clock.ts';", 'upnp has no floor'],
    ['torrent/get.ts', "import { gone } from './gone.ts';", 'does not exist'],
    ['transport/tcp.ts', "import { read } from './tcp.ts';", 'transport/tcp.ts -> transport/tcp.ts'],
    ['torrent/get.ts', "import net from 'node:net';", sockets],
    ['torrent/get.ts', "import {\n  connect,\n} from 'node:net';", sockets],
    ['torrent/get.ts', "const net = await import('node:net');", sockets],
    ['torrent/get.ts', 'const reply = await fetch(url);', sockets],
    ['torrent/get.ts', "import { rm } from 'node:fs/promises';", 'not a file for files'],
    ['torrent/get.ts', 'const message = `at ${Date.now()}`;', 'uses Date.now: not a file for time'],
    ['torrent/get.ts', 'if (process.argv.length > 2) return;', 'not a file for the process'],
    ['torrent/get.ts', "import leftPad from 'left-pad';", 'which no list of the layout names'],
    ['wire/codec.ts', 'export async function decode() {}', 'waits, in a folder that only computes'],
    ['torrent/get.ts', "export * from '../transport/tcp.ts';", 're-exports'],
    ['torrent/get.ts', "export { read } from '../transport/tcp.ts';", 're-exports'],
    ['torrent/lonely.ts', 'export const x = 1;', 'torrent/lonely.ts is used by nothing that starts'],
    ['torrent/get.ts', 'const x = 1;\n'.repeat(401), 'has 401 lines'],
  ];
  for (const [file, text, complaint] of cases) {
    const complaints = found([[file, text]]);
    assert.ok(
      complaints.some((line) => line.includes(String(complaint))),
      `${file}: ${text}\nfound only: ${complaints.join('; ')}`,
    );
  }
  const idle = {
    ...layout,
    edges: [{ what: 'sockets', modules: ['node:net'], globals: [], files: ['transport/tcp.ts', 'torrent/get.ts'] }],
  };
  assert.deepEqual(needlessPermits(good, idle), ['torrent/get.ts is listed for sockets and does not need it']);
});

function expectNone(complaints: readonly string[]): void {
  assert.ok(complaints.length === 0, `\n  ${complaints.join('\n  ')}`);
}
