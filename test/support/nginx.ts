// nginx as a web seed on loopback: started on a port of its own for one test, with its files in scratch directories.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { closedPort } from '../tracker/loopback-server.ts';
import type { MadeTorrent } from './make-torrent.ts';
import { scratchDirectory } from './scratch.ts';

const looks = 200;
const lookEveryMs = 25;

/** Writes the content of `torrent` where nginx finds it, and starts nginx. `location`: directives for all of it. Returns its URL. */
export async function startNginx(t: TestContext, torrent: MadeTorrent, location = ''): Promise<string> {
  const directory = scratchDirectory(t);
  const root = path.join(directory, 'www');
  for (const file of torrent.files) {
    if (file.pad) continue;
    mkdirSync(path.join(root, ...file.path.slice(0, -1)), { recursive: true });
    writeFileSync(path.join(root, ...file.path), torrent.read(file.offset, file.length), { mode: 0o644 });
  }
  const port = await closedPort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`).join(' ');
  const config = `
    daemon off; master_process off; pid ${directory}/pid; error_log ${directory}/error.log;
    events { worker_connections 64; }
    http { access_log off; ${temporary} server { listen 127.0.0.1:${port}; root ${root}; location / { ${location} } } }`;
  writeFileSync(path.join(directory, 'nginx.conf'), config);
  const child = spawn('nginx', ['-c', path.join(directory, 'nginx.conf'), '-e', path.join(directory, 'error.log')], { stdio: 'ignore' });
  t.after(async () => {
    const gone = child.exitCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGKILL');
    await gone;
  });
  for (let look = 0; look < looks && !(await answers(port)); look++) await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  return `http://127.0.0.1:${port}/`;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
