// Bundles the published command line into dist/bundle/: one file per thing that is loaded at its own time, so that `ttorrent --version`
// reads one small file and a download reads a few. Made from tsc's output; packages are bundled, so that a run resolves no module.

import { build } from 'rolldown';

await build({
  input: {
    ttorrent: 'dist/src/cli/main.js',
    // Started by their file names beside the files that start them (storage/check-pieces.ts, many-files.ts).
    'hash-worker': 'dist/src/storage/hash-worker.js',
    'batch-worker': 'dist/src/storage/batch-worker.js',
  },
  platform: 'node',
  output: {
    dir: 'dist/bundle',
    format: 'esm',
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    cleanDir: true,
  },
});
