// Set-up that every npm script begins with: the right Node, installed dependencies, a fresh dist/. Each step is skipped when its result is
// newer than what it is made from, so that the second run is quick.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. Every command runs with it as the working directory. */
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const sourceFolders = ['src', 'test', 'scripts', 'bench'];
/** Written after a compilation without errors; its time is when that compilation began. */
const buildStamp = path.join(root, 'dist', '.built');
/** npm writes it last, so an interrupted installation leaves none. */
const installStamp = path.join(root, 'node_modules', '.package-lock.json');

/** Ends the process when this Node is older than package.json's `engines` allows. */
export function requireNode() {
  const wanted = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).engines.node.replace('>=', '');
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  stop(`ttorrent needs Node ${wanted} or newer; this is Node ${process.versions.node}`);
}

/** Installs the dependencies that package-lock.json names, when they are missing or older than it. No package's install script runs. */
export function installDependencies() {
  if (modifiedMs(installStamp) >= modifiedMs(path.join(root, 'package-lock.json'))) return;
  console.error('Installing dependencies (npm ci --ignore-scripts) ...');
  if (runNpm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) stop('npm ci failed: see its message above');
  const now = new Date();
  utimesSync(installStamp, now, now);
}

/**
 * Compiles into dist/, and bundles the command line into dist/bundle/, when a source is newer than the last compilation. Output whose
 * source is gone is removed.
 */
export function build() {
  removeOrphans();
  const inputs = [...sourceFolders.flatMap(listFiles), 'tsconfig.json', 'package.json'].map((file) => path.join(root, file));
  if (modifiedMs(buildStamp) > Math.max(...inputs.map(modifiedMs), modifiedMs(installStamp))) return;
  const begun = new Date();
  rmSync(buildStamp, { force: true });
  if (runBinary('typescript', 'bin/tsc', ['-p', 'tsconfig.json']) !== 0) stop('the sources do not compile: see the errors above');
  if (runNode(['scripts/bundle.mjs']) !== 0) stop('the command line cannot be bundled: see above');
  writeFileSync(buildStamp, '');
  utimesSync(buildStamp, begun, begun);
}

/** Runs Node with `args`, its output on ours. Returns the exit code, 1 for a signal. */
export function runNode(args, env = {}) {
  return run(process.execPath, args, env);
}

/** Runs the script `file` of the installed package `name`. Returns its exit code. */
export function runBinary(name, file, args) {
  return runNode([path.join('node_modules', name, file), ...args]);
}

/** Runs npm: the one that runs us, else the one on the PATH. Returns its exit code. */
export function runNpm(args) {
  const npm = process.env.npm_execpath;
  if (npm !== undefined && /npm-cli\.c?js$/.test(npm)) return runNode([npm, ...args]);
  return process.platform === 'win32' ? run('npm.cmd', args, {}, true) : run('npm', args);
}

/** Paths of all files below `folder`, relative to the repository; none when it does not exist. */
export function listFiles(folder) {
  const absolute = path.join(root, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

/** A test or module that was deleted must not live on in dist/; what imported it has to be compiled again. */
function removeOrphans() {
  for (const output of sourceFolders.flatMap((folder) => listFiles(path.join('dist', folder)))) {
    const source = path.relative('dist', output).replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts');
    if (existsSync(path.join(root, source))) continue;
    rmSync(path.join(root, output), { force: true });
    rmSync(buildStamp, { force: true });
  }
}

function run(command, args, env = {}, shell = false) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env }, shell });
  if (error !== undefined) stop(`${command} could not be started: ${error.message}`);
  return status ?? 1;
}

function modifiedMs(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
