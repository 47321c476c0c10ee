import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { terminalSvg } from '../../scripts/terminal-svg.ts';

const escape = '\u001b';

/** The texts of the picture, without where they stand. */
function texts(rows: readonly string[]): string[] {
  const svg = terminalSvg({ columns: 20, rows, cursor: [0, 1] }, 'a <b> & c');
  return [...svg.matchAll(/<text [^>]*textLength="[\d.]+"([^>]*>[^<]*)<\/text>/g)].map(([, text = '']) => text);
}

test('draws each run of a row in its style', () => {
  const row = `${escape}[1mbold${escape}[22m plain  ${escape}[31mred${escape}[39m ${escape}[1;32mboth${escape}[0m.`;
  assert.deepEqual(texts([row, '']), [
    ' class="b">bold',
    '>plain',
    ' style="fill:#ff7b72">red',
    ' class="b" style="fill:#56d364">both',
    '>.',
  ]);
});

test('a run begins in its column, and what is markup elsewhere is text', () => {
  const svg = terminalSvg({ columns: 20, rows: [`a  ${escape}[1m<&>`], cursor: [0, 0] }, 'a <b> & c');
  assert.match(svg, /<text x="39\.2" y="[\d.]+" textLength="25\.2" class="b">&lt;&amp;&gt;<\/text>/);
  assert.match(svg, /<title>a &lt;b&gt; &amp; c<\/title>/);
});

test('the pictures in the documents tell nothing of the machine that they were drawn on', () => {
  for (const size of ['80x24', '40x10']) {
    const paths = readFileSync(`docs/terminal-${size}.svg`, 'utf8').match(/(?<=[ >])\/[a-z]+\/[^<]*/g) ?? [];
    assert.deepEqual(
      paths.filter((path) => !path.startsWith('/srv/isos/')),
      [],
    );
  }
});
