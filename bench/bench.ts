// `npm run bench`: ttorrent beside the clients that its users would otherwise pick, on the same swarm on this machine, in the same run. What
// counts are the ratios: machines are shared and noisy, absolute times mean little. Ends with 1 when any result was wrong, never for a time.

import { clientNames } from './clients.ts';
import { Lab } from './lab.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { findClients } from './profile.ts';
import { profiles } from './profiles/profiles.ts';
import { environmentOf, type Report } from './report/report.ts';
import { textTable } from './report/table.ts';
import { writeDocs } from './report/write-docs.ts';
import { faultsOf } from './result.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: BenchOptions | string;
  try {
    options = parseOptions(
      args,
      profiles.map(({ name }) => name),
      clientNames,
    );
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    return 2;
  }
  if (typeof options === 'string') {
    console.log(options);
    for (const { name, about } of profiles) console.log(`  ${name.padEnd(13)} ${about}`);
    return 0;
  }
  process.on('SIGINT', () => process.exit(130)); // so that what is removed at exit is removed
  process.on('SIGTERM', () => process.exit(143));
  const lab = await Lab.open();
  try {
    return await runAll(lab, options);
  } finally {
    await lab.close();
  }
}

/** Runs the profiles and tells what they found. Returns the exit code. */
async function runAll(lab: Lab, options: BenchOptions): Promise<number> {
  const bench = { lab, options, clients: findClients(lab, options.clients) };
  const report: Report = { ...environmentOf(bench), results: [] };
  for (const { client, missing } of bench.clients) if (missing !== undefined) console.error(`${client.name} is missing: ${missing}`);
  if (lab.noNamespace !== undefined) console.error(lab.noNamespace);
  const needed = lab.missingYardstick('measure') ?? lab.missingYardstick('seeder');
  if (needed !== undefined) {
    console.error(`bench: ${needed}: it is needed to serve the torrents and to measure (Debian: apt-get install gcc libc6-dev)`);
    return 1;
  }
  for (const profile of profiles.filter(({ name }) => options.profiles.includes(name))) {
    console.error(`${profile.name}: ${profile.about}`);
    for (const result of await profile.run(bench)) {
      report.results.push(result);
      if (!options.json) console.log(`\n${textTable(result)}\n`);
    }
  }
  if (options.json) console.log(JSON.stringify(report, undefined, 2));
  if (options.writeDocs) writeDocs(report);
  const faults = report.results.flatMap(faultsOf);
  for (const fault of faults) console.error(`WRONG RESULT: ${fault}`);
  return faults.length === 0 ? 0 : 1;
}
