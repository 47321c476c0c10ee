// Proves that what would be published works as installed: packs it, installs the tarball without install scripts, into an empty folder and
// globally under a prefix, and runs `ttorrent --version`, also by `npx`, and a download from a seeder on loopback. The man page is there.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { contentFaults } from '../test/support/content-files.ts';
import { makeTorrent } from '../test/support/make-torrent.ts';
import { startProgram } from '../test/support/run-cli.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../test/support/scratch.ts';
import { Seeder } from '../test/support/seeder.ts';
import { FakeTracker } from '../test/support/tracker.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const scratch = makeScratchDirectory();
try {
  const tarball = pack(scratch);
  lint(tarball);
  const program = install(tarball, path.join(scratch, 'installed'));
  await checkVersion([program]);
  await checkVersion(['npx', '--no-install', 'ttorrent'], path.join(scratch, 'installed'));
  await checkVersion([installGlobally(tarball, path.join(scratch, 'prefix'))]);
  await checkLibrary(path.join(scratch, 'installed'));
  await checkDownload(program, scratch);
} finally {
  removeScratchDirectory(scratch);
}

/** Packs what is built. Returns the tarball's path. */
function pack(directory: string): string {
  npm(['pack', '--ignore-scripts', '--pack-destination', directory], process.cwd());
  const [name] = readdirSync(directory).filter((file) => file.endsWith('.tgz'));
  if (name === undefined) throw new Error('npm pack made no tarball');
  return path.join(directory, name);
}

function lint(tarball: string): void {
  run(process.execPath, ['node_modules/publint/src/cli.js', 'run', tarball, '--strict'], process.cwd());
}

/** Installs the tarball alone. Returns the path of its command. */
function install(tarball: string, directory: string): string {
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'package.json'), '{ "private": true, "type": "module" }\n');
  npm(['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', tarball], directory);
  return path.join(directory, 'node_modules', '.bin', 'ttorrent');
}

/** As `npm i -g` does, under a prefix of ours. Returns the path of its command. */
function installGlobally(tarball: string, prefix: string): string {
  npm(['install', '--global', '--prefix', prefix, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', tarball], scratch);
  if (process.platform === 'win32') return path.join(prefix, 'ttorrent.cmd');
  if (!existsSync(path.join(prefix, 'share', 'man', 'man1', 'ttorrent.1'))) throw new Error('npm i -g installed no man page');
  return path.join(prefix, 'bin', 'ttorrent');
}

async function checkVersion(command: readonly string[], cwd = scratch): Promise<void> {
  const { stdout, stderr, exitCode } = await startProgram([...command, '--version'], { cwd }).finished;
  const what = `${command.join(' ')} --version`;
  if (exitCode !== 0 || stdout !== `${version}\n`) throw new Error(`${what}: exit ${exitCode}, "${stdout}", ${stderr}`);
}

async function checkLibrary(directory: string): Promise<void> {
  const check = `import * as ttorrent from 'ttorrent';
    import { existsSync } from 'node:fs';
    const schema = new URL(import.meta.resolve('ttorrent/schema/events.schema.json'));
    if (Object.keys(ttorrent).length === 0 || !existsSync(schema)) process.exit(1);`;
  const { exitCode, stderr } = await startProgram([process.execPath, '--input-type=module', '-e', check], { cwd: directory }).finished;
  if (exitCode !== 0) throw new Error(`importing the library: exit ${exitCode}, ${stderr}`);
}

async function checkDownload(program: string, directory: string): Promise<void> {
  const files = [
    { path: ['first.bin'], length: 300_000 },
    { path: ['folder', 'second.bin'], length: 70_001 },
  ];
  const content = { name: 'packaged', pieceLength: 65_536, files };
  await using seeder = await Seeder.start({ torrent: makeTorrent(content) });
  await using tracker = await FakeTracker.start({ peers: [seeder] });
  const torrent = makeTorrent({ ...content, trackers: [[tracker.url]] });
  const torrentFile = path.join(directory, 'packaged.torrent');
  const output = path.join(directory, 'downloaded');
  writeFileSync(torrentFile, torrent.bytes);
  const { exitCode, stderr } = await startProgram([program, 'get', torrentFile, '-o', output]).finished;
  const faults = contentFaults(torrent, output);
  if (exitCode !== 0 || faults.length > 0) throw new Error(`ttorrent get: exit ${exitCode}; ${faults.join('; ')}\n${stderr}`);
  console.log(`ttorrent ${version} installs, tells its version and downloads ${torrent.totalLength} bytes`);
}

function npm(args: string[], cwd: string): void {
  const npmCli = process.env['npm_execpath'];
  if (npmCli?.endsWith('.js') === true) run(process.execPath, [npmCli, ...args], cwd);
  else run('npm', args, cwd);
}

function run(command: string, args: string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
}
