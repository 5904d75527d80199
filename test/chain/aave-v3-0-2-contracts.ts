import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AAVE_RULES } from '../../src/protocols/aave/rule.ts';
import { AAVE_ASSETS, type AaveAsset, type AaveTestChain, type AaveTestReserve } from './aave-pool-chain.ts';
import type { Anvil } from './anvil.ts';
import { type Artifact, packageFolder } from './compile-solidity.ts';
import { Contract, deploy } from './contract.ts';

const TREASURY = '0x0000000000000000000000000000000000007ea5';
/** Where the oracle keeps the price of the stablecoin category. */
const STABLE_PRICE_SOURCE = '0x000000000000000000000000000000000000057a';
const ZERO = `0x${'0'.repeat(40)}`;
const RAY = 10n ** 27n;
const ASSETS: readonly AaveAsset[] = [AAVE_ASSETS.weth, AAVE_ASSETS.wstEth, AAVE_ASSETS.wbtc, AAVE_ASSETS.usdc, AAVE_ASSETS.dai];
const LIBRARIES = ['SupplyLogic', 'BorrowLogic', 'LiquidationLogic', 'EModeLogic', 'BridgeLogic', 'PoolLogic'] as const;
const EMODES = [
  { id: 1, ltv: 9_000, threshold: 9_300, bonus: 10_100, oracle: ZERO, label: 'ETH correlated', members: ['WETH', 'wstETH'] },
  { id: 2, ltv: 9_300, threshold: 9_500, bonus: 10_150, oracle: STABLE_PRICE_SOURCE, label: 'Stablecoins', members: ['USDC', 'DAI'] },
] as const;

interface HardhatArtifact {
  readonly abi: readonly unknown[];
  readonly bytecode: string;
  readonly linkReferences: Readonly<Record<string, Readonly<Record<string, readonly { readonly start: number }[]>>>>;
}

/** Reads one of the artifacts that @aave/core-v3 ships. */
function artifactOf(path: string): Artifact {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const file = join(packageFolder('@aave/core-v3'), 'artifacts/contracts', `${path}.sol`, `${name}.json`);
  const { abi, bytecode, linkReferences } = JSON.parse(readFileSync(file, 'utf8')) as HardhatArtifact;
  const links = Object.values(linkReferences).flatMap((libraries) => Object.entries(libraries).map(([library, places]) => [library, places.map((place) => place.start)] as const));
  return { abi, bytecode, links: Object.fromEntries(links) };
}

/** Deploys Aave v3.0.2 as npm ships it, with five reserves and two e-mode categories, one of which has a price of its own. */
export async function deployAaveV302(chain: Anvil, admin: string): Promise<AaveTestChain> {
  const put = (path: string, args: readonly unknown[] = [], libraries: Readonly<Record<string, string>> = {}): Promise<Contract> => deploy(chain, admin, artifactOf(path), args, libraries);
  const at = (address: unknown, path: string): Contract => new Contract(chain, String(address), artifactOf(path).abi as string[]);

  const provider = await put('protocol/configuration/PoolAddressesProvider', ['test', admin]);
  await provider.write(admin, 'setACLAdmin', admin);
  const acl = await put('protocol/configuration/ACLManager', [provider.address]);
  await provider.write(admin, 'setACLManager', acl.address);
  await acl.write(admin, 'addPoolAdmin', admin);
  await acl.write(admin, 'addEmergencyAdmin', admin);

  const libraries: Record<string, string> = {};
  for (const name of LIBRARIES) libraries[name] = (await put(`protocol/libraries/logic/${name}`)).address;
  libraries['FlashLoanLogic'] = (await put('protocol/libraries/logic/FlashLoanLogic', [], libraries)).address;
  const configuratorLogic = await put('protocol/libraries/logic/ConfiguratorLogic');
  await provider.write(admin, 'setPoolImpl', (await put('protocol/pool/Pool', [provider.address], libraries)).address);
  const configuratorCode = await put('protocol/pool/PoolConfigurator', [], { ConfiguratorLogic: configuratorLogic.address });
  await provider.write(admin, 'setPoolConfiguratorImpl', configuratorCode.address);
  const pool = at(await provider.read('getPool'), 'protocol/pool/Pool');
  const configurator = at(await provider.read('getPoolConfigurator'), 'protocol/pool/PoolConfigurator');
  const oracle = await put('mocks/oracle/PriceOracle');
  await provider.write(admin, 'setPriceOracle', oracle.address);
  await oracle.write(admin, 'setAssetPrice', STABLE_PRICE_SOURCE, 100_000_000n);

  const code = {
    aToken: await put('protocol/tokenization/AToken', [pool.address]),
    stable: await put('protocol/tokenization/StableDebtToken', [pool.address]),
    variable: await put('protocol/tokenization/VariableDebtToken', [pool.address]),
    rates: await put('protocol/pool/DefaultReserveInterestRateStrategy', [provider.address, (80n * RAY) / 100n, RAY / 100n, (4n * RAY) / 100n, (75n * RAY) / 100n, 0n, 0n, 0n, 0n, RAY / 5n]),
  };
  const reserves: AaveTestReserve[] = [];
  for (const asset of ASSETS) {
    const token = await put('mocks/tokens/MintableERC20', [asset.symbol, asset.symbol, asset.decimals]);
    await oracle.write(admin, 'setAssetPrice', token.address, asset.priceE8);
    const names = [`a${asset.symbol}`, `a${asset.symbol}`, `v${asset.symbol}`, `v${asset.symbol}`, `s${asset.symbol}`, `s${asset.symbol}`];
    await configurator.write(admin, 'initReserves', [
      [code.aToken.address, code.stable.address, code.variable.address, asset.decimals, code.rates.address, token.address, TREASURY, ZERO, ...names, '0x'],
    ]);
    await configurator.write(admin, 'configureReserveAsCollateral', token.address, asset.ltvBps, asset.thresholdBps, asset.bonusBps);
    await configurator.write(admin, 'setReserveBorrowing', token.address, true);
    await configurator.write(admin, 'setReserveFactor', token.address, asset.reserveFactorBps);
    await configurator.write(admin, 'setLiquidationProtocolFee', token.address, asset.protocolFeeBps);
    const data = (await pool.read('getReserveData', token.address)) as { aTokenAddress: string; variableDebtTokenAddress: string };
    reserves.push({
      asset,
      token,
      aToken: at(data.aTokenAddress, 'protocol/tokenization/AToken'),
      debtToken: at(data.variableDebtTokenAddress, 'protocol/tokenization/VariableDebtToken'),
    });
  }
  for (const { id, ltv, threshold, bonus, oracle: source, label, members } of EMODES) {
    await configurator.write(admin, 'setEModeCategory', id, ltv, threshold, bonus, source, label);
    for (const { asset, token } of reserves) {
      if ((members as readonly string[]).includes(asset.symbol)) await configurator.write(admin, 'setAssetEModeCategory', token.address, id);
    }
  }
  const rule = AAVE_RULES.find((candidate) => candidate.id === 'aave-v3@3.0');
  if (rule === undefined) throw new TypeError('no rule aave-v3@3.0');
  return {
    chain,
    rule,
    admin,
    pool,
    configurator,
    oracle,
    reserves,
    eModes: EMODES.map(({ id, members }) => ({ id, collateral: members, borrowable: members })),
    treasury: TREASURY,
    eModeKind: 'category',
    liquidationData: null,
  };
}
