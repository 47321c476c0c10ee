import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type EndFacts, incompleteError, sourcesAccount } from '../../src/torrent/end-cause.ts';
import type { PeerAccount, PeerFate } from '../../src/torrent/peer-accounts.ts';
import type { WebSeedAccount } from '../../src/webseed/web-seed.ts';

function peer(fate: PeerFate, more: Partial<PeerAccount> = {}): PeerAccount {
  const nothing = { client: undefined, idleMs: 0, downloadedBytes: 0, uploadedBytes: 0, badPieces: 0, firstBlockMs: undefined };
  return { peer: '127.0.0.1:1', origin: 'tracker', fate, ...nothing, ...more };
}

const facts: EndFacts = {
  options: { outputDir: '.', stallTimeoutMs: 60_000 },
  wantedPieces: 10,
  verifiedPieces: 1,
  knownPeers: 12,
  readyEver: 3,
  bannedPeers: 0,
  hasOtherPeers: true,
  sourceReports: [
    { source: 'http://a/announce', outcome: 'refused', message: "'unregistered torrent'", peerCount: 0 },
    { source: 'http://b/announce', outcome: 'answered', message: '', peerCount: 1 },
  ],
  peers: [],
  lacksDescriptors: false,
  webSeeds: [],
  hasOtherWebSeeds: false,
};

describe('the account of a download that ended', () => {
  it('says of each tracker and each group of peers what it did', () => {
    const refused = Array.from({ length: 9 }, () => peer('refused'));
    const choked = [61_999, 60_000, 12].map((idleMs) => peer('choked-us', { idleMs }));
    assert.equal(
      incompleteError('stalled', { ...facts, peers: [...choked, ...refused] }).message,
      'nothing came for 1m, the stall timeout; 1 of 10 pieces verified; 12 peers tried: 9 refused, 3 choked us for 1m01s; ' +
        "http://a/announce refused: 'unregistered torrent'; http://b/announce named 1 peer",
    );
  });

  it('has words for every fate', () => {
    const fates: Readonly<Record<PeerFate, string>> = {
      serving: 'gave 1.50 KiB',
      'choked-us': 'choked us for 2s',
      'had-nothing': 'had nothing that we need',
      stalled: 'owed us blocks for 2s',
      refused: 'refused',
      'timed-out': 'did not answer',
      unreachable: 'could not be reached',
      'no-handshake': 'sent no handshake',
      'not-this-torrent': 'did not have this torrent',
      duplicate: 'connected twice',
      'broke-protocol': 'broke the protocol',
      'sent-bad-data': 'sent bad data',
      disconnected: 'disconnected',
    };
    for (const [fate, words] of Object.entries(fates) as [PeerFate, string][]) {
      const account = sourcesAccount({
        ...facts,
        knownPeers: 1,
        sourceReports: [],
        peers: [peer(fate, { idleMs: fate === 'serving' ? 0 : 2_000, downloadedBytes: fate === 'serving' ? 1536 : 0 })],
      });
      assert.equal(account, `1 peer tried: 1 ${words}`);
    }
  });

  it('says what came from peers that gave data, however they fared in the end', () => {
    const gave = (fate: PeerFate, idleMs: number): PeerAccount => peer(fate, { idleMs, downloadedBytes: 1536 });
    const groups = [
      gave('serving', 61_999),
      gave('serving', 70_000),
      gave('disconnected', 0),
      peer('disconnected'),
      gave('stalled', 2_000),
    ];
    const account = sourcesAccount({ ...facts, knownPeers: 5, sourceReports: [], peers: groups });
    const words = '2 gave 3.00 KiB (the last 1m01s ago), 2 disconnected (1.50 KiB received), 1 owed us blocks for 2s (1.50 KiB received)';
    assert.equal(account, `5 peers tried: ${words}`);
  });

  it('tells of too few file descriptors, and blames them when nobody could be connected to', () => {
    const { code, message } = incompleteError('stalled', { ...facts, readyEver: 0, sourceReports: [], lacksDescriptors: true });
    assert.equal(code, 'open-failed');
    assert.match(message, /^no peer could be connected to; .*too few file descriptors for more peers \(ulimit -n 256 allows enough\)$/);
    assert.equal(incompleteError('stalled', { ...facts, lacksDescriptors: true }).code, 'stalled');
  });

  it('tells peers that were never tried from none at all', () => {
    const nobody = { ...facts, sourceReports: [] };
    assert.equal(sourcesAccount({ ...nobody, knownPeers: 0 }), 'no peer is known');
    assert.equal(sourcesAccount({ ...nobody, knownPeers: 3 }), 'none of 3 known peers has answered yet');
    assert.equal(sourcesAccount({ ...nobody, knownPeers: 3, peers: [peer('refused')] }), '1 of 3 peers tried: 1 refused');
  });

  it('says what each web seed gave and why it gave no more', () => {
    const nothing = { message: '', downloadedBytes: 0, badPieces: 0, firstBlockMs: undefined };
    const webSeeds: WebSeedAccount[] = [
      { ...nothing, url: 'http://a/', fate: 'unused' },
      { ...nothing, url: 'http://b/', fate: 'serving', downloadedBytes: 1024 },
      { ...nothing, url: 'http://c/', fate: 'failed', message: 'HTTP 500' },
      { ...nothing, url: 'http://d/', fate: 'failed', message: 'HTTP 500', downloadedBytes: 1024 },
      { ...nothing, url: 'http://e/', fate: 'sent-bad-data', message: 'sent wrong bytes', downloadedBytes: 1024 },
    ];
    assert.equal(
      sourcesAccount({ ...facts, options: { ...facts.options, noPeers: true }, sourceReports: [], webSeeds }),
      'http://a/ was not asked; http://b/ gave 1.00 KiB; http://c/ failed: HTTP 500; http://d/ gave 1.00 KiB, then failed: HTTP 500; ' +
        'http://e/ sent wrong bytes',
    );
  });

  it('finds only corrupt sources where web seeds alone were left, and no source where none gave anything', () => {
    const alone = { ...facts, readyEver: 0, knownPeers: 0, hasOtherPeers: false, sourceReports: [] };
    const account = { url: 'http://a/', message: '', downloadedBytes: 9, badPieces: 2, firstBlockMs: 1 };
    const codeWith = (fate: WebSeedAccount['fate'], hasOtherWebSeeds: boolean, downloadedBytes = 9): string =>
      incompleteError('stalled', { ...alone, webSeeds: [{ ...account, fate, downloadedBytes }], hasOtherWebSeeds }).code;
    assert.equal(codeWith('sent-bad-data', false), 'only-corrupt-sources');
    assert.equal(codeWith('sent-bad-data', true), 'stalled');
    assert.equal(codeWith('failed', false), 'no-source');
    assert.equal(codeWith('failed', true, 0), 'no-source');
    assert.equal(codeWith('failed', true), 'stalled');
  });
});
