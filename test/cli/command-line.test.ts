import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { type CommandLine, parseCommandLine } from '../../src/cli/command-line.ts';
import { UsageError } from '../../src/cli/usage-error.ts';

function parse(args: readonly string[]): CommandLine {
  return parseCommandLine(args, '1.2.3');
}

const plainSpeech = { quiet: false, verbose: false, color: true };

test('reads `get` with nothing but a torrent as the defaults', () => {
  assert.deepEqual(parse(['get', 'a.torrent']), {
    kind: 'get',
    torrentPath: 'a.torrent',
    showFiles: false,
    interactive: false,
    dryRun: false,
    select: [],
    progress: 'auto',
    hooks: undefined,
    published: { checksums: [], lists: [] },
    download: { outputDir: '.', announce: [], peers: [], resume: true, overwrite: false, allocation: 'sparse', fsync: true },
    ...plainSpeech,
  });
});

test('reads every option of `get`', () => {
  const typed = [
    'get --output out --select 1-3 --select *.iso --show-files',
    '--announce http://127.0.0.1:1/announce --announce https://[::1]/a --peer 127.0.0.1:6881 --peer [::1]:6882',
    '--port 7000 --map-port --max-peers 30 --max-download-rate 2M --stall-timeout 90 --deadline 1h30m --min-rate 100K:30s',
    '--checksum md5:00 --checksum sha1:11:a --sums SHA256SUMS --sums https://h/sums --print-sums sha512',
    '--no-resume --overwrite --allocation prealloc --progress plain --verbose --no-color a.torrent',
  ];
  const args = typed.join(' ').split(' ');
  assert.deepEqual(parse(args), {
    kind: 'get',
    torrentPath: 'a.torrent',
    showFiles: true,
    interactive: false,
    dryRun: false,
    select: ['1-3', '*.iso'],
    progress: 'plain',
    hooks: undefined,
    published: { checksums: ['md5:00', 'sha1:11:a'], lists: ['SHA256SUMS', 'https://h/sums'] },
    download: {
      outputDir: 'out',
      announce: ['http://127.0.0.1:1/announce', 'https://[::1]/a'],
      peers: ['127.0.0.1:6881', '[::1]:6882'],
      port: 7000,
      mapPort: true,
      maxPeers: 30,
      maxDownloadRate: 2_097_152,
      stallTimeoutMs: 90_000,
      deadlineMs: 5_400_000,
      minRate: { bytesPerSecond: 102_400, windowMs: 30_000 },
      sums: ['sha512'],
      resume: false,
      overwrite: true,
      allocation: 'prealloc',
      fsync: true,
    },
    quiet: false,
    verbose: true,
    color: false,
  });
});

test('takes --recheck as --no-resume', () => {
  const command = parse(['get', '--recheck', 'a.torrent']);
  assert.ok(command.kind === 'get' && command.download.resume === false);
});

test('reads the short options, which never swallow the torrent', () => {
  const command = parse(['get', '-S', '-s', '1', '-s', '2', '-a', 'http://h/a', '-p', '1', '-q', '-d', 'out', 'a.torrent']);
  assert.equal(command.kind, 'get');
  assert.ok(command.kind === 'get');
  assert.equal(command.torrentPath, 'a.torrent');
  assert.deepEqual(command.select, ['1', '2']);
  assert.deepEqual([command.showFiles, command.quiet, command.download.outputDir, command.download.port], [true, true, 'out', 1]);
});

test('reads `-o -` as data on stdout, with its options, and --sequential for the disk', () => {
  const stream = parse(['get', 'a', '-o', '-', '--tar', '--spool', '/var/tmp', '--read-ahead', '8M']);
  assert.ok(stream.kind === 'get');
  assert.deepEqual([stream.stream, stream.download.readAheadBytes], [{ tar: true, spoolDir: '/var/tmp' }, 8_388_608]);
  const plain = parse(['get', 'a', '-d', '-']);
  assert.deepEqual(plain.kind === 'get' && plain.stream, { tar: false });
  const disk = parse(['get', 'a', '-o', './-', '--sequential']);
  assert.ok(disk.kind === 'get');
  assert.deepEqual(['stream' in disk, disk.download.order, disk.download.outputDir], [false, 'sequential', './-']);
  assert.throws(() => parse(['get', 'a', '--tar']), { name: 'UsageError', message: "option '--tar' needs '-o -'" });
  assert.throws(() => parse(['get', 'a', '-o', '-', '--gate', 'x']), /'--gate <CMD>' cannot be used with '-o -'/);
  assert.throws(() => parse(['get', 'a', '-o', '-', '--dry-run']), /'--dry-run' cannot be used with '-o -'/);
});

test('reads when seeding is to end; any condition asks for it', () => {
  const seedOf = (...args: string[]): unknown => (parse(['get', 'a', ...args]) as { seed?: unknown }).seed;
  assert.equal(seedOf(), undefined);
  assert.deepEqual(seedOf('--seed'), { goal: {} });
  assert.deepEqual(seedOf('--seed=1h'), { goal: { durationMs: 3_600_000 } });
  const all = seedOf('--seed-ratio', '1.5', '--seed-time', '2s', '--seed-until-exit-of', '42');
  assert.deepEqual(all, { goal: { ratio: 1.5, durationMs: 2000 }, untilExitOf: 42 });
  const command = parse([
    '--seed',
    'get',
    '--seed',
    'a.torrent',
    '-p',
    '6881-6889',
    '--max-upload-rate',
    '1K',
    '--no-listen',
    '--super-seed',
  ]);
  assert.ok(command.kind === 'get');
  assert.equal(command.torrentPath, 'a.torrent', 'is no duration');
  const { port, maxUploadRate, listen, superSeed } = command.download;
  assert.deepEqual([port, maxUploadRate, listen, superSeed], [{ first: 6881, last: 6889 }, 1024, false, true]);
  assert.equal((parse(['get', '-o', '--seed', 'a']) as { seed?: unknown }).seed, undefined, 'a directory of that name');
  assert.throws(() => parse(['get', 'a', '-o', '-', '--seed']), /'--seed \[DURATION\]' cannot be used with '-o -'/);
  assert.throws(() => parse(['get', 'a', '--no-peers', '--seed']), /'--seed \[DURATION\]' cannot be used with '--no-peers'/);
});

test('reads `seed`', () => {
  assert.deepEqual(parse(['seed', 'a', '-d', 'out', '-s', '2', '--recheck', '--seed-time', '1m', '-q']), {
    kind: 'seed',
    torrentPath: 'a',
    select: ['2'],
    progress: 'auto',
    download: { outputDir: 'out', announce: [], peers: [], resume: false },
    seed: { goal: { durationMs: 60_000 } },
    ...plainSpeech,
    quiet: true,
  });
  for (const option of ['--seed', '--deadline', '--max-download-rate']) assert.throws(() => parse(['seed', 'a', option, '1']), UsageError);
});

test('takes 0 as off: no deadline, no rate limit, no stall timeout', () => {
  const command = parse(['get', 'a', '--deadline', '0', '--max-download-rate', '0', '--stall-timeout', '0']);
  assert.ok(command.kind === 'get');
  assert.equal('deadlineMs' in command.download, false);
  assert.equal('maxDownloadRate' in command.download, false);
  assert.equal(command.download.stallTimeoutMs, 0);
});

test('reads `info` and `verify`', () => {
  assert.deepEqual(parse(['info', '--json', 'a']), { kind: 'info', torrentPath: 'a', json: true, ...plainSpeech });
  assert.deepEqual(parse(['verify', 'a', '-o', 'out', '-s', '2']), {
    kind: 'verify',
    torrentPath: 'a',
    outputDir: 'out',
    select: ['2'],
    progress: 'auto',
    json: false,
    ...plainSpeech,
  });
  for (const option of ['-o', '-d']) assert.throws(() => parse(['verify', 'a', option, '-']), /'verify' reads a directory/);
  assert.ok((parse(['verify', 'a', '--json']) as { json?: boolean }).json);
});

test('reads what is to be recorded, with the options that were given', () => {
  const args = ['get', 'a', '--json', '--events', '3', '--progress-interval', '5s', '--piece-events', '--report', 'r.HTML', '-p', '7000'];
  const command = parse(args);
  assert.ok(command.kind === 'get');
  assert.deepEqual(command.records, {
    json: true,
    events: 3,
    progressIntervalMs: 5000,
    pieceEvents: true,
    reportPath: 'r.HTML',
    given: { json: true, events: 3, progressInterval: 5000, pieceEvents: true, report: 'r.HTML', port: 7000 },
  });
  const hooked = parse(['get', 'a', '--json', '--on-done', 'curl -u me:s3cret x']) as { records?: { given: unknown } };
  assert.deepEqual(hooked.records?.given, { json: true, onDone: '***' });
  assert.equal((parse(['get', 'a', '--events', './3']) as { records?: { events: unknown } }).records?.events, './3');
});

test('reads `completion`', () => {
  assert.deepEqual(parse(['completion', 'zsh']), { kind: 'completion', shell: 'zsh', ...plainSpeech });
});

test('takes what follows -- as the torrent, even when it looks like an option', () => {
  const command = parse(['info', '--', '--json']);
  assert.deepEqual(command, { kind: 'info', torrentPath: '--json', json: false, ...plainSpeech });
});

test('gives help and version as texts to print, examples first', () => {
  for (const args of [
    ['--help'],
    ['get', '--help'],
    ['info', '-h'],
    ['verify', '-h'],
    ['completion', '-h'],
    ['help', 'get'],
    ['help', 'help'],
  ]) {
    const command = parse(args);
    assert.ok(command.kind === 'print', args.join(' '));
    assert.match(command.text, /^Examples:\n {2}ttorrent /);
    assert.ok(
      command.text.split('\n').every((line) => line.length <= 80),
      `${args.join(' ')} fits 80 columns`,
    );
  }
  const versionCommand = parse(['--version']);
  assert.ok(versionCommand.kind === 'print');
  assert.equal(versionCommand.text, '1.2.3\n');
});

/** Command lines that make no sense, and a word that the message must have. */
const refused: readonly [readonly string[], RegExp][] = [
  [[], /no command/],
  [['fetch', 'a.torrent'], /unknown command 'fetch'/],
  [['a.torrent'], /unknown command/],
  [['get'], /missing required argument/],
  [['info', 'a.torrent', 'b.torrent'], /too many arguments/],
  [['get', 'a.torrent', 'b.torrent', '-o', '-'], /for one torrent/],
  [['get', 'a.torrent', '-j', '0'], /jobs/],
  [['get', 'a.torrent', '-i', ''], /input-file/],
  [['get', '-i', 'https://example.org/list'], /Expected a file, or - for stdin/],
  [['get', '-i', 'a', '-i', 'b'], /There is one list already/],
  [['get', '--frobnicate', 'a.torrent'], /unknown option '--frobnicate'/],
  [['seed', '--seed', 'a.torrent'], /unknown option '--seed'/],
  [['get', ''], /path/],
  [['edit', '-'], /path of a file/],
  [['get', 'magnet:?xt=urn:btih:00'], /[Mm]agnet links are not supported/],
  [['get', 'a', '-o', ''], /directory/],
  [['get', 'a', '-o', 'x', '-d', 'y'], /cannot be used with/],
  [['get', 'a', '-o'], /argument missing/],
  [['get', 'a', '-s', ''], /numbers, ranges or globs/],
  [['get', 'a', '-q', '-v'], /cannot be used with/],
  [['get', 'a', '--port', '70000'], /from 1 to 65535/],
  [['get', 'a', '--port', '0'], /from 1 to 65535/],
  [['get', 'a', '--port', '-1'], /from 1 to 65535/],
  [['get', 'a', '--port', '1e3'], /from 1 to 65535/],
  [['get', 'a', '--port', 'NaN'], /from 1 to 65535/],
  [['get', 'a', '--port', ''], /from 1 to 65535/],
  [['get', 'a', '--max-peers', '0'], /whole number/],
  [['get', 'a', '--max-download-rate', '-5'], /bytes per second/],
  [['get', 'a', '--max-download-rate', 'fast'], /bytes per second/],
  [['get', 'a', '--stall-timeout', '5 minutes'], /duration/],
  [['get', 'a', '--deadline', '-1'], /duration/],
  [['get', 'a', '--min-rate', '100K'], /RATE:DURATION/],
  [['get', 'a', '--allocation', 'full'], /sparse, none, prealloc/],
  [['get', 'a', '--progress', 'loud'], /auto, bar, plain, none/],
  [['get', 'a', '-a', 'wss://127.0.0.1:1'], /udp:\/\//],
  [['scrape', 'a', '-a', 'ftp://127.0.0.1:1'], /udp:\/\//],
  [['peers'], /missing required argument/],
  [['get', 'a', '-a', 'file:///etc/passwd'], /http:\/\//],
  [['get', 'a', '-a', 'tracker'], /http:\/\//],
  [['info', 'a', '-o', 'x'], /unknown option '-o'/],
  [['get', 'a', '--events', ''], /file, or the number/],
  [['get', 'a', '--progress-interval', '500ms'], /at least 1s/],
  [['get', 'a', '-o', '-', '--json'], /--json' cannot be used with '-o -'/],
  [['get', 'a', '-o', '-', '--events', '1'], /--events 1' cannot be used with '-o -'/],
  [['get', 'a', '--report', 'report.pdf'], /\.html or \.json/],
];

test('refuses a command line that makes no sense, in one line and with the usage', () => {
  for (const [args, message] of refused) {
    assert.throws(
      () => parse(args),
      (error) => {
        assert.ok(error instanceof UsageError, `${args.join(' ')}: ${String(error)}`);
        assert.match(error.message, message, args.join(' '));
        assert.doesNotMatch(error.message, /\n/);
        assert.match(error.usage, /^usage: ttorrent /);
        return true;
      },
      args.join(' '),
    );
  }
});

test('the secrets of a URL that is refused are not repeated', () => {
  for (const option of ['-a', '--web-seed']) {
    for (const url of ['ftp://me:geheim@x.example/0123456789abcdef', 'http://me:geheim@[x/0123456789abcdef?key=geheim']) {
      assert.throws(
        () => parse(['get', 'a', option, url]),
        (error) => /\*\*\*@/.test(String(error)) && !/geheim|0123456789/.test(inspect(error)),
      );
    }
  }
});
