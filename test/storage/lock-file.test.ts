import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { StorageError } from '../../src/errors.ts';
import { takeLock } from '../../src/storage/lock-file.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { listFiles, makeContent, open } from './fixture.ts';

const contender = new URL('./lock-contender.js', import.meta.url);

test('a lock that is held is refused at once, also within one process, and free again after its release', (t) => {
  const lockPath = path.join(scratchDirectory(t), 'x.ttorrent.lock');
  const lock = takeLock(lockPath);
  assert.throws(
    () => takeLock(lockPath),
    (error) => {
      assert.ok(error instanceof StorageError);
      assert.equal(error.code, 'locked');
      assert.match(error.message, new RegExp(`another ttorrent \\(process ${process.pid} on .*\\) is downloading this`));
      return true;
    },
  );
  lock.release();
  takeLock(lockPath).release();
  assert.deepEqual(listFiles(path.dirname(lockPath)), []);
});

test('the lock of a process that is gone, or whose id has a new owner, is taken over', (t) => {
  const lockPath = path.join(scratchDirectory(t), 'x.ttorrent.lock');
  const own = ownLock(lockPath);
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  const deads = [{ pid: gone }, { pid: 0 }, { startTime: '1' }, { bootId: 'another boot' }];
  for (const dead of deads) {
    writeFileSync(lockPath, JSON.stringify({ ...own, ...dead }));
    const lock = takeLock(lockPath);
    assert.equal(ownerOf(lockPath), process.pid);
    lock.release();
  }
  assert.deepEqual(listFiles(path.dirname(lockPath)), []);
});

test('the lock of another machine is respected', (t) => {
  const lockPath = path.join(scratchDirectory(t), 'x.ttorrent.lock');
  writeFileSync(lockPath, JSON.stringify({ ...ownLock(lockPath), hostname: 'elsewhere', pid: 1 }));
  assert.throws(() => takeLock(lockPath), { code: 'locked' });
});

test('a lock with no readable content is held while it is new, and dead when it is old', (t) => {
  const lockPath = path.join(scratchDirectory(t), 'x.ttorrent.lock');
  for (const text of ['', '{', '{"pid":1}', '[]', 'null', '"x"']) {
    writeFileSync(lockPath, text);
    assert.throws(() => takeLock(lockPath), { code: 'locked' });
    utimesSync(lockPath, 1, 1);
    takeLock(lockPath).release();
  }
});

test('releasing leaves a lock alone that is no longer ours', (t) => {
  const lockPath = path.join(scratchDirectory(t), 'x.ttorrent.lock');
  const lock = takeLock(lockPath);
  const other = JSON.stringify({ ...JSON.parse(readFileSync(lockPath, 'utf8')), token: '0123456789abcdef' });
  writeFileSync(lockPath, other);
  lock.release();
  assert.equal(readFileSync(lockPath, 'utf8'), other);
});

test('of many processes that want a free lock, or a dead one, exactly one gets it', { timeout: 60_000 }, async (t) => {
  const contenders = await startContenders(t, 8);
  for (let round = 0; round < 40; round++) {
    const lockPath = path.join(scratchDirectory(t), 'x.ttorrent.lock');
    if (round % 2 === 1) writeFileSync(lockPath, JSON.stringify({ ...ownLock(`${lockPath}2`), pid: 0 }));
    const answers = await Promise.all(contenders.map((child) => ask(child, { take: lockPath })));
    assert.deepEqual(
      answers.filter((answer) => answer !== 'locked'),
      ['taken'],
      `round ${round}: ${answers.join()}`,
    );
    await Promise.all(contenders.map((child) => ask(child, { release: true })));
    assert.deepEqual(listFiles(path.dirname(lockPath)), []);
  }
});

test('the lock of a killed process is taken over by exactly one', { timeout: 60_000 }, async (t) => {
  const lockPath = path.join(scratchDirectory(t), 'x.ttorrent.lock');
  let holders = await startContenders(t, 1);
  for (let round = 0; round < 5; round++) {
    const [holder] = holders;
    assert.ok(holder !== undefined);
    if (round === 0) assert.equal(await ask(holder, { take: lockPath }), 'taken');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const contenders = await startContenders(t, 4);
    const answers = await Promise.all(contenders.map((child) => ask(child, { take: lockPath })));
    assert.equal(answers.filter((answer) => answer === 'taken').length, 1, answers.join());
    holders = contenders.filter((_, i) => answers[i] === 'taken');
    for (const child of contenders) if (!holders.includes(child)) child.kill('SIGKILL');
  }
});

test('two downloads of one torrent in one directory exclude each other, those of two torrents do not', async (t) => {
  const dir = scratchDirectory(t);
  const [one, two] = [makeContent('one', 1_024, [{ length: 2_000 }]), makeContent('two', 1_024, [{ length: 2_000 }])];
  const first = await open(one, dir);
  const before = listFiles(dir);
  await assert.rejects(open(one, dir), { code: 'locked' });
  assert.deepEqual(listFiles(dir), before);
  const second = await open(two, dir);
  await first.storage.close();
  const again = await open(one, dir);
  await again.storage.close();
  await second.storage.close();
  assert.ok(!existsSync(path.join(dir, 'one.ttorrent.lock')));
});

function ownLock(lockPath: string): Record<string, unknown> {
  const lock = takeLock(lockPath);
  const content = JSON.parse(readFileSync(lockPath, 'utf8')) as Record<string, unknown>;
  lock.release();
  assert.equal(content.hostname, os.hostname());
  return content;
}

function ownerOf(lockPath: string): unknown {
  return (JSON.parse(readFileSync(lockPath, 'utf8')) as { pid: unknown }).pid;
}

async function startContenders(t: TestContext, count: number): Promise<ChildProcess[]> {
  const children = Array.from({ length: count }, () => fork(contender, { execArgv: [] }));
  t.after(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  await Promise.all(children.map((child) => once(child, 'message')));
  return children;
}

async function ask(child: ChildProcess, question: { take: string } | { release: true }): Promise<unknown> {
  child.send(question);
  const [answer] = (await once(child, 'message')) as [unknown];
  return answer;
}

test('removes what killed processes left beside their locks, and nothing of living ones', (t) => {
  const directory = scratchDirectory(t);
  const holder = { token: '0123456789abcdef', pid: process.pid, startTime: '', bootId: '', hostname: os.hostname() };
  const leave = (name: string, changed: object): void =>
    writeFileSync(path.join(directory, name), JSON.stringify({ ...holder, ...changed }));
  const bootIdFile = '/proc/sys/kernel/random/boot_id';
  const bootId = existsSync(bootIdFile) ? readFileSync(bootIdFile, 'utf8').trim() : '';
  leave('.ttorrent-0123456789abcdef.claim', { bootId: 'another boot' });
  leave('.ttorrent-1123456789abcdef.new', { bootId, pid: 2 ** 22 + 1 });
  leave('.ttorrent-2123456789abcdef.new', { bootId });
  writeFileSync(path.join(directory, `.ttorrent-3123456789abcdef-${2 ** 22 + 1}.new`), '');
  writeFileSync(path.join(directory, `.ttorrent-4123456789abcdef-${process.pid}.new`), '');
  leave('.ttorrent-notes.txt', { bootId: 'another boot' });
  takeLock(path.join(directory, 'x.ttorrent.lock')).release();
  assert.deepEqual(readdirSync(directory).sort(), [
    '.ttorrent-2123456789abcdef.new',
    `.ttorrent-4123456789abcdef-${process.pid}.new`,
    '.ttorrent-notes.txt',
  ]);
});

test('never removes a file whose content names no process, whatever its name and age', (t) => {
  const directory = scratchDirectory(t);
  const mine = path.join(directory, '.ttorrent-a.new');
  writeFileSync(mine, 'precious');
  utimesSync(mine, 1, 1);
  takeLock(path.join(directory, 'x.ttorrent.lock')).release();
  assert.equal(readFileSync(mine, 'utf8'), 'precious');
});

test('a lock of another pid namespace of this machine is held while its heart beats, whatever process has its id here', (t) => {
  const lockPath = path.join(scratchDirectory(t), 'x.ttorrent.lock');
  const own = ownLock(lockPath);
  if (own.pidNamespace === '') return t.skip('the system has no pid namespaces');
  for (const pid of [process.pid, 2 ** 22 + 1]) {
    for (const hostname of [os.hostname(), 'another-container']) {
      writeFileSync(lockPath, JSON.stringify({ ...own, pid, hostname, pidNamespace: 'pid:[1]' }));
      assert.throws(() => takeLock(lockPath), { code: 'locked' });
      const longAgo = Date.now() / 1000 - 61;
      utimesSync(lockPath, longAgo, longAgo);
      takeLock(lockPath).release();
    }
  }
});

test('a held lock gets a new mtime again and again', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const lockPath = path.join(scratchDirectory(t), 'x.ttorrent.lock');
  const lock = takeLock(lockPath);
  utimesSync(lockPath, 1, 1);
  t.mock.timers.tick(10_000);
  assert.ok(Date.now() - statSync(lockPath).mtimeMs < 5_000);
  lock.release();
  assert.ok(!existsSync(lockPath));
});
