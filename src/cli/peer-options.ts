// The options of `get` and `seed` that concern peers: which to ask, where they reach us, how many and how fast.

import { Option } from 'commander';

import type { DownloadOptions, EncryptionPolicy } from '../index.ts';
import { checkAnnounceUrl, quantity, repeatable } from './command-options.ts';
import { networkOptions, networkOptionsOf, type TypedNetworkOptions } from './network-options.ts';
import { parseCount, parsePorts, parseRate } from './units.ts';

/** The options, in the order of the help. */
export function peerOptions(): Option[] {
  return [
    repeatable('-a, --announce <URL>', 'announce to this tracker too (repeatable)', checkAnnounceUrl),
    repeatable('--peer <HOST:PORT>', 'use this peer too (repeatable)'),
    quantity(
      '-p, --port <N|RANGE>',
      'listen here, or on the first free port of a range such as 6881-6889 (default: 6881-6999)',
      parsePorts,
    ),
    new Option('--map-port', 'ask the router to let peers reach that port (PCP, NAT-PMP, UPnP)'),
    repeatable('-b, --blocklist <FILE|URL>', 'no peer from these addresses: p2p, .dat or CIDR lists, plain or gzip (repeatable)'),
    ...networkOptions(),
    new Option('--no-listen', 'let no peer connect to us'),
    new Option('--no-pex', 'let peers not tell us of others, and do not tell them (BEP 11)'),
    new Option('--no-lsd', 'do not look for peers on the local network (BEP 14)'),
    quantity('--max-peers <N>', 'connect to at most so many peers (default: 200)', (text) => parseCount(text, 1, 10_000)),
    new Option('--encryption <MODE>', 'of connections to peers (default: prefer)').choices(['off', 'prefer', 'require']),
    quantity('--max-upload-rate <RATE>', 'bytes per second to peers; 0 = no limit (default)', parseRate),
    new Option('--super-seed', 'while seeding: offer each peer one piece at a time, when nobody else has all (BEP 16)'),
  ];
}

/** What commander gives of these options. */
export interface TypedPeerOptions extends TypedNetworkOptions {
  announce?: string[];
  peer?: string[];
  port?: NonNullable<DownloadOptions['port']>;
  mapPort?: true;
  blocklist?: string[];
  listen: boolean;
  pex: boolean;
  lsd: boolean;
  maxPeers?: number;
  encryption?: EncryptionPolicy;
  maxUploadRate?: number;
  superSeed?: true;
}

type PeerOptionName =
  | 'announce'
  | 'peers'
  | 'port'
  | 'mapPort'
  | 'listen'
  | 'network'
  | 'peerExchange'
  | 'localDiscovery'
  | 'maxPeers'
  | 'encryption'
  | 'maxUploadRate'
  | 'superSeed';

/** What the library is asked for. What was not typed is left out, so that the library's defaults hold; 0 means off. */
export function peerOptionsOf(typed: TypedPeerOptions): Pick<DownloadOptions, PeerOptionName> {
  return {
    announce: typed.announce ?? [],
    peers: typed.peer ?? [],
    ...(typed.port !== undefined && { port: typed.port }),
    ...(typed.mapPort && { mapPort: true }),
    ...networkOptionsOf(typed),
    ...(!typed.listen && { listen: false }),
    ...(!typed.pex && { peerExchange: false }),
    ...(!typed.lsd && { localDiscovery: false }),
    ...(typed.maxPeers !== undefined && { maxPeers: typed.maxPeers }),
    ...(typed.encryption !== undefined && { encryption: typed.encryption }),
    ...(typed.maxUploadRate && { maxUploadRate: typed.maxUploadRate }),
    ...(typed.superSeed === true && { superSeed: true }),
  };
}
