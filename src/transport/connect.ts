// A plain TCP connection to one of several addresses, from where the network is bound. Knows nothing of peers, HTTP or proxies.

import { once } from 'node:events';
import { connect, type LookupFunction, type OnReadOpts, type Socket, type TcpNetConnectOpts } from 'node:net';
import { trackerLimits } from '../config.ts';
import { NetworkError } from '../errors.ts';
import { boundFor, canReach, familyNames, familyOf, isBound, type Network } from './network.ts';

/**
 * Connects to the first of `addresses`, IP literals, that answers. `onread`: where it reads into, instead of telling by 'data'. Throws NetworkError when the network can reach none of them, what the
 * system says when none answers, the signal's reason when aborted.
 */
export async function connectToOne(
  addresses: readonly string[],
  port: number,
  network: Network,
  signal: AbortSignal,
  onread?: OnReadOpts,
): Promise<Socket> {
  const common = { port, ...(onread !== undefined && { onread }) };
  const reachable = addresses.filter((address) => canReach(network, address));
  const [first] = reachable;
  if (first === undefined) throw new NetworkError(`it has no ${familyNames(network)} address`);
  if (reachable.length === 1) return open({ ...common, host: first, ...boundFor(network, first) }, signal);
  if (isBound(network)) return oneByOne(reachable, common, network, signal);
  return open(
    {
      ...common,
      host: 'one of several', // a name that only `lookup` is asked for
      lookup: pinnedLookup(reachable),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: trackerLimits.addressAttemptMs,
    },
    signal,
  );
}

/** Node tries one address of a name only when it is told where to connect from. */
async function oneByOne(addresses: readonly string[], common: TcpNetConnectOpts, network: Network, signal: AbortSignal): Promise<Socket> {
  let failure: unknown;
  for (const [index, host] of addresses.entries()) {
    const isLast = index === addresses.length - 1;
    try {
      return await open({ ...common, host, ...boundFor(network, host) }, signal, isLast ? 0 : trackerLimits.addressAttemptMs);
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

/** `timeoutMs`: 0 leaves the time to the signal. */
async function open(options: TcpNetConnectOpts, signal: AbortSignal, timeoutMs = 0): Promise<Socket> {
  signal.throwIfAborted();
  const socket = connect({ ...options, noDelay: true });
  socket.setTimeout(timeoutMs, () => socket.destroy(new NetworkError('no connection in time')));
  try {
    await once(socket, 'connect', { signal });
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw error;
  }
  return socket.setTimeout(0);
}

/** A resolver that knows only the addresses that were checked, so that a name cannot change its mind between check and connect. */
function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const pinned = addresses.map((address) => ({ address, family: familyOf(address) }));
  return (_hostname, options, callback) => {
    if (options.all === true) return callback(null, pinned);
    const [first] = pinned;
    callback(null, first?.address ?? '', first?.family);
  };
}
