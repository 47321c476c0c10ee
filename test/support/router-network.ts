// A machine behind a real router, miniupnpd of Debian's packages: two network namespaces with a cable between them. The router's side to the
// world, 1.2.3.4, is a cable that leads nowhere.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { PrivateNetwork } from './private-network.ts';

const linkUp = (clientPid: number): string => `
  ip link add lan0 type veth peer name eth0 netns ${clientPid} &&
  ip link add wan0 type veth peer name wan1 &&
  ip address add 192.168.77.1/24 dev lan0 && ip link set lan0 up &&
  ip address add 1.2.3.4/24 dev wan0 && ip link set wan0 up && ip link set wan1 up &&
  nsenter --net --target ${clientPid} -- sh -c '
    ip address add 192.168.77.2/24 dev eth0 && ip link set eth0 up && ip route add default via 192.168.77.1'`;

/** The chains that miniupnpd writes its rules into. */
const firewall = `
table inet filter {
  chain forward { type filter hook forward priority 0; jump miniupnpd; }
  chain miniupnpd { }
}
table inet nat {
  chain prerouting { type nat hook prerouting priority -100; jump prerouting_miniupnpd; }
  chain postrouting { type nat hook postrouting priority 100; jump postrouting_miniupnpd; }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
}
`;

const settings = (leaseFile: string): string => `
ext_ifname=wan0
ext_ip=1.2.3.4
listening_ip=lan0
http_port=0
enable_natpmp=yes
enable_upnp=yes
secure_mode=yes
min_lifetime=4
max_lifetime=120
upnp_table_name=filter
upnp_nat_table_name=nat
upnp_forward_chain=miniupnpd
upnp_nat_chain=prerouting_miniupnpd
upnp_nat_postrouting_chain=postrouting_miniupnpd
uuid=00000000-0000-4000-8000-000000000001
lease_file=${leaseFile}
allow 1024-65535 192.168.77.0/24 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
`;

/** See the head of this file. */
export class RouterNetwork {
  /** What to put before a command to run it on the machine behind the router. */
  readonly wrapper: readonly string[];
  /** The router's mappings, a line each: `TCP:EXTERNALPORT:ADDRESS:PORT:EXPIRY:DESCRIPTION`. */
  readonly leaseFile: string;
  readonly #networks: readonly PrivateNetwork[];
  readonly #router: ChildProcess;

  private constructor(leaseFile: string, client: PrivateNetwork, networks: readonly PrivateNetwork[], router: ChildProcess) {
    this.leaseFile = leaseFile;
    this.wrapper = client.wrapper;
    this.#networks = networks;
    this.#router = router;
  }

  /** A router with files in `directory`, or one line that says why this machine cannot have one. */
  static async open(directory: string): Promise<RouterNetwork | string> {
    if (process.getuid?.() !== 0) return 'two network namespaces with a cable need root';
    const networks: PrivateNetwork[] = [];
    const giveUp = async (why: string): Promise<string> => {
      await Promise.all(networks.map((network) => network.close()));
      return `no router here: ${why}`;
    };
    for (let made = 0; made < 2; made++) {
      const network = await PrivateNetwork.open();
      if (typeof network === 'string') return giveUp(network);
      networks.push(network);
    }
    const [client, outside] = networks as [PrivateNetwork, PrivateNetwork];
    const rules = path.join(directory, 'rules.nft');
    const config = path.join(directory, 'miniupnpd.conf');
    const leaseFile = path.join(directory, 'leases');
    writeFileSync(rules, firewall);
    writeFileSync(config, settings(leaseFile));

    const [nsenter = '', ...inside] = outside.wrapper;
    const setUp = spawnSync(nsenter, [...inside, 'sh', '-c', `${linkUp(client.pid ?? 0)} && nft -f '${rules}'`], { encoding: 'utf8' });
    if (setUp.status !== 0) return giveUp(setUp.stderr.trim().split('\n').join('; '));
    const command = ['timeout', '--kill-after=5', '120', 'miniupnpd', '-d', '-f', config, '-P', path.join(directory, 'pid')];
    const router = spawn(nsenter, [...inside, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
    const log = await logUntil(router, /Listening for NAT-PMP\/PCP traffic/);
    return log === undefined ? new RouterNetwork(leaseFile, client, networks, router) : giveUp(`miniupnpd: ${log}`);
  }

  async close(): Promise<void> {
    const closed = once(this.#router, 'close');
    this.#router.kill('SIGTERM'); // `timeout` passes it on
    await closed;
    await Promise.all(this.#networks.map((network) => network.close()));
  }
}

/** Resolves with undefined when the program prints `pattern`, with what it printed when it ends without. */
function logUntil(program: ChildProcess, pattern: RegExp): Promise<string | undefined> {
  let log = '';
  return new Promise((resolve) => {
    const read = (chunk: Buffer): void => {
      if (log.length < 100_000) log += chunk.toString('utf8');
      if (pattern.test(log)) resolve(undefined);
    };
    program.stdout?.on('data', read);
    program.stderr?.on('data', read);
    program.once('error', (error) => resolve(error.message));
    program.once('close', () => resolve(log.trim().split('\n').at(-1) ?? ''));
  });
}
