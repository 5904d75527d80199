import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from 'ethers';
import { afterEach, describe, expect, test } from 'vitest';
import { PROJECT } from '../../circuits/compile.ts';
import { buildOriginalModule, optimiseModule } from '../../circuits/curve/optimise.ts';
import { openCurve } from '../../src/proof/prover/curve.ts';
import { OPTIMISED_FROM, OPTIMISED_SHA256 } from '../../src/proof/prover/curve-module.ts';
import { readOptimisedCurve } from '../../src/proof/prover/optimised-curve.ts';

/** The releases that the optimised module was made from and with. After a change: npx node circuits/curve/rebuild.ts, then measure, then these. */
const RELEASES = { snarkjs: '0.7.6', ffjavascript: '0.3.1', wasmcurves: '0.2.2', wasmbuilder: '0.0.16', binaryen: '132.0.0' } as const;

describe('the optimised curve module', () => {
  test.each(Object.entries(RELEASES))('default: %s is still release %s', (name, release) => {
    const { version } = JSON.parse(readFileSync(join(PROJECT, 'node_modules', name, 'package.json'), 'utf8'));
    expect(version).toBe(release);
  });

  test('default: the committed bytes have their pinned hash', async () => {
    expect(OPTIMISED_SHA256).toBe('0xbd27848932b50e5d2e62c962519fcccc0614c31eec89c5dbaf7f4467bb7dd04f');
    expect(sha256(await readOptimisedCurve())).toBe(OPTIMISED_SHA256);
  });

  test('behavior: they are what wasm-opt makes of the module that ffjavascript builds', async () => {
    const original = await buildOriginalModule();
    expect(sha256(original)).toBe(OPTIMISED_FROM);
    expect(sha256(await optimiseModule(original))).toBe(OPTIMISED_SHA256);
  });
});

describe('openCurve', () => {
  afterEach(() => {
    globalThis.curve_bn128 = null;
  });

  test('default: the curve runs the optimised module, and stands where snarkjs looks for it', async () => {
    const curve = await openCurve({ singleThread: true });
    expect(globalThis.curve_bn128).toBe(curve);
    expect(sha256(curve.tm.code ?? '0x')).toBe(OPTIMISED_SHA256);
  });

  test('behavior: an open curve is used again', async () => {
    const curve = await openCurve({ singleThread: true });
    expect(await openCurve({ singleThread: false })).toBe(curve);
  });
});
