import { execFile } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { Folder, SMALL } from './harness.js';

const root = new URL('../..', import.meta.url);
const folder = new Folder({ 'small.arch': SMALL, 'typo.arch': SMALL.replace('heads = 2 }', 'haeds = 2 }') });
folder.write('archc.mjs', `import { runProcess } from ${JSON.stringify(new URL('compiler/cli/process.ts', root).href)};\nawait runProcess();\n`);
afterAll(() => { folder.dispose(); });

/** `archc` as a process of its own, from the sources. */
function archc(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const tsx = import.meta.resolve('tsx');
    execFile(process.execPath, ['--import', tsx, 'archc.mjs', ...argv], { cwd: folder.path, env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

describe('archc as a process', () => {
  it('exits 0, 1 and 2, with findings on stderr', async () => {
    expect(await archc('check', 'small.arch')).toEqual({ code: 0, stdout: '', stderr: 'small.arch: ok\n' });
    expect(await archc('check', 'typo.arch')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('ARCH2002') });
    expect(await archc('check', 'none.arch')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('ARCH6001') });
  });

  it('does not load what check, show, diff and explain do not need', async () => {
    folder.write('loaded.mjs', `import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent('export async function load(url, context, next) { if (/ts-morph|\\\\/prettier\\\\/|\\\\/webgpu\\\\/|\\\\/runtime\\\\/index|compiler\\\\/emit\\\\//.test(url)) console.log("loaded " + url); return next(url, context); }'));
await import('./archc.mjs');
`);
    const loaded = (...argv: string[]) =>
      new Promise<string[]>((resolve) => {
        execFile(process.execPath, ['--import', import.meta.resolve('tsx'), 'loaded.mjs', ...argv], { cwd: folder.path }, (_, stdout) => {
          resolve(stdout.split('\n').filter((line) => line.startsWith('loaded ')));
        });
      });
    for (const argv of [['check', 'small.arch', '-q'], ['explain', '3003'], ['show', 'small.arch', '--resolved']]) expect(await loaded(...argv)).toEqual([]);
    // The hook sees what is loaded where it is.
    expect(await loaded('doctor')).toContainEqual(expect.stringContaining('/runtime/index'));
  });
});
