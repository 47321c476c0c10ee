// The peers that the user typed: their names are looked up beside the download, which need not wait for them.

import type { AddressBook } from '../discovery/address-book.ts';
import type { Network } from '../transport/network.ts';
import { type HostAndPort, resolveHost } from '../transport/resolve.ts';

/** What comes of the look-ups. */
export interface TypedPeersListener {
  /** The book has addresses to dial, or one name less to wait for. */
  lookedUp(): void;
  /** A name leads nowhere. */
  warned(message: string): void;
}

/** Looks up the names of one download. */
export class TypedPeers {
  readonly #book: AddressBook;
  readonly #network: Network;
  readonly #signal: AbortSignal;
  readonly #listener: TypedPeersListener;
  #underWay = 0;

  constructor(book: AddressBook, network: Network, signal: AbortSignal, listener: TypedPeersListener) {
    this.#book = book;
    this.#network = network;
    this.#signal = signal;
    this.#listener = listener;
  }

  /** Whether a name is still being looked up. */
  get isLookingUp(): boolean {
    return this.#underWay > 0;
  }

  /** Adds every address of each host to the book. */
  add(peers: readonly HostAndPort[]): void {
    for (const peer of peers) void this.#lookUp(peer);
  }

  async #lookUp(peer: HostAndPort): Promise<void> {
    this.#underWay++;
    try {
      this.#book.add('user', await resolveHost(peer, this.#network, this.#signal), true);
    } catch (error) {
      if (!this.#signal.aborted) this.#listener.warned((error as Error).message);
    }
    this.#underWay--;
    this.#listener.lookedUp();
  }
}
