#!/usr/bin/env node
// The entry point of every npm script: `node scripts/run.mjs build | test | coverage | demo | man | pictures | bench | check | format`. It and
// its neighbours (*.mjs) are plain JavaScript over Node's own modules, because they run straight after `git clone`, before anything is
// installed.

import { runCheck } from './check.mjs';
import { build, installDependencies, requireNode, runBinary, runNode } from './prepare.mjs';
import { runTests } from './test-runner.mjs';

const commands = {
  /** Compiles the sources into dist/. */
  build: () => 0,
  /** Runs the tests; arguments as in test-runner.mjs. */
  test: (args) => runTests(args),
  /** The same, then how much of the sources they ran. */
  coverage: (args) =>
    runBinary('c8', 'bin/c8.js', ['--include=src', '--reporter=text', process.execPath, 'scripts/run.mjs', 'test', ...args]),
  /** Downloads a torrent made on the fly from a swarm on loopback, before your eyes. */
  demo: (args) => runNode(['dist/scripts/demo.js', ...args]),
  /** Writes the man page anew, from the definitions of the command line. */
  man: () => runNode(['dist/scripts/man-page.js', 'man/ttorrent.1']),
  /** Draws the screens of the documents anew; needs tmux. */
  pictures: () => runNode(['dist/scripts/terminal-picture.js']),
  /** Measures ttorrent beside other clients; arguments as in bench/options.ts. */
  bench: (args) => runNode(['dist/bench/bench.js', ...args]),
  /** Everything that a contributor runs before a commit; arguments as in check.mjs. */
  check: (args) => runCheck(args),
  /** Formats the sources in place. */
  format: () => runBinary('@biomejs/biome', 'bin/biome', ['format', '--write']),
};

const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command === undefined) {
  console.error(`run.mjs: expected one of ${Object.keys(commands).join(', ')}, found "${name}"`);
  process.exitCode = 2;
} else {
  requireNode();
  installDependencies();
  build();
  process.exitCode = await command(args);
}
