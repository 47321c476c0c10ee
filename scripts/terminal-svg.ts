// A terminal's screen as an SVG: rows of text with the colours that SGR sequences give them. Only what ttorrent prints is understood:
// bold and the eight colours.

/** A screen as it stands. */
export interface Screen {
  readonly columns: number;
  /** From the top, each with its SGR sequences. */
  readonly rows: readonly string[];
  /** Column and row, from 0. */
  readonly cursor: readonly [column: number, row: number];
}

const cell = { width: 8.4, height: 19 };
const padding = 14;
const colors = {
  background: '#1b1f24',
  text: '#d7dde4',
  cursor: '#8b949e',
  foreground: ['#484f58', '#ff7b72', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#f0f6fc'],
} as const;

/** The picture, which says `title` to those who cannot see it. */
export function terminalSvg({ columns, rows, cursor: [column, row] }: Screen, title: string): string {
  const width = Math.round(columns * cell.width + 2 * padding);
  const height = rows.length * cell.height + 2 * padding;
  const cursor = `x="${at(column)}" y="${padding + row * cell.height}" width="${cell.width}" height="${cell.height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escape(title)}</title>
<style>text{font:14px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:${colors.text};white-space:pre}.b{font-weight:700}</style>
<rect width="${width}" height="${height}" rx="8" fill="${colors.background}"/>
<rect ${cursor} fill="${colors.cursor}"/>
${rows.flatMap((text, index) => rowSvg(text, padding + (index + 0.75) * cell.height)).join('\n')}
</svg>
`;
}

/** Each run of one style is a text of its own with its length set, so that it ends in its column whatever the font. */
function rowSvg(row: string, y: number): string[] {
  const texts: string[] = [];
  let column = 0;
  let style: Style = { isBold: false, color: colors.text };
  for (const [index, part] of row.split('\u001b[').entries()) {
    const end = index === 0 ? -1 : part.indexOf('m');
    if (index > 0) style = styled(style, part.slice(0, end));
    const text = part.slice(end + 1);
    for (const run of text.matchAll(/\S+(?: \S+)*/g)) {
      const attributes = `x="${at(column + run.index)}" y="${y.toFixed(1)}" textLength="${(run[0].length * cell.width).toFixed(1)}"`;
      texts.push(`<text ${attributes}${attributesOf(style)}>${escape(run[0])}</text>`);
    }
    column += text.length;
  }
  return texts;
}

interface Style {
  readonly isBold: boolean;
  readonly color: string;
}

/** `style` after an SGR sequence. */
function styled(style: Style, codes: string): Style {
  let { isBold, color } = style;
  for (const code of codes.split(';').map(Number)) {
    if (code === 0 || code === 22) isBold = false;
    if (code === 0 || code === 39) color = colors.text;
    if (code === 1) isBold = true;
    color = colors.foreground[code - 30] ?? color;
  }
  return { isBold, color };
}

function attributesOf({ isBold, color }: Style): string {
  return `${isBold ? ' class="b"' : ''}${color === colors.text ? '' : ` style="fill:${color}"`}`;
}

function at(column: number): string {
  return (padding + column * cell.width).toFixed(1);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
