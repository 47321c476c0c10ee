// Ports mapped by a real router, miniupnpd, in every protocol that it speaks.

import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Findings, MappedLife } from '../support/behind-router.ts';
import { clientsAreRequired } from '../support/clients.ts';
import { skipWithout } from '../support/programs.ts';
import { RouterNetwork } from '../support/router-network.ts';
import { startProgram } from '../support/run-cli.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../support/scratch.ts';

const behindRouter = fileURLToPath(new URL('../support/behind-router.js', import.meta.url));

describe('behind miniupnpd', { skip: skipWithout('miniupnpd', 'nft', 'ip', 'nsenter') }, () => {
  const scratch = makeScratchDirectory();
  let network: RouterNetwork | string;
  let findings: Findings | undefined;

  before(async () => {
    network = await RouterNetwork.open(scratch);
    if (typeof network === 'string') return;
    const { finished } = startProgram([process.execPath, behindRouter, network.leaseFile], {
      wrapper: network.wrapper,
      timeoutMs: 100_000,
    });
    const { exitCode, stdout, stderr } = await finished;
    assert.equal(exitCode, 0, stderr);
    findings = JSON.parse(stdout) as Findings;
  });

  after(async () => {
    if (network instanceof RouterNetwork) await network.close();
    removeScratchDirectory(scratch);
  });

  /** What was found; undefined where there is no router, and the test is skipped. */
  function found(t: TestContext): Findings | undefined {
    if (typeof network === 'string') {
      assert.ok(!clientsAreRequired, network);
      t.skip(network);
    }
    return findings;
  }

  function isWhole(life: MappedLife | undefined, port: number, description: RegExp): void {
    assert.equal(life?.first.externalPort, port);
    assert.match(life.first.description, description);
    assert.deepEqual([life.renewed.externalPort, life.after, life.warnings], [port, false, []]);
    assert.ok(life.renewed.expiry > life.first.expiry);
  }

  test('a port is mapped by PCP, renewed and removed', (t) => {
    if (found(t) !== undefined) isWhole(findings?.pcp, 7001, /^PCP MAP/);
  });

  test('a port is mapped by UPnP, renewed and removed', (t) => {
    if (found(t) !== undefined) isWhole(findings?.upnp, 7002, /^ttorrent$/);
  });

  test('a port is mapped by NAT-PMP, renewed and removed', (t) => {
    if (found(t) === undefined) return;
    isWhole(findings?.natPmp, 7003, /^NAT-PMP/);
    assert.equal(findings?.natPmp.grant.externalAddress, '1.2.3.4');
  });

  test('the router is found without being named', (t) => {
    if (found(t) !== undefined) assert.equal(findings?.gateway, '192.168.77.1');
  });

  test('a download announces the outer port that it got, and gives it back', (t) => {
    if (found(t) === undefined) return;
    const { exitCode, stderr, externalPort, announced, after: isLeft } = (findings as Findings).download;
    assert.equal(exitCode, 0, stderr);
    assert.ok(externalPort !== 0 && externalPort !== 7004, `outer port ${externalPort}`);
    const outer = String(externalPort);
    assert.deepEqual(announced.slice(1), [
      ['completed', outer],
      ['stopped', outer],
    ]);
    assert.doesNotMatch(stderr, /mapped by the router/);
    assert.equal(isLeft, false);
  });
});
