import { expect, test } from 'vitest';
import { chooseChains } from '../../../src/service/portfolio/choose-chains.ts';

const ADDRESS = `0x${'ab'.repeat(20)}`;
const on = (chain: number): string => `eip155:${chain}:${ADDRESS}`;

test('default: an account is about the chain that it names; what names none is about those that are asked for, or all', () => {
  expect(chooseChains([on(1)], undefined)).toEqual(['eip155:1']);
  expect(chooseChains([on(1), on(42161), on(1)], undefined)).toEqual(['eip155:1', 'eip155:42161']);
  expect(chooseChains([ADDRESS], undefined)).toBeUndefined();
  expect(chooseChains([ADDRESS], ['eip155:10'])).toEqual(['eip155:10']);
  expect(chooseChains([on(1), ADDRESS], undefined)).toBeUndefined();
  expect(chooseChains([on(1), 'name.eth'], ['eip155:1', 'eip155:10'])).toEqual(['eip155:1', 'eip155:10']);
  expect(chooseChains([on(1)], ['eip155:1', 'eip155:10'])).toEqual(['eip155:1']);
});

test('error: INVALID_CHAIN for a chain without deployments, and for another one than is asked for', () => {
  expect(() => chooseChains([on(999)], undefined)).toThrow(expect.objectContaining({ code: 'INVALID_CHAIN', message: expect.stringContaining('eip155:999') }));
  expect(() => chooseChains([ADDRESS, on(999)], undefined)).toThrow(expect.objectContaining({ code: 'INVALID_CHAIN' }));
  expect(() => chooseChains([on(1)], ['eip155:10'])).toThrow(expect.objectContaining({ code: 'INVALID_CHAIN', message: expect.stringContaining('eip155:1,') }));
});
