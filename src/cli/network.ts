// What a download needs to know of the network before anybody is asked: the variables that name proxies, and whom to leave out.

import { type DownloadOptions, loadBlocklist, networkOf } from '../index.ts';
import { deadlineLeft } from './deadline-left.ts';
import type { Environment } from './env.ts';
import { formatCount } from './format.ts';
import { networkFor } from './network-options.ts';
import type { Talk } from './talk.ts';

/** What was asked, with the blocklists read and what is then left of the deadline. Throws InputError and as `loadBlocklist` does. */
export async function withNetwork<T extends DownloadOptions>(
  download: T,
  blocklists: readonly string[] | undefined,
  talk: Talk,
  env: Environment,
): Promise<T> {
  const network = networkFor(download, env);
  const { socks } = networkOf(network);
  if (socks !== undefined) {
    talk.say(
      `every connection goes through ${socks.name}; no UDP, DHT or local discovery leaves this machine, nobody can connect to us, and no port is mapped`,
    );
  }
  if (blocklists === undefined) return { ...download, network };
  const begunMs = env.nowMs();
  const { deadlineMs } = download;
  const { blocklist, warnings } = await loadBlocklist(blocklists, {
    network,
    signal: env.interrupted,
    ...(deadlineMs !== undefined && { deadlineMs }),
  });
  for (const warning of warnings) talk.warn(warning);
  talk.detail(`blocklist: ${formatCount(blocklist.rangeCount, 'range')} of addresses`);
  return { ...download, network, blocklist, ...deadlineLeft(deadlineMs, begunMs, env) };
}
