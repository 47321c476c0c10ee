// Which addresses are no peer of ours, whoever names them.

import { type Endpoint, reachOf } from '../support/endpoint.ts';

/** What the user has to say about addresses; asked with canonical IP literals. */
export interface AddressRules {
  /** Whether connections there are made at all: not so to another family than those that are used. */
  readonly canReach: (host: string) => boolean;
  /** Whether the user wants nothing to do with it. */
  readonly isBlocked: (host: string) => boolean;
}

export const noRules: AddressRules = { canReach: () => true, isBlocked: () => false };

/** Whether a source may name `endpoint` as a peer; `localAllowed`: also on this machine or its link. */
export function mayBePeer(endpoint: Endpoint, localAllowed: boolean): boolean {
  const reach = reachOf(endpoint.host);
  return reach !== 'unusable' && (localAllowed || (reach !== 'loopback' && reach !== 'link-local'));
}
