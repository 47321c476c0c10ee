// Several sources of peers as one.

import type { PeerSource } from '../discovery/peer-source.ts';

/** What is said to it is said to each. */
export function groupOf(sources: readonly PeerSource[]): PeerSource {
  const each = (tell: (source: PeerSource) => void) => (): void => sources.forEach(tell);
  return {
    start: each((source) => source.start()),
    completed: each((source) => source.completed()),
    portChanged: each((source) => source.portChanged()),
    setHungry: (hungry) => sources.forEach((source) => source.setHungry(hungry)),
    get isUsable() {
      return sources.some((source) => source.isUsable);
    },
    stop: async () => void (await Promise.all(sources.map((source) => source.stop()))),
  };
}
