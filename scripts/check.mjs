// `npm run check [-- --without STEP]...`: what a contributor runs before a commit and what CI runs. Compiling has type-checked everything
// by the time this starts. Steps go from quick to slow; the first that fails ends the run and says what to do about it.

import { runBinary, runNode, runNpm } from './prepare.mjs';
import { runTests } from './test-runner.mjs';

const steps = [
  {
    name: 'lock file',
    run: () => runNpm(['ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']),
    remedy: '`npm ci` refuses package-lock.json: bring it in line with package.json, with entries for every platform',
  },
  {
    name: 'format',
    run: () => runBinary('@biomejs/biome', 'bin/biome', ['format']),
    remedy: 'run `npm run format`',
  },
  {
    name: 'lint',
    run: () => runBinary('oxlint', 'bin/oxlint', ['--type-aware', '--deny-warnings', 'src', 'test', 'scripts', 'bench']),
    remedy: 'mend what is reported; the rules are in .oxlintrc.json',
  },
  {
    name: 'unused',
    run: () => runBinary('knip', 'bin/knip.js', []),
    remedy: 'remove what nothing uses, or its `export`; entry points are listed in knip.json',
  },
  {
    name: 'architecture',
    run: () => runTests(['test/architecture']),
    remedy: 'see "Floors" in ARCHITECTURE.md; the rules are in test/architecture.test.ts',
  },
  {
    name: 'package',
    run: () => runNode(['dist/scripts/package-check.js']),
    remedy: 'the packed tarball is not usable as installed: look at `files`, `bin`, `exports` and `dependencies` in package.json',
  },
  {
    name: 'tests',
    run: () => runTests([]),
    remedy: 'run the failing file alone with `npm test -- PART-OF-ITS-PATH`',
  },
];

/** Runs every step but those named after `--without`. Returns 0 when all pass. */
export async function runCheck(args) {
  const left = new Set(args.flatMap((arg, i) => (args[i - 1] === '--without' ? [arg] : [])));
  for (const { name, run, remedy } of steps) {
    if (left.has(name)) continue;
    console.log(`\n== ${name}`);
    const begunMs = performance.now();
    const exitCode = await run();
    const seconds = ((performance.now() - begunMs) / 1000).toFixed(1);
    if (exitCode !== 0) {
      console.log(`== ${name}: FAILED after ${seconds} s: ${remedy}`);
      return 1;
    }
    console.log(`== ${name}: passed in ${seconds} s`);
  }
  return 0;
}
