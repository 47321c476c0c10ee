// Has a port mapped by PCP (RFC 6887) or by NAT-PMP (RFC 6886): a datagram or two to the default gateway. Which of them is a codec.

import { NetworkError, ProtocolError } from '../../errors.ts';
import type { Clock } from '../../support/clock.ts';
import type { Endpoint } from '../../support/endpoint.ts';
import { askByDatagram, askRouterAtMs } from './datagrams.ts';
import type { Grant, Mapper, MappingWish } from './mapper.ts';
import { decodeNatPmpAddress, decodeNatPmpMap, encodeNatPmpMap, natPmpAddressRequest } from './nat-pmp.ts';
import { decodePcpMap, encodePcpMap, type MapAnswer } from './pcp.ts';

/** How one of the two protocols is spoken. */
export interface DatagramProtocol {
  readonly protocol: 'PCP' | 'NAT-PMP';
  readonly encode: (wish: MappingWish, localAddress: string) => Uint8Array;
  readonly decode: (bytes: Uint8Array, port: number) => MapAnswer | undefined;
  /** For a protocol whose grants do not name the router's address: how to ask for it. */
  readonly address?: { readonly request: Uint8Array; readonly decode: (bytes: Uint8Array) => string | undefined };
}

/** PCP with the nonce of one mapping: its renewals and its removal have to show the same. */
export function pcp(nonce: Uint8Array): DatagramProtocol {
  return {
    protocol: 'PCP',
    encode: (wish, localAddress) => encodePcpMap(wish, localAddress, nonce),
    decode: (bytes, port) => decodePcpMap(bytes, nonce, port),
  };
}

export const natPmp: DatagramProtocol = {
  protocol: 'NAT-PMP',
  encode: encodeNatPmpMap,
  decode: decodeNatPmpMap,
  address: { request: natPmpAddressRequest, decode: decodeNatPmpAddress },
};

/** One mapping at one router, by one of the two protocols. */
export class PcpMapper implements Mapper {
  readonly protocol: string;
  readonly #speech: DatagramProtocol;
  readonly #router: Endpoint;
  readonly #clock: Clock;
  #wish: MappingWish;
  #isMapped = false;

  constructor(speech: DatagramProtocol, router: Endpoint, wish: MappingWish, clock: Clock) {
    this.protocol = speech.protocol;
    this.#speech = speech;
    this.#router = router;
    this.#wish = wish;
    this.#clock = clock;
  }

  async map(signal: AbortSignal): Promise<Grant> {
    const grant = await this.#ask(this.#wish, signal);
    if (grant.lifetimeSeconds === 0 || grant.externalPort === 0) throw new ProtocolError('it granted nothing');
    this.#isMapped = true;
    this.#wish = { ...this.#wish, externalPort: grant.externalPort };
    return { ...grant, externalAddress: grant.externalAddress ?? (await this.#askAddress(signal)) };
  }

  /** A mapping whose grant has not come runs out by itself: nobody waits for it. */
  async unmap(signal: AbortSignal): Promise<void> {
    if (this.#isMapped) await this.#ask({ ...this.#wish, leaseSeconds: 0 }, signal);
  }

  async #ask(wish: MappingWish, signal: AbortSignal): Promise<Grant> {
    const { encode, decode } = this.#speech;
    const answer = await this.#exchange(
      (localAddress) => encode(wish, localAddress),
      (bytes) => decode(bytes, wish.port),
      signal,
    );
    switch (answer?.kind) {
      case undefined:
        throw new NetworkError('no answer');
      case 'other-version':
        throw new ProtocolError('not spoken there');
      case 'refused':
        throw new ProtocolError(answer.reason);
      case 'granted':
        return answer;
    }
  }

  async #askAddress(signal: AbortSignal): Promise<string | undefined> {
    const { address } = this.#speech;
    return address && this.#exchange(() => address.request, address.decode, signal);
  }

  async #exchange<T>(
    message: (localAddress: string) => Uint8Array,
    read: (bytes: Uint8Array) => T | undefined,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    const question = {
      to: this.#router,
      onlyFromThere: true,
      messages: (localAddress: string) => [message(localAddress)],
      ...askRouterAtMs,
      read,
      isEnough: (answers: readonly T[]) => answers.length > 0,
    };
    const [answer] = await askByDatagram(question, this.#clock, signal);
    return answer;
  }
}
