// webtorrent has no small command line of its own: `webtorrent.js MODULE TORRENT DIRECTORY` downloads, or finds that all is there, and ends.

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** What is used of webtorrent. */
interface Client {
  add(torrent: Buffer, options: { path: string }, added: (torrent: { on(event: 'done', listener: () => void): void }) => void): void;
  destroy(destroyed: () => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
}

const [module = '', torrent = '', directory = ''] = process.argv.slice(2);
const { default: WebTorrent } = (await import(pathToFileURL(module).href)) as { default: new (options: object) => Client };
const client = new WebTorrent({ dht: false, lsd: false, utp: false, natUpnp: false, natPmp: false });
client.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
client.add(readFileSync(torrent), { path: directory }, (added) => added.on('done', () => client.destroy(() => process.exit(0))));
