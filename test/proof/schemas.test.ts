import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { attestationJsonSchema } from '../../src/proof/attestation.ts';
import { proofJsonSchema } from '../../src/proof/bundle.ts';

const published = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../src/proof/${name}.schema.json`, import.meta.url), 'utf8'));

describe('published JSON Schemas', () => {
  test('default: they are those of the parsers (npm run fixtures writes them)', () => {
    expect(published('attestation')).toEqual(attestationJsonSchema());
    expect(published('proof')).toEqual(proofJsonSchema());
  });

  test('behavior: every public signal is named', () => {
    const { properties } = published('proof') as { properties: { signals: { required: string[] } } };
    expect(properties.signals.required).toEqual(['attestor', 'coverage', 'domain', 'binding', 'snapshot', 'claim', 'scope', 'nullifier', 'accountRef']);
  });
});
