import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/core/errors.ts';
import type { ChainSource } from '../../src/core/source.ts';
import { createChainSource } from '../../src/sources/chain.ts';
import { readDataset } from '../../src/sources/recorded/dataset.ts';
import { type Recorded, startRecorded } from '../../src/sources/recorded/start.ts';
import { AAVE, COMET, ETHEREUM, expectGap, FILES, GMX, MORPHO, openScene, shownIn, type Told, tell, WALLET } from './constructed-wallet.ts';
import { copyRecorded, type Edits, editAnswers, editField, editRows, type RecordedCall } from './recorded-copy.ts';

const WETH = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
const WBTC = '0x2260fac5e5542a773aa44fbcfedf7c193bc2c599';
const USDC = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const COMET_WETH_FEED = '0x5f4ec3df9cbd43714fe2740f5e3616155c5b8419';
const ARBITRUM_WETH = '0x82af49447d8a07e3bd95bd0d56f35241523fbab1';

const asks =
  (name: string, ...args: readonly unknown[]) =>
  (call: RecordedCall): boolean =>
    call.signature.startsWith(`function ${name}(`) && args.every((arg) => call.args.includes(arg));
const gone = (): null => null;
const returning =
  (...returns: readonly unknown[]) =>
  (call: RecordedCall): RecordedCall => ({ ...call, returns });

const without = (deployment: keyof typeof FILES, entity: string, where: (row: Readonly<Record<string, unknown>>) => boolean): Edits => ({
  [FILES[deployment]]: editRows(entity, (rows) => rows.filter((row) => !where(row))),
});
const answers = (where: (call: RecordedCall) => boolean, change: (call: RecordedCall) => RecordedCall | null): Edits => ({ [FILES.chain]: editAnswers(where, change) });

const healthOf = (told: Told, deployment: string): string | undefined => told.report.accounts.find(({ account }) => account.marketEntry.deployment === deployment)?.health?.toFixed(12);

interface Case {
  readonly what: string;
  readonly edits: Edits;
  readonly deployment: string;
  readonly code: ErrorCode;
  readonly says: RegExp;
  /** Without a chain, as the subgraph alone has it. */
  readonly subgraphOnly?: boolean;
}

const LOST: readonly Case[] = [
  { what: 'a missing price on Aave', edits: answers(asks('getAssetPrice', WETH), gone), deployment: AAVE, code: 'MISSING_PRICE', says: /erc20:0xc02aaa\w+ in .*Check the protocol's oracle/ },
  { what: 'a zero price on Aave', edits: answers(asks('getAssetPrice', WETH), returning('0')), deployment: AAVE, code: 'MISSING_PRICE', says: /erc20:0xc02aaa\w+ in .*Check the protocol's oracle/ },
  { what: 'a missing price on Compound', edits: answers(asks('getPrice', COMET_WETH_FEED), gone), deployment: COMET, code: 'MISSING_PRICE', says: /WETH.*Check the protocol's oracle/ },
  { what: 'a zero price on Compound', edits: answers(asks('getPrice', COMET_WETH_FEED), returning('0')), deployment: COMET, code: 'MISSING_PRICE', says: /WETH.*Check the protocol's oracle/ },
  { what: 'a silent oracle on Morpho', edits: answers(asks('price'), gone), deployment: MORPHO, code: 'MISSING_PRICE', says: /WBTC in USDC\): the oracle 0xdddd770\w+ does not answer/ },
  { what: 'a zero price on Morpho', edits: answers(asks('price'), returning('0')), deployment: MORPHO, code: 'MISSING_PRICE', says: /the oracle 0xdddd770\w+ answers 0/ },
  {
    what: 'a missing price on GMX, for which the Reader values nothing',
    edits: without(GMX, 'Price', (row) => row['token'] === ARBITRUM_WETH),
    deployment: GMX,
    code: 'CALL_FAILED',
    says: /the Reader did not value position 0x\w+/,
  },
  {
    what: 'a missing price in the squid alone',
    edits: without(GMX, 'Price', (row) => row['token'] === ARBITRUM_WETH),
    deployment: GMX,
    code: 'MISSING_PRICE',
    says: /no price that was reported on chain/,
    subgraphOnly: true,
  },
  {
    what: 'a zero price in the squid alone',
    edits: { [FILES[GMX]]: editField('Price', 'minPrice', { to: '0' }) },
    deployment: GMX,
    code: 'MISSING_PRICE',
    says: /no price that was reported on chain/,
    subgraphOnly: true,
  },
  {
    what: 'a price of 0 in the Aave subgraph alone',
    edits: { [FILES[AAVE]]: editField('PriceOracleAsset', 'priceInEth', { to: '0' }) },
    deployment: AAVE,
    code: 'MISSING_PRICE',
    says: /Check the protocol's oracle/,
    subgraphOnly: true,
  },
  { what: 'an e-mode that nobody describes', edits: answers(asks('getUserEMode'), returning('7')), deployment: AAVE, code: 'UNKNOWN_MARKET', says: /e-mode.*7.*Read the market again/i },
  {
    what: 'a revision that no rule knows',
    edits: answers(asks('POOL_REVISION'), returning('99')),
    deployment: AAVE,
    code: 'UNSUPPORTED_STATE',
    says: /pool revision 99, which this release does not model/,
  },
  {
    what: 'a reserve that the subgraph alone does not list',
    edits: { [FILES[AAVE]]: editField('Reserve', 'pool', { where: (row) => row['underlyingAsset'] === WBTC, to: 'another' }) },
    deployment: AAVE,
    code: 'UNKNOWN_MARKET',
    says: /names a reserve that was not listed/,
    subgraphOnly: true,
  },
  {
    what: 'a comet that the subgraph alone does not describe',
    edits: { [FILES[COMET]]: editField('Market', 'id', { to: `0x${'cd'.repeat(20)}` }) },
    deployment: COMET,
    code: 'UNKNOWN_MARKET',
    says: /has no row of this market/,
    subgraphOnly: true,
  },
  {
    what: 'a Morpho market that is not what its id says',
    edits: { [FILES[MORPHO]]: editField('Market', 'lltv', { to: '945000000000000000' }) },
    deployment: MORPHO,
    code: 'MALFORMED_RESPONSE',
    says: /do not hash to its id/,
  },
  {
    what: 'a GMX market that the squid does not describe',
    edits: without(GMX, 'MarketInfo', () => true),
    deployment: GMX,
    code: 'UNKNOWN_MARKET',
    says: /not among the squid's markets/,
    subgraphOnly: true,
  },
  {
    what: 'a balance that the chain refuses on Compound',
    edits: answers(asks('userCollateral', WALLET, WETH), gone),
    deployment: COMET,
    code: 'CALL_FAILED',
    says: /did not answer collateral in slot/,
  },
  {
    what: 'a balance that the chain refuses on Aave',
    edits: answers(asks('scaledBalanceOf'), gone),
    deployment: AAVE,
    code: 'CALL_FAILED',
    says: /Check the endpoint; the account is left out until it answers/,
  },
];

describe('an account that cannot be valued', () => {
  test.each(LOST.map((entry) => [entry.what, entry] as const))('error: %s', async (_what, { edits, deployment, code, says, subgraphOnly }) => {
    const scene = await openScene(edits);
    const reader = subgraphOnly === true ? { ...scene.reader, chains: new Map(), deployments: scene.reader.deployments.filter((entry) => entry.id === deployment) } : scene.reader;
    const told = await tell({ reader });
    if (subgraphOnly === true) {
      expect(told.report.status).toBe('incomplete');
      expect(told.report.gaps.find((gap) => gap.code === code && gap.deployment === deployment)?.message).toMatch(says);
      expect(told.portfolio.accounts).toEqual([]);
    } else {
      expectGap(told, { code, deployment, says }, [deployment]);
    }
  });
});

const MISSED: readonly (Omit<Case, 'code'> & { readonly same: boolean })[] = [
  {
    what: 'a debt on Aave',
    edits: without(AAVE, 'UserReserve', (row) => String(row['id']).includes(USDC.slice(2))),
    deployment: AAVE,
    says: /the chain shows USDC in this account, the subgraph did not list it/,
    same: true,
  },
  { what: 'all of an account on Aave', edits: without(AAVE, 'UserReserve', () => true), deployment: AAVE, says: /the chain shows WETH in this account/, same: true },
  {
    what: 'a reserve of Aave with all that is in it',
    edits: { [FILES[AAVE]]: editField('Reserve', 'pool', { where: (row) => row['underlyingAsset'] === WBTC, to: 'another' }) },
    deployment: AAVE,
    says: /uses the reserve 0x2260\w+, which the subgraph does not list/,
    same: false,
  },
  { what: 'an account on Compound', edits: without(COMET, 'Position', () => true), deployment: COMET, says: /shows an account of 0xc0ffee\w+ on the chain that the subgraph did not list/, same: true },
  {
    what: 'a debt on Morpho',
    edits: without(MORPHO, 'Position', (row) => row['side'] === 'BORROWER'),
    deployment: MORPHO,
    says: /The chain shows borrowShares of 0xc0ffee\w+ .* the subgraph does not list/,
    same: true,
  },
  { what: 'a position on GMX', edits: without(GMX, 'Position', () => true), deployment: GMX, says: /a position of 0xc0ffee\w+ on the chain that the squid did not list/, same: false },
];

describe('an account or a leg that the chain shows and discovery missed', () => {
  test.each(MISSED.map((entry) => [entry.what, entry] as const))('error: MISSED_ACCOUNT for %s, which is shown all the same', async (_what, { edits, deployment, says, same }) => {
    const told = await tell(await openScene(edits));
    expectGap(told, { code: 'MISSED_ACCOUNT', deployment, says }, []);
    const whole = await tell(await openScene());
    if (same) expect(healthOf(told, deployment)).toBe(healthOf(whole, deployment));
    // What is not whole is never shown as exact.
    else expect(told.report.accounts.find(({ account }) => account.marketEntry.deployment === deployment)?.account.entry.precision).toBe('estimate');
  });
});

const DIFFERENT: readonly { readonly what: string; readonly edits: Edits; readonly deployment: string; readonly field: RegExp }[] = [
  {
    what: 'an Aave debt',
    edits: { [FILES[AAVE]]: editField('UserReserve', 'scaledVariableDebt', { where: (row) => row['scaledVariableDebt'] !== '0', to: '42000000000' }) },
    deployment: AAVE,
    field: /USDC scaledVariableDebt/,
  },
  { what: 'a Comet principal', edits: { [FILES[COMET]]: editField('PositionAccounting', 'basePrincipal', { to: '-18000000000' }) }, deployment: COMET, field: /basePrincipal/ },
  { what: 'a Comet factor', edits: { [FILES[COMET]]: editField('CollateralToken', 'liquidateCollateralFactor', { to: '0.5' }) }, deployment: COMET, field: /liquidateCollateralFactor of/ },
  {
    what: 'Morpho shares',
    edits: { [FILES[MORPHO]]: editField('Position', 'shares', { where: (row) => row['side'] === 'BORROWER', to: '38600000000000000' }) },
    deployment: MORPHO,
    field: /borrowShares/,
  },
  { what: 'a GMX size', edits: { [FILES[GMX]]: editField('Position', 'sizeInUsd', { to: '59000000000000000000000000000000000' }) }, deployment: GMX, field: /sizeInUsd/ },
];

describe('a difference between subgraph and chain', () => {
  test.each(DIFFERENT.map((entry) => [entry.what, entry] as const))('behavior: in %s is a discrepancy and no gap; the chain is used', async (_what, { edits, deployment, field }) => {
    const told = await tell(await openScene(edits));
    expect(told.report).toMatchObject({ status: 'critical', gaps: [] });
    const found = told.report.discrepancies.find((entry) => entry.deployment === deployment && field.test(entry.field));
    expect(found?.note).toMatch(/The chain is used/);
    expect(found?.subgraph).not.toBe(found?.chain);
    expect(healthOf(told, deployment)).toBe(healthOf(await tell(await openScene()), deployment));
  });
});

describe('two chain endpoints', () => {
  /** Ethereum through two endpoints, of which the second answers from changed data. */
  async function openTwo(edits: Edits) {
    const scene = await openScene();
    const [first, second] = await Promise.all([{}, edits].map(serveCopy));
    const urlOf = (recorded: typeof first): string => recorded?.rpcUrl(ETHEREUM) ?? expect.fail('no chain');
    const source: ChainSource = createChainSource({
      chain: ETHEREUM,
      endpoint: { url: urlOf(first), label: 'RPC_URL_1' },
      second: { url: urlOf(second), label: 'RPC_URL_1_SECOND' },
      clock: scene.clock,
      random: () => 0.5,
      fetch: scene.network.fetch,
    });
    const told = await tell({ reader: { ...scene.reader, chains: new Map([...scene.reader.chains, [ETHEREUM, source]]) } });
    await Promise.all([first?.close(), second?.close()]);
    return told;
  }

  test('default: that agree leave nothing to say', async () => {
    const told = await openTwo({});
    expect(told.report).toMatchObject({ status: 'critical', gaps: [] });
  });

  test('error: ENDPOINTS_DIFFER where a price is one unit apart', async () => {
    const told = await openTwo(answers(asks('getAssetPrice', WETH), returning('385321000001')));
    const gap = expectGap(
      told,
      { code: 'ENDPOINTS_DIFFER', deployment: AAVE, says: /RPC_URL_1 and RPC_URL_1_SECOND answer differently at one block hash: price 0xc02a\w+\. Trust neither until they agree\./ },
      [],
    );
    expect(gap.retryable).toBe(false);
    // What the subgraph says stands in, and is called an estimate.
    expect(told.report.accounts.find(({ account }) => account.marketEntry.deployment === AAVE)?.account.entry.precision).toBe('estimate');
    expect(told.report.accounts.find(({ account }) => account.marketEntry.deployment === COMET)?.account.entry.precision).toBe('exact');
  });

  test('error: BLOCK_GONE where the second does not have the block', async () => {
    const moved = (json: unknown) => ({ ...(json as object), blocks: [{ number: '23638500', hash: `0x${'77'.repeat(32)}`, timestamp: 1_761_221_354 }] });
    const told = await openTwo({ [FILES.chain]: moved });
    expectGap(told, { code: 'BLOCK_GONE', deployment: AAVE, says: /RPC_URL_1_SECOND: does not have the pinned block/ }, [AAVE, COMET, MORPHO]);
    expect(shownIn(told)).toEqual([GMX]);
  });
});

async function serveCopy(edits: Edits): Promise<Recorded> {
  const copy = copyRecorded('constructed-wallet', edits);
  try {
    return await startRecorded(await readDataset(copy.folder));
  } finally {
    copy.remove();
  }
}
