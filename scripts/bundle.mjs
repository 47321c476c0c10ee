// Bundles the command line twice, from tsc's output and with all packages in it, so that a run resolves no module:
// - dist/bundle/, which is published: one file per thing that is loaded at its own time, so that `ttorrent --version` reads one small file
//   and a download reads a few;
// - dist/ttorrent.mjs, one file for those who copy it somewhere: containers, machines without npm.

import { chmodSync } from 'node:fs';
import path from 'node:path';
import { build } from 'rolldown';

const main = path.resolve('dist/src/cli/main.js');
/** Threads, each started by the name of its file beside the file that starts it. */
const workers = {
  'hash-worker': path.resolve('dist/src/storage/hash-worker.js'),
  'batch-worker': path.resolve('dist/src/storage/batch-worker.js'),
};
const minify = { compress: false, mangle: false, codegen: { removeWhitespace: true } };

await build({
  input: { ttorrent: main, ...workers },
  platform: 'node',
  output: { dir: 'dist/bundle', format: 'esm', minify, entryFileNames: '[name].js', chunkFileNames: '[name].js', cleanDir: true },
});

/** What the single file begins with: it is its own worker, told by an argument which. */
const entry = `#!/usr/bin/env node
import { isMainThread } from 'node:worker_threads';
if (isMainThread) await import(${JSON.stringify(main)});
${Object.entries(workers)
  .map(([name, file]) => `else if (process.argv[2] === '${name}') await import(${JSON.stringify(file)});`)
  .join('\n')}
`;
const workerStart = /new Worker\(new URL\('\.\/([\w-]+)\.js', import\.meta\.url\), \{/g;

const { output } = await build({
  input: 'entry',
  plugins: [
    {
      name: 'single-file',
      resolveId: (id) => (id === 'entry' ? id : null),
      load: (id) => (id === 'entry' ? entry : null),
      transform: (code) => code.replace(workerStart, "new Worker(new URL(import.meta.url), { argv: ['$1'],"),
    },
  ],
  // package.json says of our modules that importing them does nothing; of these it is all that is wanted.
  treeshake: { moduleSideEffects: (id) => ([main, ...Object.values(workers)].includes(id) ? true : undefined) },
  platform: 'node',
  output: { file: 'dist/ttorrent.mjs', format: 'esm', minify, codeSplitting: false },
});
const neighbour = /new URL\(["'`]\.[^)]*\)/.exec(output[0].code);
if (neighbour !== null) throw new Error(`dist/ttorrent.mjs would look for a file beside it: ${neighbour[0]}`);
chmodSync('dist/ttorrent.mjs', 0o755);
