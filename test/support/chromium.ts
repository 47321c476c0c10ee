// A headless Chromium for pages of ours, spoken to over a pipe (the DevTools protocol): one page at a time, and nothing of it reaches a
// network.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { makeScratchDirectory, removeScratchDirectory } from './scratch.ts';

/** The command of an installed Chromium; undefined when there is none. */
export const chromiumCommand = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** How a page is looked at. */
export interface View {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** A browser with one page. */
export class Chromium {
  /** What the page tried to load beside itself, and what the console said. */
  readonly requests: string[] = [];
  readonly complaints: string[] = [];
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #ended: Promise<void>;
  #session: string | undefined;
  #lastId = 0;

  private constructor(command: string) {
    this.#profile = makeScratchDirectory();
    const args = [
      '--headless=new --no-sandbox --disable-gpu --hide-scrollbars --remote-debugging-pipe --no-first-run',
      '--disable-background-networking --disable-component-update --disable-sync',
    ];
    this.#child = spawn(
      command,
      [...args.join(' ').split(' '), '--host-resolver-rules=MAP * ~NOTFOUND', `--user-data-dir=${this.#profile}`, 'about:blank'],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
    let unread = '';
    (this.#child.stdio[4] as Readable).setEncoding('utf8').on('data', (chunk: string) => {
      const messages = (unread + chunk).split('\0');
      unread = messages.pop() ?? '';
      for (const message of messages) this.#heard(JSON.parse(message) as Answer);
    });
  }

  static async start(command: string): Promise<Chromium> {
    const browser = new Chromium(command);
    const { targetInfos } = await browser.#send('Target.getTargets', {});
    const page = (targetInfos as { targetId: string; type: string }[]).find(({ type }) => type === 'page');
    const { sessionId } = await browser.#send('Target.attachToTarget', { targetId: page?.targetId, flatten: true });
    browser.#session = String(sessionId);
    for (const domain of ['Page', 'Network', 'Log', 'Runtime', 'Accessibility']) await browser.#send(`${domain}.enable`, {});
    return browser;
  }

  /** Opens the file. Resolves when it is loaded and laid out. */
  async open(file: string, { width, scheme }: View): Promise<void> {
    await this.#send('Emulation.setDeviceMetricsOverride', { width, height: 800, deviceScaleFactor: 1, mobile: false });
    await this.#send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    await this.#send('Page.navigate', { url: pathToFileURL(file).href });
    await this.evaluate('document.readyState === "complete" || new Promise((resolve) => addEventListener("load", () => resolve(true)))');
  }

  /** The value of a JavaScript expression in the page; a promise is awaited. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  /** The whole page as a PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
    return Buffer.from(String(data), 'base64');
  }

  /** What a screen reader is given: role and name of each node that is not ignored, in order. */
  async accessibleNodes(): Promise<{ readonly role: string; readonly name: string }[]> {
    const { nodes } = await this.#send('Accessibility.getFullAXTree', {});
    return (nodes as { ignored: boolean; role?: { value: string }; name?: { value: string } }[])
      .filter(({ ignored }) => !ignored)
      .map(({ role, name }) => ({ role: role?.value ?? '', name: name?.value ?? '' }));
  }

  async close(): Promise<void> {
    this.#session = undefined;
    this.#send('Browser.close', {}).catch(() => {});
    await this.#ended;
    removeScratchDirectory(this.#profile);
  }

  #send(method: string, params: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#lastId;
    const message = { id, method, params, ...(this.#session !== undefined && { sessionId: this.#session }) };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) =>
        error === undefined ? resolve(result ?? {}) : reject(new Error(`${method}: ${error.message}`)),
      );
      void this.#ended.then(() => reject(new Error(`the browser ended before it answered ${method}`)));
      (this.#child.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    });
  }

  #heard(answer: Answer): void {
    if (answer.id !== undefined) {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    } else if (answer.method === 'Network.requestWillBeSent') {
      this.requests.push((answer.params as { request: { url: string } }).request.url);
    } else if (
      answer.method === 'Log.entryAdded' ||
      answer.method === 'Runtime.exceptionThrown' ||
      answer.method === 'Runtime.consoleAPICalled'
    ) {
      this.complaints.push(JSON.stringify(answer.params));
    }
  }
}
