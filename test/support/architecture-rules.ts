// The rules of the layout as functions over sources read as text. They know nothing of the disk, so that a test can show on made-up
// sources that each rule is able to fail. Which folder stands where is said in architecture.test.ts.

import path from 'node:path/posix';

/** Source text by path below src/, with forward slashes. */
export type Sources = ReadonlyMap<string, string>;

export interface Layout {
  /** From the ground up; what stands together on one floor does not know each other. A folder by its name, a top-level file by its own. */
  readonly floors: readonly (readonly string[])[];
  /** What the program starts from. */
  readonly entryPoints: readonly string[];
  /** For a folder that may import less than its floor allows: what it may import besides itself. */
  readonly onlyImports: Readonly<Record<string, readonly string[]>>;
  /** Folders without waiting: no `await`, no `async`. */
  readonly pureFolders: readonly string[];
  /** Node's modules that only compute. */
  readonly pureModules: readonly string[];
  /** Modules and globals that touch the world, and the files (or folders, ending in a slash) that may. */
  readonly edges: readonly Edge[];
  /** Files that may re-export. */
  readonly barrels: readonly string[];
  readonly mostLines: number;
}

export interface Edge {
  readonly what: string;
  /** Names of packages and of Node's modules; a trailing `*` stands for anything. */
  readonly modules: readonly string[];
  readonly globals: readonly string[];
  readonly files: readonly string[];
}

/** Every import that leads to a floor that is not below, or to what `onlyImports` leaves out. */
export function upwardImports(sources: Sources, layout: Layout): string[] {
  return imports(sources).flatMap(({ from, to }) => {
    if (to === undefined || unitOf(from) === unitOf(to)) return [];
    const floorOf = (file: string): number => layout.floors.findIndex((floor) => floor.includes(unitOf(file)));
    if (floorOf(from) === -1) return [`${from}: ${unitOf(from)} has no floor`];
    if (floorOf(to) >= floorOf(from) || floorOf(to) === -1) return [`${from} imports ${to}, which is not on a lower floor`];
    const only = layout.onlyImports[unitOf(from)];
    return only === undefined || only.includes(unitOf(to))
      ? []
      : [`${from} imports ${to}; ${unitOf(from)} may import only ${only.join(', ')}`];
  });
}

/** Every group of files that import each other in a ring, as `a -> b -> a`. */
export function importCycles(sources: Sources): string[] {
  const graph = importGraph(sources);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at !== -1) cycles.push([...trail.slice(at), file].join(' -> '));
    if (at !== -1 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}

/** Every import that names no source: the other rules would not see it. */
export function danglingImports(sources: Sources): string[] {
  return imports(sources).flatMap(({ from, to, specifier }) =>
    to !== undefined && !sources.has(to) ? [`${from} imports ${specifier}, which does not exist`] : [],
  );
}

/** Every use of a module or global that touches the world in a file that is not an edge for it, and every module that no list names. */
export function leaks(sources: Sources, layout: Layout): string[] {
  const ofModules = imports(sources).flatMap(({ from, to, specifier }) => {
    if (to !== undefined || layout.pureModules.includes(specifier)) return [];
    const edges = layout.edges.filter(({ modules }) => modules.some((module) => matches(specifier, module)));
    if (edges.length === 0) return [`${from} imports ${specifier}, which no list of the layout names`];
    return edges.some(({ files }) => isListed(from, files)) ? [] : [`${from} imports ${specifier}: not a file for ${edges[0]?.what}`];
  });
  const ofGlobals = [...sources].flatMap(([file, text]) => {
    const code = codeOnly(text);
    return layout.edges.flatMap(({ what, globals, files }) =>
      globals
        .filter((global) => !isListed(file, files) && usesGlobal(code, global))
        .map((global) => `${file} uses ${global}: not a file for ${what}`),
    );
  });
  return [...ofModules, ...ofGlobals];
}

/** Every entry of an edge's list that has become needless: no such file, or it touches nothing of the kind. */
export function needlessPermits(sources: Sources, layout: Layout): string[] {
  return layout.edges.flatMap((edge) =>
    edge.files
      .filter((file) => {
        const users = [...sources].filter(([name]) => isListed(name, [file]));
        return !users.some(([name, text]) => {
          const specifiers = imports(new Map([[name, text]])).map(({ specifier }) => specifier);
          const code = codeOnly(text);
          return (
            edge.modules.some((module) => specifiers.some((specifier) => matches(specifier, module))) ||
            edge.globals.some((global) => usesGlobal(code, global))
          );
        });
      })
      .map((file) => `${file} is listed for ${edge.what} and does not need it`),
  );
}

/** Every file of a pure folder that waits. */
export function waitingInPureFolders(sources: Sources, layout: Layout): string[] {
  return [...sources]
    .filter(([file, text]) => layout.pureFolders.includes(unitOf(file)) && /\b(await|async)\b/.test(codeOnly(text)))
    .map(([file]) => `${file} waits, in a folder that only computes`);
}

/** Every re-export outside of the barrels. */
export function barrels(sources: Sources, layout: Layout): string[] {
  return [...sources]
    .filter(([file, text]) => !layout.barrels.includes(file) && /\bexport\s+(type\s+)?(\*|\{[^}]*\}\s*from\b)/.test(withoutComments(text)))
    .map(([file]) => `${file} re-exports; import the real file`);
}

/** Every file that no entry point leads to. */
export function unreachable(sources: Sources, layout: Layout): string[] {
  const graph = importGraph(sources);
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const next of graph.get(file) ?? []) visit(next);
  };
  for (const entry of layout.entryPoints) visit(entry);
  return [...sources.keys()].filter((file) => !reached.has(file)).map((file) => `${file} is used by nothing that starts`);
}

/** Every file with too many lines. */
export function longFiles(sources: Sources, layout: Layout): string[] {
  return [...sources].flatMap(([file, text]) => {
    const lines = text.trimEnd().split('\n').length;
    return lines > layout.mostLines ? [`${file} has ${lines} lines, more than ${layout.mostLines}`] : [];
  });
}

/** One import. `to` is the source it names; undefined when it names a package or a module of Node's. */
interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly to: string | undefined;
}

/** Static and dynamic imports, re-exports, imports of types, and files named to a worker by `new URL('./...', import.meta.url)`. */
function imports(sources: Sources): Import[] {
  const pattern = /(?:\bfrom|\bimport|\bimport\s*\(|\bnew\s+URL\s*\(|\brequire\s*\()\s*'([^'\n]+)'/g;
  return [...sources].flatMap(([from, text]) =>
    [...withoutComments(text).matchAll(pattern)].map((match) => {
      const specifier = match[1] ?? '';
      const to = specifier.startsWith('.') ? path.join(path.dirname(from), specifier).replace(/\.js$/, '.ts') : undefined;
      return { from, specifier, to };
    }),
  );
}

function importGraph(sources: Sources): Map<string, string[]> {
  const graph = new Map([...sources.keys()].map((file): [string, string[]] => [file, []]));
  for (const { from, to } of imports(sources)) if (to !== undefined) graph.get(from)?.push(to);
  return graph;
}

/** The folder that a file is in, or the file itself at the top. */
function unitOf(file: string): string {
  return file.split('/')[0] ?? file;
}

function isListed(file: string, list: readonly string[]): boolean {
  return list.some((entry) => (entry.endsWith('/') ? file.startsWith(entry) : file === entry));
}

function matches(specifier: string, module: string): boolean {
  return module.endsWith('*') ? specifier.startsWith(module.slice(0, -1)) : specifier === module || specifier.startsWith(`${module}/`);
}

/** Whether `code` uses the global `name` (`process`, `Date.now`) and not a property or a part of a word of that spelling. */
function usesGlobal(code: string, name: string): boolean {
  return new RegExp(String.raw`(?<![\w$.#'])${name.replace('.', String.raw`\.`)}(?![\w$:])`).test(code);
}

const strings = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/.source;
const comments = /\/\/[^\n]*|\/\*[\s\S]*?\*\//.source;

function withoutComments(text: string): string {
  return text.replace(new RegExp(`(${strings})|${comments}`, 'g'), (_, string: string | undefined) => string ?? ' ');
}

/** Source without comments and strings; what a template computes stays. */
function codeOnly(text: string): string {
  const computed = (template: string): string => [...template.matchAll(/\$\{([^}]*)\}/g)].map((match) => match[1]).join(' ');
  return withoutComments(text).replace(new RegExp(strings, 'g'), (string) => (string.startsWith('`') ? ` ${computed(string)} ` : "''"));
}
