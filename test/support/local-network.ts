// Two machines on one cable: network namespaces with addresses of one family, and nothing else to speak to.

import { spawnSync } from 'node:child_process';
import { PrivateNetwork } from './private-network.ts';

const addresses = { IPv4: ['192.168.78.1/24', '192.168.78.2/24'], IPv6: ['fd78::1/64', 'fd78::2/64'] } as const;

/** The two, each by what to put before a command to run it there. */
export interface LocalNetwork {
  readonly here: readonly string[];
  readonly there: readonly string[];
  close(): Promise<void>;
}

/** A fresh one, or one line that says why this machine cannot have it. */
export async function openLocalNetwork(family: 'IPv4' | 'IPv6'): Promise<LocalNetwork | string> {
  if (process.getuid?.() !== 0) return 'two network namespaces with a cable need root';
  const here = await PrivateNetwork.open();
  if (typeof here === 'string') return here;
  const there = await PrivateNetwork.open();
  const close = async (): Promise<void> => void (await Promise.all([here.close(), typeof there === 'string' || there.close()]));
  if (typeof there === 'string') {
    await close();
    return there;
  }
  const [first, second] = addresses[family];
  const up = (address: string): string => `ip address add ${address} dev lan0 ${family === 'IPv6' ? 'nodad' : ''} && ip link set lan0 up`;
  const steps: readonly (readonly [PrivateNetwork, string])[] = [
    [here, `ip link add lan0 type veth peer name lan0 netns ${there.pid} && ${up(first)}`],
    [there, up(second)],
    // It takes the system up to a second to see that there is a cable.
    ...[here, there].map((network) => [network, 'until ip link show lan0 | grep -q "state UP"; do sleep 0.05; done'] as const),
  ];
  for (const [network, step] of steps) {
    const [program, ...args] = [...network.wrapper, 'sh', '-c', step];
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 10_000 });
    if (status === 0) continue;
    await close();
    return `no cable between network namespaces: ${stderr.trim()}`;
  }
  return { here: here.wrapper, there: there.wrapper, close };
}
