// Reports made by hand, for what looks at them.

import type { Report } from '../../../src/cli/report/report.ts';

/** Markup, quotes, entities, control and bidi characters, and a word without an end. */
export const nastyText = `"><img src=x onerror=window.wasHit=true><script>window.wasHit=true</script>'&amp;<b>\u001b[2J\u202e${'x'.repeat(300)}`;

/** A download of some minutes that ended before it was complete. `words` stand wherever a stranger can put words. */
export function reportOf({ words, pieceCount = 600 }: { words?: string; pieceCount?: number } = {}): Report {
  const durationMs = 240_000;
  const sampleCount = 481;
  const rateAt = (t: number): number => (t > 90_000 && t < 120_000 ? 0 : 4_000_000 + 1_500_000 * Math.sin(t / 17_000));
  let downloadedBytes = 0;
  const samples = Array.from({ length: sampleCount }, (_, index) => {
    const t = index * 500;
    downloadedBytes += index === 0 ? 0 : rateAt(t) / 2;
    return {
      t,
      verifiedBytes: Math.floor(downloadedBytes * 0.98),
      downloadedBytes: Math.floor(downloadedBytes),
      uploadedBytes: 700_000 * index,
      connectedPeers: 5,
    };
  });
  const totalBytes = 1_048_576 * 1024;
  return {
    v: 1,
    type: 'report',
    version: '0.1.0',
    platform: 'v20.0.0 linux x64',
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs,
    options: {
      output: words ?? 'out',
      announce: ['https://tracker.example/***/announce'],
      deadline: 240_000,
      minRate: { bytesPerSecond: 1, windowMs: 2 },
    },
    torrent: {
      name: words ?? 'image.iso',
      infohash: '0123456789abcdef0123456789abcdef01234567',
      totalLength: totalBytes,
      selectedLength: totalBytes,
      pieceLength: 1_048_576,
      pieceCount: 1024,
      private: false,
    },
    end: { exitCode: 2, exitName: 'deadline reached', code: 'deadline-reached', reason: words ?? 'the deadline of 4m was reached' },
    totals: {
      totalBytes,
      verifiedBytes: samples.at(-1)?.verifiedBytes ?? 0,
      pieceCount: 1024,
      verifiedPieces: 850,
      downloadedBytes: Math.floor(downloadedBytes),
      wastedBytes: 16_384,
      corruptBytes: 1_048_576,
      uploadedBytes: 336_000_000,
      ratio: 0.313,
      seedingMs: 0,
      checkedBytes: 104_857_600,
      badPieces: 1,
      bannedPeers: 1,
      knownPeers: 40,
      meanBytesPerSecond: Math.floor(downloadedBytes / 240),
    },
    timings: { firstPeerMs: 120, firstByteMs: 180, firstPieceMs: 950 },
    samples,
    pieces: Array.from({ length: pieceCount }, (_, first) => {
      const fate = first % 10;
      const cell = { first, count: 1, wanted: 1 };
      if (fate === 0) return { ...cell, before: 0, fetched: 0, atMs: null };
      if (fate === 1) return { ...cell, before: 1, fetched: 0, atMs: null };
      return { ...cell, before: 0, fetched: 1, atMs: 950 + ((first * 7919) % 239_000) };
    }),
    stalls: [{ fromMs: 90_000, toMs: 120_000 }],
    webSeeds: [],
    trackers: [
      { tracker: 'https://tracker.example/***/announce', outcome: 'answered', message: '', peerCount: 40, seeders: 30, leechers: 10 },
      {
        tracker: 'http://old.example/announce',
        outcome: 'refused',
        message: words ?? 'unregistered torrent',
        peerCount: 0,
        seeders: null,
        leechers: null,
      },
    ],
    origins: [
      { origin: 'tracker', peers: 12, downloadedBytes: Math.floor(downloadedBytes * 0.75), uploadedBytes: 336_000_000 },
      { origin: 'user', peers: 1, downloadedBytes: Math.floor(downloadedBytes * 0.25), uploadedBytes: 0 },
    ],
    fates: { refused: 6, serving: 4, 'choked-us': 2, 'sent-bad-data': 1 },
    peers: Array.from({ length: 13 }, (_, index) => ({
      peer: index === 2 ? '[2001:db8:85a3:8d3:1319:8a2e:370:7348]:51413' : `192.0.2.${index + 1}:6881`,
      origin: index === 0 ? 'user' : 'tracker',
      client: index < 7 ? (words ?? 'libtorrent 2.0') : null,
      fate: index < 4 ? 'serving' : index < 6 ? 'choked-us' : index === 6 ? 'sent-bad-data' : 'refused',
      downloadedBytes: index < 4 ? Math.floor(downloadedBytes / 2 ** (index + 1)) : 0,
      uploadedBytes: index === 1 ? 336_000_000 : 0,
      badPieces: index === 6 ? 1 : 0,
      firstBlockMs: index < 4 ? 180 + index * 40 : null,
    })),
    peersLeftOut: 0,
    files: [
      { path: words ?? 'image.iso', length: totalBytes - 100, selected: true, complete: false, sums: null },
      { path: 'SHA256SUMS', length: 100, selected: true, complete: true, sums: { sha256: 'ab'.repeat(32) } },
    ],
    filesLeftOut: 0,
    warnings: [words ?? 'http://old.example/announce refused: unregistered torrent'],
  };
}
