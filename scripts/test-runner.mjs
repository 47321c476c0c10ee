// `npm test [-- FRAGMENT... [--without FRAGMENT]... [--NODE-OPTION=VALUE]...]`: runs the compiled tests with Node's runner. Files are listed
// here and passed one by one, because the directory and glob arguments of `node --test` differ between Node 20 and 22.

import os from 'node:os';
import path from 'node:path';
import { listFiles, runNode } from './prepare.mjs';

/** No test runs nearly as long; one that does hangs. Covers a whole file, too: Node applies it to both. */
const timeoutMs = 400_000;

/** Runs the test files whose path contains one of the fragments (all when none is given) and none after `--without`. Returns the exit code. */
export function runTests(args) {
  const { wanted, unwanted, nodeOptions } = parseArguments(args);
  const files = listFiles('dist/test')
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => wanted.length === 0 || wanted.some((fragment) => contains(file, fragment)))
    .filter((file) => !unwanted.some((fragment) => contains(file, fragment)))
    .sort();
  if (files.length === 0) {
    console.error(`no test file matches: ${args.join(' ')}`);
    return 1;
  }
  // A test process waits a good part of its time; more processes than cores would only disturb the tests of rates and timeouts.
  const concurrency = Math.max(2, Math.min(4, os.availableParallelism()));
  const options = ['--test-reporter=spec', `--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`, ...nodeOptions];
  return runNode(['--test', '--enable-source-maps', ...options, ...files]);
}

function parseArguments(args) {
  const parsed = { wanted: [], unwanted: [], nodeOptions: [] };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--without') parsed.unwanted.push(args[++i] ?? '');
    else if (args[i].startsWith('--')) parsed.nodeOptions.push(args[i]);
    else parsed.wanted.push(args[i]);
  }
  return parsed;
}

/** Whether the compiled test `file` is meant by `fragment`: a part of its path, of the source's or of the output's. */
function contains(file, fragment) {
  const source = path.relative('dist', file).replaceAll(path.sep, '/').replace(/\.js$/, '.ts');
  return source.includes(fragment.replace(/^(\.\/)?(dist\/)?/, '').replace(/\.js$/, '.ts'));
}
