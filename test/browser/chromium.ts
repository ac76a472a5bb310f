/**
 * @file Headless Chromium on a page of the test's own server. The page runs jobs and posts their outcomes; no driver is needed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { bundleForBrowser } from '../../scripts/browser.js';
import type { Job, Outcome } from './protocol.js';

/** Where Chromium is, if it is. */
export function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** Why tests in a browser are skipped. */
export const NO_CHROMIUM = 'no Chromium: install it, on Debian with apt-get install chromium';

let bundled: Promise<readonly [string, string][]> | undefined;

/** The page's scripts, bundled once. */
function scripts(): Promise<readonly [string, string][]> {
  bundled ??= Promise.all(['page', 'worker'].map(async (name): Promise<[string, string]> => [`${name}.js`, await bundleForBrowser(join(import.meta.dirname, `${name}.ts`))]));
  return bundled;
}

/** The page's own connections only; WebGPU on SwiftShader, a software adapter that comes with Chromium. */
const FLAGS = [
  '--headless=new', '--no-sandbox', '--no-first-run', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
  '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan',
];
const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', json: 'application/json', wasm: 'application/wasm' };
/** Milliseconds for all jobs of a page. */
const PATIENCE = 100_000;

export interface Site {
  /** By address without the first slash. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** Served with the headers that let threads share memory. */
  readonly isolated: boolean;
}

/** Opens a page of `site` and runs the jobs. @throws Error when the browser ends or says nothing for too long */
export async function runInChromium(chromium: string, site: Site, jobs: readonly Job[]): Promise<Outcome[]> {
  const files = new Map([...site.files, ...(await scripts())]).set('index.html', '<!doctype html><script type="module" src="page.js"></script>').set('jobs.json', JSON.stringify(jobs));
  const outcomes: Outcome[] = [];
  const profile = mkdtempSync(join(tmpdir(), 'archc-chromium-'));
  let browser: ChildProcess | undefined;
  let done = (): void => undefined;
  const server = createServer((request, response) => {
    if (site.isolated) response.setHeader('Cross-Origin-Opener-Policy', 'same-origin').setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    const path = (request.url ?? '').slice(1) || 'index.html';
    if (request.method === 'POST') {
      void bodyOf(request).then((body) => {
        outcomes.push(JSON.parse(body) as Outcome);
        response.end();
        if (outcomes.length === jobs.length) done();
      });
      return;
    }
    const content = files.get(path);
    if (content === undefined) response.writeHead(404).end();
    else response.setHeader('Content-Type', TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream').end(content);
  });
  try {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await new Promise<void>((resolve, reject) => {
      done = resolve;
      browser = spawn(chromium, [...FLAGS, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`], { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      browser.stderr?.on('data', (text: unknown) => (said = `${said}${String(text)}`.slice(-2000)));
      browser.on('error', reject).on('exit', (code) => reject(new Error(`${chromium} ended with ${code} after ${outcomes.length} of ${jobs.length} jobs\n${said}`)));
      setTimeout(() => reject(new Error(`${outcomes.length} of ${jobs.length} jobs were done in ${PATIENCE} ms`)), PATIENCE).unref();
    });
    return outcomes;
  } finally {
    await ended(browser);
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(pieces).toString();
}

/** Ends the browser that was started, and waits for its processes: while one holds the error stream, it may write to the profile. */
function ended(browser: ChildProcess | undefined): Promise<void> {
  if (!browser || browser.exitCode !== null || browser.pid === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    browser.removeAllListeners('exit').on('close', () => resolve());
    setTimeout(resolve, 5000).unref();
    browser.kill();
  });
}
