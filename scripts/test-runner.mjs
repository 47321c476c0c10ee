// `npm test [-- FRAGMENT... [--without FRAGMENT]... [--test-name-pattern=REGEX]]`: runs the compiled tests with Node's runner, each file as
// a process of its own. Files are listed here, because the directory and glob arguments of `node --test` differ between Node 20 and 22.

import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { listFiles } from './prepare.mjs';

/** No test runs nearly as long; one that does hangs. Covers a whole file, too: Node applies it to both. */
const timeoutMs = 400_000;
/** A test process waits a good part of its time; more processes than cores would only disturb the tests of rates and timeouts. */
const concurrency = Math.max(2, Math.min(4, os.availableParallelism()));

/** Runs the test files whose path contains one of the fragments (all when there is none) and none after `--without`. Returns the exit code. */
export async function runTests(args) {
  const { wanted, unwanted, namePattern } = parseArguments(args);
  const files = listFiles('dist/test')
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => wanted.length === 0 || wanted.some((fragment) => contains(file, fragment)))
    .filter((file) => !unwanted.some((fragment) => contains(file, fragment)))
    .sort();
  if (files.length === 0) {
    console.error(`no test file matches: ${args.join(' ')}`);
    return 1;
  }
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`;
  let exitCode = 0;
  const events = runInTurn(inPhases(files), namePattern, () => {
    exitCode = 1;
  });
  await pipeline(events, new spec(), process.stdout, { end: false });
  return exitCode;
}

function parseArguments(args) {
  const parsed = { wanted: [], unwanted: [], namePattern: undefined };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === '--without') parsed.unwanted.push(args[++i] ?? '');
    else if (arg.startsWith('--test-name-pattern=')) parsed.namePattern = new RegExp(arg.slice(arg.indexOf('=') + 1));
    else parsed.wanted.push(arg);
  }
  return parsed;
}

/** Whether the compiled test `file` is meant by `fragment`: a part of its path, of the source's or of the output's. */
function contains(file, fragment) {
  const source = path.relative('dist', file).replaceAll(path.sep, '/').replace(/\.js$/, '.ts');
  return source.includes(fragment.replace(/^(\.\/)?(dist\/)?/, '').replace(/\.js$/, '.ts'));
}

/** Real clients load every core for minutes, so they have the machine to themselves when the other tests are done. */
function inPhases(files) {
  const isHeavy = (file) => contains(file, 'test/interop/');
  return [files.filter((file) => !isHeavy(file)), files.filter(isHeavy)].filter((phase) => phase.length > 0);
}

/** The events of all phases as if they were of one run: the counts at the end of each are added up and told once, at the very end. */
async function* runInTurn(phases, namePattern, failed) {
  const counts = new Map();
  let summary;
  for (const files of phases) {
    const options = namePattern === undefined ? {} : { testNamePatterns: [namePattern] };
    for await (const event of run({ files, concurrency, timeout: timeoutMs, ...options })) {
      if (event.type === 'test:fail') failed();
      const count = event.type === 'test:diagnostic' && event.data.nesting === 0 && /^(\w+) ([\d.]+)$/.exec(event.data.message);
      if (count) counts.set(count[1], (counts.get(count[1]) ?? 0) + Number(count[2]));
      else if (event.type === 'test:summary' && event.data.file === undefined) summary = event;
      else yield event;
    }
  }
  if (summary !== undefined) yield summary; // Node 22 and later: makes the reporter list the failures
  for (const [name, value] of counts) yield { type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${value}`, level: 'info' } };
}
