import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { archc, Folder } from './harness.js';

const spec = (name: string, ffn: string): string => `language 1
use std.transformer { embed, attention, mlp, lm_head }
use std.experts { peer }
use std.losses { next_token }
arch ${name} {
  dims { d = 16; ctx = 8; vocab = 32 }
  embed {}
  layers 2 { attention { heads = 2 } ffn: ${ffn} }
  lm_head { tied = embed.table }
  loss ce = next_token(lm_head.logits)
}
`;
const folder = new Folder({
  'specs/dense.arch': spec('Dense', 'mlp { width = 24 }'),
  'specs/peer.arch': `${spec('Peer', 'peer { heads = 2; keys = 8; take = 3; query = 8 }')}arch Wide extends Peer { layers.ffn.keys = 16 }\n`,
  'specs/odd-name.arch': spec('Odd', 'mlp { width = 24 }'),
  'specs/bad.arch': spec('Bad', 'mlp { widht = 24 }'),
});
afterAll(() => { folder.dispose(); });
const match = (...argv: string[]) => archc(['match', ...argv], { cwd: folder.path });

describe('archc match', () => {
  it('prints the quantities, the setting, and how to use it', async () => {
    const { code, stdout, stderr } = await match('specs/dense.arch', '--to', 'specs/peer.arch', '--by', 'total');
    expect([code, stderr]).toEqual([0, '']);
    await expect(stdout).toMatchFileSnapshot('golden/match-dense-peer.txt');
    for (const line of stdout.split('\n')) expect([line, line.length <= 100]).toEqual([line, true]);
  });

  it('says what `show` says of the model it sized, and of its target', async () => {
    const { stdout } = await match('specs/dense.arch', '--to', 'specs/peer.arch#Wide', '--by', 'flops', '--format', 'json');
    const found = JSON.parse(stdout) as { set: string; path: string; relativeError: number; quantities: { after: { flops: number }; target: { flops: number } } };
    expect(found).toMatchObject({ formatVersion: '1.0', arch: 'Dense', to: 'Wide', by: 'flops', path: 'layers.ffn.width', guessed: true, written: null });
    const flops = async (...argv: string[]): Promise<number> => (JSON.parse((await archc(['show', ...argv, '--json'], { cwd: folder.path })).stdout) as { total: { flops: number } }).total.flops;
    expect(found.quantities.after.flops).toBe(await flops('specs/dense.arch', '--set', found.set));
    expect(found.quantities.target.flops).toBe(await flops('specs/peer.arch#Wide'));
    expect(found.relativeError).toBe(found.quantities.after.flops / found.quantities.target.flops - 1);
  });

  it('takes --set and --arch for the sized spec, --to-arch for the other', async () => {
    const { stdout } = await match('specs/peer.arch', '--arch', 'Wide', '--set', 'layers.count=1', '--to', 'specs/peer.arch', '--to-arch', 'Peer', '--by', 'total', '--vary', 'layers.ffn.keys');
    expect(stdout).toMatch(/^Wide, sized to Peer by parameters\n/);
    expect(stdout).toMatch(/\nor write: {2}arch WideLikePeer extends Wide \{ layers\.count = 1; layers\.ffn\.keys = \d+ \}\n$/);
  });

  it('notes that contexts differ, where that changes the cost', async () => {
    const compare = (by: string, ...more: string[]) => match('specs/dense.arch', '--to', 'specs/peer.arch', '--by', by, '--set', 'dims.ctx=12', ...more);
    expect((await compare('flops')).stderr).toBe('note: dims.ctx is 12 in Dense and 8 in Peer; attention\'s FLOPs per token grow with it\n');
    expect((await compare('total')).stderr).toBe('');
    expect((await compare('flops', '--quiet')).stderr).toBe('');
  });

  it('writes a spec that is what it said', async () => {
    const { code, stderr } = await match('specs/dense.arch', '--to', 'specs/peer.arch', '--by', 'total', '--set', 'layers.count=3', '--set', 'train.steps=9', '--write', 'sized.arch');
    expect([code, stderr]).toEqual([0, 'DenseLikePeer is in sized.arch\n']);
    const text = readFileSync(join(folder.path, 'sized.arch'), 'utf8');
    expect(text).toMatch(/^language 1\nuse specs\.dense \{ Dense \}\n\n\/\/\/ Dense, sized to Peer by parameters: [\d,]+ for [\d,]+ \([+-]?[\d.]+%\)\. Made by `archc match`\.\narch DenseLikePeer extends Dense \{ layers\.count = 3; layers\.ffn\.width = \d+ \}\n$/);
    const shown = JSON.parse((await archc(['show', 'sized.arch', '--json'], { cwd: folder.path })).stdout) as { total: { parameters: number } };
    expect(text).toContain(`by parameters: ${shown.total.parameters.toLocaleString('en')} for`);
  });

  it.each([
    [['--write', 'specs/dense.arch'], '--write specs/dense.arch: there is such a file already'],
    [['--write', 'sized.txt'], '--write sized.txt: the name of a spec ends in .arch'],
    [['--write', 'lib/x.arch'], '--write lib/x.arch: a spec there cannot name specs/dense.arch: `use` reads files beside it, or in folders beside it, whose names are words'],
  ])('does not write where it cannot: %j', async (options, reason) => {
    expect(await match('specs/dense.arch', '--to', 'specs/peer.arch', '--by', 'total', ...options)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(`error[ARCH6012]: ${reason}\n`) });
  });

  it('cannot extend what has no name to import, or is standard input', async () => {
    expect((await match('specs/odd-name.arch', '--to', 'specs/peer.arch', '--by', 'total', '--write', 'specs/x.arch')).stderr).toContain('cannot name specs/odd-name.arch');
    const read = await archc(['match', '-', '--to', 'specs/peer.arch', '--by', 'total'], { cwd: folder.path, stdin: spec('Piped', 'mlp { width = 24 }') });
    expect([read.code, read.stdout.split('\n')[0]]).toEqual([0, 'Piped, sized to Peer by parameters']);
  });

  it('says what is wrong, as text and as JSON, and exits 2', async () => {
    const wrong = ['specs/dense.arch', '--to', 'specs/peer.arch', '--by', 'flops', '--vary', 'layers.ffn.widht'];
    expect(await match(...wrong)).toEqual({
      code: 2, stdout: '',
      stderr: 'error[ARCH7001]: `Dense` has no whole-number setting `layers.ffn.widht`\n  = help: did you mean `layers.ffn.width`?\n\n1 error; `archc explain ARCH7001` says more\n',
    });
    const { code, stdout, stderr } = await match(...wrong, '--json');
    expect([code, stderr]).toEqual([2, '']);
    expect(JSON.parse(stdout)).toMatchObject({ diagnostics: [{ code: 'ARCH7001', help: 'did you mean `layers.ffn.width`?' }] });
    expect((await match('specs/bad.arch', '--to', 'specs/peer.arch', '--by', 'flops')).stderr).toContain('specs/bad.arch:8:49');
    expect((await match('specs/dense.arch', '--to', 'specs/bad.arch', '--by', 'flops')).stderr).toContain('error[ARCH2002]: `mlp` has no setting `widht`');
    expect((await match('specs/dense.arch', '--to', 'specs/peer.arch', '--by', 'size')).stderr).toContain('Allowed choices are flops, active, total.');
    expect((await match('specs/dense.arch', '--to', 'specs/peer.arch')).stderr).toContain('required option `--by <quantity>` not specified');
  });
});
