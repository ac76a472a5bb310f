/**
 * @file Makes a labelled corpus of real text out of what `npm ci` installed: one folder per domain, no download.
 */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Which files make up a domain. */
const domains = {
  typescript: (name) => /\.(d\.)?[cm]?ts$/.test(name),
  javascript: (name) => /\.[cm]?js$/.test(name) && !/\.min\./.test(name),
  markdown: (name) => /\.md$/i.test(name) && !/^licen[cs]e/i.test(name),
  json: (name) => /\.json$/.test(name),
  licences: (name) => /^(licen[cs]e|copying|notice)/i.test(name),
};

/** Enough for the demo, small enough to write in a second. */
const bytesPerDomain = 600_000;
const bytesPerFile = 60_000;

/** Files below `folder`, in the order of their names, so that every machine with the same packages gets the same corpus. */
function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield { name: entry.name, path };
  }
}

/** Writes `<into>/<domain>/{train,valid}.txt`: every tenth file goes to validation. Returns the bytes of each domain. */
export function makeCorpus(packages, into) {
  rmSync(into, { recursive: true, force: true });
  const written = Object.fromEntries(Object.keys(domains).map((domain) => [domain, { train: 0, valid: 0, files: 0 }]));
  const handles = {};
  for (const domain of Object.keys(domains)) {
    mkdirSync(join(into, domain), { recursive: true });
    handles[domain] = { train: openSync(join(into, domain, 'train.txt'), 'w'), valid: openSync(join(into, domain, 'valid.txt'), 'w') };
  }
  for (const { name, path } of filesBelow(packages)) {
    const domain = Object.keys(domains).find((key) => domains[key](name));
    const count = domain && written[domain];
    if (!count || count.train >= bytesPerDomain || statSync(path).size < 200) continue;
    const part = count.files++ % 10 === 9 ? 'valid' : 'train';
    const text = readFileSync(path).subarray(0, bytesPerFile);
    count[part] += writeSync(handles[domain][part], text);
  }
  for (const { train, valid } of Object.values(handles)) {
    closeSync(train);
    closeSync(valid);
  }
  return written;
}
