// The router that this machine sends to what it knows no other way for: who is asked to map ports. Known on Linux only.

import { readFile } from 'node:fs/promises';

/** The IPv4 address of the default gateway; undefined when there is none or the system does not say. */
export async function findDefaultGateway(): Promise<string | undefined> {
  return defaultGatewayIn(await readFile('/proc/net/route', 'latin1').catch(() => ''));
}

/** The gateway of the default route of the lowest metric in the text of Linux's /proc/net/route (proc(5)). */
export function defaultGatewayIn(routes: string): string | undefined {
  const [best] = routes
    .split('\n')
    .map((line) => line.split(/\s+/))
    .filter(([, destination, gateway, flags = '', , , , mask]) => {
      const isUpWithGateway = (Number.parseInt(flags, 16) & 3) === 3;
      return destination === '00000000' && mask === '00000000' && isUpWithGateway && /^[\dA-F]{8}$/.test(gateway ?? '');
    })
    .toSorted((a, b) => Number(a[6]) - Number(b[6]));
  if (best === undefined) return undefined;
  // The kernel prints the address's four bytes as an integer of its own byte order.
  return new Uint8Array(Uint32Array.of(Number.parseInt(best[2] ?? '', 16)).buffer).join('.');
}
