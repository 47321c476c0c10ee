// What a protocol that maps ports does for its user, whichever it is.

/** A mapping that a router gave. */
export interface Grant {
  /** The port on the router's address that leads to ours. */
  readonly externalPort: number;
  /** The router's own address to the outside, if it said. */
  readonly externalAddress: string | undefined;
  readonly lifetimeSeconds: number;
}

/** One way to have a port mapped. */
export interface Mapper {
  /** Its name for people. */
  readonly protocol: string;
  /** Obtains the mapping, or renews it. Throws NetworkError and ProtocolError with words for people, the signal's reason when aborted. */
  map(signal: AbortSignal): Promise<Grant>;
  /** Removes the mapping, if there is one. Throws as `map`. */
  unmap(signal: AbortSignal): Promise<void>;
}

/** What is to be mapped, and for how long: TCP, to this machine. */
export interface MappingWish {
  readonly port: number;
  readonly leaseSeconds: number;
  /** The outer port that we would like: the one we had, or the same as `port`. */
  readonly externalPort: number;
}
