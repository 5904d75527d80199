import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createDocuments, SUBGRAPHS_ROOT } from '../../src/sources/documents.ts';
import { sampleDocuments } from './sample.ts';

describe(createDocuments, () => {
  test('default', () => {
    const operation = sampleDocuments.operation('sample-lending', 'Positions');
    expect(operation.text).toContain('query Positions(');
    expect(operation.roots).toEqual(['positions']);
    expect([...operation.variables]).toEqual(['account', 'first', 'last', 'block']);
    expect(sampleDocuments.operationNames('sample-lending')).toContain('Markets');
  });

  test('behavior: an operation comes with the fragments it uses and no other operation', () => {
    expect(sampleDocuments.operation('sample-lending', 'Positions').text).toContain('fragment MarketFields on Market');
    expect(sampleDocuments.operation('sample-lending', 'Categories').text).not.toContain('MarketFields');
    expect(sampleDocuments.operation('sample-lending', 'Positions').text).not.toContain('query Markets');
  });

  test('behavior: files are read once', () => {
    expect(sampleDocuments.operation('sample-lending', 'Markets')).toBe(sampleDocuments.operation('sample-lending', 'Markets'));
  });

  test("behavior: the package's own documents lie beside package.json", () => {
    const manifest = new URL('../package.json', SUBGRAPHS_ROOT);
    expect(existsSync(manifest)).toBe(true);
    expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({ name: 'plimsoll' });
  });

  test('error: INVALID_FILE', () => {
    expect(() => sampleDocuments.schema('no-such-folder')).toThrow(expect.objectContaining({ code: 'INVALID_FILE' }));
  });

  test('error: INTERNAL', () => {
    expect(() => sampleDocuments.operation('sample-lending', 'Nothing')).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    expect(() => sampleDocuments.schema('../../src')).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});
