import { Interface } from 'ethers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Address } from '../../src/core/ids.ts';
import type { Step } from '../../src/core/rule.ts';
import type { CallResult, ContractCall } from '../../src/core/source.ts';
import { morphoBlue, morphoBlueRule } from '../../src/protocols/morpho-blue/index.ts';
import { encodeParams } from '../../src/protocols/morpho-blue/market-id.ts';
import type { MorphoMarket, MorphoPosition } from '../../src/protocols/morpho-blue/state.ts';
import type { ActionContext, Deployment } from '../../src/protocols/protocol.ts';
import { Anvil, Reverted } from './anvil.ts';
import { deployMorphoBlue, type MorphoTestChain, type MorphoTestMarket } from './morpho-blue-contracts.ts';
import { readMarket, readPosition } from './morpho-blue-state.ts';

const ADMIN: Address = '0x00000000000000000000000000000000000ad314';
const OWNER: Address = '0x00000000000000000000000000000000000000ed';
const LIQUIDATOR: Address = '0x0000000000000000000000000000000000011941';
const DAY = 86_400;
let chain: Anvil;
let deployed: MorphoTestChain;
let market: MorphoTestMarket;
let deployment: Deployment;

beforeAll(async () => {
  chain = await Anvil.start('cancun');
  for (const address of [ADMIN, OWNER, LIQUIDATOR]) await chain.fund(address);
  deployed = await deployMorphoBlue(chain, ADMIN);
  market = deployed.markets[0] ?? expect.unreachable('a market');
  for (const who of [ADMIN, OWNER, LIQUIDATOR]) {
    await market.loan.write(ADMIN, 'setBalance', who, 10n ** 30n);
    await market.collateral.write(ADMIN, 'setBalance', who, 10n ** 30n);
  }
  await market.loan.write(ADMIN, 'approve', deployed.morpho.address, 10n ** 30n);
  await deployed.morpho.write(ADMIN, 'supply', encodeParams(market.params), 5_000_000_000n, 0n, ADMIN, '0x');
  const [mainnet] = morphoBlue.deployments;
  deployment = { ...(mainnet ?? expect.unreachable('a deployment')), id: 'morpho-blue/31337', chain: 'eip155:31337', contracts: { morpho: deployed.morpho.address } };
}, 180_000);

afterAll(() => chain.stop());

async function readState(): Promise<{ market: MorphoMarket; position: MorphoPosition; at: bigint }> {
  return { market: await readMarket(deployed, market), position: await readPosition(deployed, market, OWNER), at: await chain.time() };
}

/** Sends the adapter's own calls, as a wallet would. */
async function run(step: Step, sender: Address = OWNER): Promise<void> {
  const { market: state, position } = await readState();
  const context: ActionContext = { deployment, market: market.id, state, position, owner: OWNER, sender };
  for (const call of morphoBlue.encodeStep(context, step)) await chain.send(sender, call.to, call.data);
}

/** Runs a step both ways and compares what is left. */
async function expectSame(step: Step, sender?: Address): Promise<void> {
  const predicted = morphoBlueRule.apply(await readState(), step);
  await run(step, sender);
  const after = await readState();
  expect(after.position).toEqual(predicted.position);
  expect({ ...after.market, borrowRate: 0n }).toEqual({ ...predicted.market, borrowRate: 0n });
}

async function answer(call: ContractCall): Promise<CallResult> {
  const abi = new Interface([call.signature]);
  const [fragment] = abi.fragments;
  const name = fragment !== undefined && 'name' in fragment ? String(fragment.name) : '';
  try {
    const data = await chain.call(ADMIN, call.to, abi.encodeFunctionData(name, [...call.args]));
    return { ok: true, values: abi.decodeFunctionResult(name, data).toArray() };
  } catch (error) {
    if (error instanceof Reverted) return { ok: false, reason: error.data };
    throw error;
  }
}

describe('the Morpho Blue adapter on a local chain', () => {
  test('behavior: its calls do to the real contract what the rule predicts', async () => {
    const { loan, collateral } = (await readState()).market;
    await expectSame({ kind: 'supply', asset: collateral.asset, amount: 2n * 10n ** 18n });
    await expectSame({ kind: 'supply', asset: loan.asset, amount: 1_234_567n });
    await expectSame({ kind: 'borrow', asset: loan.asset, amount: 3_000_000_000n });
    await chain.wait(30 * DAY);
    await expectSame({ kind: 'withdraw', asset: collateral.asset, amount: 10n ** 15n });
    await expectSame({ kind: 'repay', asset: loan.asset, amount: 100_000_000n });
    await expectSame({ kind: 'withdraw', asset: loan.asset, amount: 1_000n });
    await expectSame({ kind: 'withdraw', asset: loan.asset, amount: 'max' });
    await chain.wait(DAY);
    await chain.undone(async () => {
      await expectSame({ kind: 'repay', asset: loan.asset, amount: 'max' });
      await expectSame({ kind: 'withdraw', asset: collateral.asset, amount: 'max' });
      expect(await market.loan.read('allowance', OWNER, deployed.morpho.address)).toBe(0n);
    });
    await market.oracle.write(ADMIN, 'setPrice', 1_500n * 10n ** 24n);
    await chain.undone(() => expectSame({ kind: 'liquidate', seize: 10n ** 18n }, LIQUIDATOR));
    await expectSame({ kind: 'liquidate', repayShares: 'max' }, LIQUIDATOR);
    expect(await market.loan.read('allowance', LIQUIDATOR, deployed.morpho.address)).toBe(0n);
    expect((await readState()).position).toEqual({ supplyShares: 0n, borrowShares: 0n, collateral: 0n });
  });

  test('behavior: an approval for shares is enough a day later', async () => {
    const { loan, collateral } = (await readState()).market;
    await market.oracle.write(ADMIN, 'setPrice', 2_480n * 10n ** 24n);
    await run({ kind: 'supply', asset: collateral.asset, amount: 10n ** 18n });
    await run({ kind: 'borrow', asset: loan.asset, amount: 1_000_000_000n });
    const { market: state, position } = await readState();
    const calls = morphoBlue.encodeStep({ deployment, market: market.id, state, owner: OWNER, sender: OWNER, position } as ActionContext, {
      kind: 'repay',
      asset: loan.asset,
      amount: 'max',
    });
    await chain.wait(DAY);
    for (const call of calls) await chain.send(OWNER, call.to, call.data);
    expect((await readState()).position.borrowShares).toBe(0n);
  });

  test('behavior: the reads it plans give the state that the contracts hold', async () => {
    const owners = [OWNER, ADMIN];
    const { market: state } = await readState();
    const token = (asset: string, decimals: number) => ({ id: asset.slice(asset.indexOf('0x')), symbol: 'T', decimals, lastPriceUSD: '1', lastPriceBlockNumber: '1' });
    const row = {
      id: state.id,
      lltv: `${state.lltv}`,
      irm: state.irm,
      oracle: { oracleAddress: state.oracle },
      inputToken: token(state.collateral.asset, 18),
      borrowedToken: token(state.loan.asset, 6),
      totalSupply: `${state.totalSupplyAssets}`,
      totalSupplyShares: `${state.totalSupplyShares}`,
      totalBorrow: `${state.totalBorrowAssets}`,
      totalBorrowShares: `${state.totalBorrowShares}`,
      lastUpdate: `${state.lastUpdate}`,
      fee: `${state.fee}`,
      rates: null,
    };
    const { supplyShares } = await readPosition(deployed, market, ADMIN);
    const rows = { positions: [{ id: 'a', side: 'SUPPLIER', account: { id: ADMIN }, market: row, shares: `${supplyShares}`, balance: '0' }] };
    const answers = await Promise.all(morphoBlue.value(deployment, owners, rows).map(async (call) => [call.key, await answer(call)] as const));
    const block = { chain: deployment.chain, number: 1n, hash: null, timestamp: await chain.time() };
    const result = morphoBlue.normalize({ deployment, owners, block, rows, calls: new Map(answers) });
    expect(result).toMatchObject({ gaps: [{ code: 'MISSED_ACCOUNT' }], accounts: [{ owner: OWNER }, { owner: ADMIN, position: { supplyShares } }] });
    const { loan: _loan, collateral: _collateral, loanUsdSource: _source, ...same } = state;
    expect(result.markets[0]?.state).toMatchObject(same);
  });
});
