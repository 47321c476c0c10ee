// The report in a real browser: by its picture, by what a screen reader is given, and by what it must never do.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { reportPage } from '../../../src/cli/report/report-page.ts';
import { Chromium, chromiumCommand, type View } from '../../support/chromium.ts';
import { clientsAreRequired } from '../../support/clients.ts';
import { readPng } from '../../support/png.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { nastyText, reportOf } from './made-report.ts';
import { elementNames, faintTexts, mapBox, overflow } from './page-checks.ts';

const skip = chromiumCommand === undefined && !clientsAreRequired ? 'no chromium on this machine' : false;

/** The page in a browser. With TTORRENT_SCREENSHOTS=DIR its picture is kept there for people. */
async function opened(t: TestContext, page: string, view: View, name: string): Promise<{ browser: Chromium; picture: Buffer }> {
  const file = path.join(scratchDirectory(t), 'report.html');
  writeFileSync(file, page);
  assert.ok(chromiumCommand !== undefined, 'chromium is installed');
  const browser = await Chromium.start(chromiumCommand);
  t.after(() => browser.close());
  await browser.open(file, view);
  const picture = await browser.screenshot();
  const keep = process.env['TTORRENT_SCREENSHOTS'];
  if (keep !== undefined) {
    mkdirSync(keep, { recursive: true });
    writeFileSync(path.join(keep, `report-${name}.png`), picture);
  }
  return { browser, picture };
}

for (const scheme of ['light', 'dark'] as const)
  for (const width of [360, 1100]) {
    test(`fits a window of ${width} pixels and has contrast when it is ${scheme}`, { skip }, async (t) => {
      const { browser, picture } = await opened(t, reportPage(reportOf()), { width, scheme }, `${scheme}-${width}`);
      assert.equal(await browser.evaluate(overflow), 0);
      assert.deepEqual(await browser.evaluate(faintTexts), []);

      const pixels = readPng(picture);
      assert.equal(pixels.width, width);
      const corner = Number.parseInt(pixels.at(1, 1).slice(1, 3), 16);
      assert.ok(scheme === 'light' ? corner > 200 : corner < 60, `the page is ${scheme}: ${pixels.at(1, 1)}`);
      const box = await browser.evaluate<{ x: number; y: number; width: number; height: number }>(mapBox);
      const colors = new Map<string, number>();
      for (let x = box.x; x < box.x + box.width; x++) {
        const color = pixels.at(x, box.y + Math.floor(box.height / 2));
        colors.set(color, (colors.get(color) ?? 0) + 1);
      }
      // A row of the map has early, middle and late pieces, and some that are missing.
      assert.ok([...colors.values()].filter((count) => count >= 3).length >= 4, `colours of the map: ${[...colors.keys()].join(' ')}`);
      assert.deepEqual([browser.requests.length, browser.complaints], [1, []], browser.requests.join());
    });
  }

test('gives a screen reader headings in order, named pictures, and captions', { skip }, async (t) => {
  const { browser } = await opened(t, reportPage(reportOf()), { width: 1100, scheme: 'light' }, 'tree');
  const nodes = await browser.accessibleNodes();
  const named = (role: string): string[] => nodes.filter((node) => node.role === role).map(({ name }) => name);
  const sections = ['In numbers', 'Throughput', 'Pieces', 'Sources', 'Peers', 'Files', 'Warnings', 'Options and versions'];
  assert.deepEqual(named('heading'), ['image.iso', ...sections]);
  assert.deepEqual(
    named('region').filter((name) => sections.includes(name)),
    sections,
  );
  assert.deepEqual(await browser.evaluate('[...document.querySelectorAll("h1,h2,h3")].map((heading) => heading.localName)'), [
    'h1',
    ...sections.map(() => 'h2'),
  ]);
  const pictures = nodes.filter(({ role }) => role === 'image' || role === 'img' || role === 'graphics-document').map(({ name }) => name);
  assert.ok(pictures.includes('Throughput over time') && pictures.includes('When each piece came'), pictures.join());
  assert.ok(pictures.every((name) => name !== ''));
  const tables = named('table');
  assert.ok(tables.includes('Peers, those that gave most first') && tables.every((name) => name !== ''), tables.join());
  assert.ok(named('columnheader').includes('first block') && named('rowheader').includes('image.iso'));
  assert.equal(await browser.evaluate('document.documentElement.lang'), 'en');
});

test('shows what a torrent, a tracker and a peer say as text', { skip }, async (t) => {
  const { browser } = await opened(t, reportPage(reportOf({ words: nastyText })), { width: 360, scheme: 'light' }, 'hostile');
  const names = await browser.evaluate<string[]>(elementNames);
  for (const name of ['script', 'img', 'iframe', 'a', 'link', 'object', 'form', 'b']) assert.ok(!names.includes(name), name);
  assert.equal(await browser.evaluate(overflow), 0);
  assert.equal(await browser.evaluate('window.wasHit'), undefined);
  assert.ok((await browser.evaluate<string>('document.querySelector("h1").textContent')).includes('<img src=x onerror='));
  assert.deepEqual([browser.requests.length, browser.complaints], [1, []]);
});

test('a policy keeps a page from loading and running anything, were there a hole', { skip }, async (t) => {
  const hit = '<script>window.wasHit = true</script><img src="http://127.0.0.1:1/x">';
  const { browser } = await opened(t, reportPage(reportOf()).replace('<main>', `<main>${hit}`), { width: 360, scheme: 'light' }, 'policy');
  assert.equal(await browser.evaluate('window.wasHit'), undefined);
  assert.ok(browser.complaints.join().includes('Content Security Policy'), browser.complaints.join());
});
