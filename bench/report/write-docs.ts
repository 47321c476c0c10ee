// Writes docs/performance.md and its picture from the results of one run.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Comparison, Result } from '../result.ts';
import { chart } from './chart.ts';
import type { Report } from './report.ts';
import { markdownTable } from './table.ts';

/** In the repository, which is the working directory of every npm script. */
export function writeDocs(report: Report): void {
  mkdirSync('docs', { recursive: true });
  writeFileSync(path.join('docs', 'performance.svg'), chart(report.results.filter(isDownload)));
  writeFileSync(path.join('docs', 'performance.md'), page(report));
}

/** Commands that only say a word are compared with Node, and torrents made with mktorrent: not in one picture with downloads. */
function isDownload(result: Result): result is Comparison {
  return result.kind === 'comparison' && result.base === 'ttorrent';
}

function page(report: Report): string {
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  return `# Performance

${introduction}

![Bars: the wall time of each client as a multiple of ttorrent's](performance.svg)

| | |
|---|---|
| date | ${report.date.slice(0, 10)} |
| machine | ${report.machine} |
| versions | ${versions.join('; ')} |
| rounds | ${report.rounds}, medians shown |
| repeat it | \`npm run bench -- ${report.repeat} --write-docs\` |

${report.results.map(section).join('\n')}
${howToRead}
`;
}

/** A profile with several tables has one heading. */
function section(result: Result, index: number, all: readonly Result[]): string {
  const heading = all[index - 1]?.profile === result.profile ? '' : `## ${result.profile}\n\n`;
  const title = `${result.title.charAt(0).toUpperCase()}${result.title.slice(1)}.`;
  return `${heading}${title}\n\n${markdownTable(result)}\n`;
}

const introduction = `\`npm run bench\` writes this page: ttorrent beside the clients that its users would otherwise pick, on the same torrent and the same
swarm on one machine, each in turn, every result compared byte for byte. Ratios count; a machine is noisy, and its absolute times mean
little elsewhere. A client that is not there is named as absent.`;

const howToRead = `## How to read it

- Wall time is from the start of the process to its end: loading, announcing and saying farewell included. For a client that goes on
  seeding (transmission) it ends when the client's own hook says that the download is complete.
- CPU and peak memory are the kernel's account of the process (\`wait4\`). Memory counts mapped files, too, which a client that maps what
  it downloads (libtorrent) has many of.
- "Wasted" is what the seeders sent beyond the torrent's size. What lay in a buffer of the system when the client hung up counts, too.
- "C floor" is a program of one thread that only receives, hashes, compares and writes (\`bench/yardsticks/floor.c\`).
- "x ideal" is the time that the lines take when they are full from the first moment to the last.
- The seeders serve from memory (\`bench/yardsticks/seeder.c\`); lines with a delay and a rate are a small proxy (\`bench/shaped-link.ts\`),
  which models queueing and no loss. Everything runs in a network namespace where one can be made, else on 127.0.0.0/8, where
  transmission talks to nobody. Clients speak no encryption with these seeders; aria2 tries it first, and makes its
  first request some two seconds after its start.
- Files go to memory-backed storage, except in the profile \`disk\`, where ttorrent fsyncs before it gives a file its final name and the
  other clients do not.

The clients, on Debian or Ubuntu: \`apt-get install gcc libc6-dev aria2 python3-libtorrent transmission-cli mktorrent iproute2\`; webtorrent:
\`npm install -g webtorrent\`, or anywhere that \`NODE_PATH\` names. \`npm run bench -- --help\` lists the profiles.`;
