import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { INSTANCES } from '../../src/proof/instances.ts';
import { renderVerifier, type VerifierKey, verifierName } from '../../src/proof/node/ceremony/render-verifier.ts';
import { generateAbis, generateVerifiers } from '../fixtures/contracts/generated.ts';

const ADVICE = 'run: node test/fixtures/contracts/build.ts';
const CONTRACTS = new URL('../../contracts/verifiers/', import.meta.url);
const ARTIFACTS = new URL('../../circuits/artifacts/', import.meta.url);

function keyOf(instance: string): VerifierKey {
  return JSON.parse(readFileSync(new URL(`${instance}/vkey.json`, ARTIFACTS), 'utf8')) as VerifierKey;
}

describe(generateVerifiers, () => {
  test.each(generateVerifiers().map(({ url, content }) => [url.pathname.split('/').at(-1), url, content] as const))('default: %s is what the verification key gives', (_, url, content) => {
    expect(readFileSync(url, 'utf8') === content, ADVICE).toBe(true);
  });

  test('behavior: one for each circuit, and no other', () => {
    expect(readdirSync(CONTRACTS).toSorted()).toEqual(INSTANCES.map(({ id }) => `${verifierName({ instance: id, keys: 'production' })}.sol`).toSorted());
  });
});

describe(generateAbis, () => {
  test.each(generateAbis().map(({ url, content }) => [url.pathname.split('/').at(-1), url, content] as const))(
    'default: the subgraph’s %s has the events of the compiled contract',
    (_, url, content) => {
      expect(readFileSync(url, 'utf8') === content, ADVICE).toBe(true);
    },
  );
});

describe(renderVerifier, () => {
  const development = renderVerifier(keyOf('M-attested'), { instance: 'M-attested', keys: 'development' });
  const production = renderVerifier(keyOf('M-attested'), { instance: 'M-attested', keys: 'production' });

  test('default: the licence and the arithmetic of the template stay as they are', () => {
    expect(development).toMatch(/^\/\/ SPDX-License-Identifier: GPL-3\.0\n\/\*\n {4}Copyright 2021 0KIMS association\./);
    const template = readFileSync(new URL('../../node_modules/snarkjs/templates/verifier_groth16.sol.ejs', import.meta.url), 'utf8');
    const code = (text: string) => text.slice(text.indexOf('function g1_mulAccC('), text.indexOf('mstore(_pVk, IC0x)'));
    expect(code(development).length).toBeGreaterThan(800);
    expect(code(development).replace(/\s+/g, ' ')).toBe(code(template).replace(/\s+/g, ' '));
  });

  test('behavior: only verifiers of development keys refuse other chains, and say what they are', () => {
    expect(development).toContain('contract DevelopmentMAttestedVerifier {');
    expect(development).toContain('revert DevelopmentChainsOnly(block.chainid)');
    expect(production).toContain('contract MAttestedVerifier {');
    expect(production).not.toMatch(/development|constructor/i);
  });

  test('behavior: keys of different circuits give different verifiers', () => {
    expect(new Set(INSTANCES.map(({ id }) => renderVerifier(keyOf(id), { instance: id, keys: 'production' }))).size).toBe(INSTANCES.length);
  });
});
