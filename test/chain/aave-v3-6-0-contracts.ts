import { AbiCoder, Interface, type InterfaceAbi } from 'ethers';
import { AAVE_RULES } from '../../src/protocols/aave/rule.ts';
import { AAVE_ASSETS, type AaveAsset, type AaveTestChain, type AaveTestReserve } from './aave-pool-chain.ts';
import type { Anvil } from './anvil.ts';
import { type Artifact, compileSolidity, packageFolder } from './compile-solidity.ts';
import { Contract, deploy } from './contract.ts';

const TREASURY = '0x0000000000000000000000000000000000007ea5';
const ZERO = `0x${'0'.repeat(40)}`;
/** Collateral inside its e-mode category only. */
const WEETH: AaveAsset = { symbol: 'weETH', decimals: 18, priceE8: 193_400_000_000n, ltvBps: 0, thresholdBps: 0, bonusBps: 0, protocolFeeBps: 1_000, reserveFactorBps: 4_500 };
const ASSETS: readonly AaveAsset[] = [AAVE_ASSETS.weth, AAVE_ASSETS.wstEth, AAVE_ASSETS.wbtc, AAVE_ASSETS.usdc, AAVE_ASSETS.dai, WEETH];
const EMODE = { id: 1, ltv: 9_300, threshold: 9_500, bonus: 10_100, label: 'ETH correlated', collateral: ['wstETH', 'weETH'], borrowable: ['WETH'] } as const;
const LIBRARIES = ['SupplyLogic', 'BorrowLogic', 'LiquidationLogic', 'PoolLogic'] as const;

/** Tokens and prices of the test; everything else is Aave's own. */
const TEST_CONTRACTS = `
// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;
contract TestToken {
    string public name; string public symbol; uint8 public decimals; uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    event Transfer(address indexed from, address indexed to, uint256 value);
    error BalanceTooLow();
    constructor(string memory symbol_, uint8 decimals_) { name = symbol_; symbol = symbol_; decimals = decimals_; }
    function mint(address to, uint256 value) external { balanceOf[to] += value; totalSupply += value; emit Transfer(address(0), to, value); }
    function approve(address spender, uint256 value) external returns (bool) { allowance[msg.sender][spender] = value; return true; }
    function transfer(address to, uint256 value) external returns (bool) { _move(msg.sender, to, value); return true; }
    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        allowance[from][msg.sender] -= value; _move(from, to, value); return true;
    }
    function _move(address from, address to, uint256 value) private {
        if (balanceOf[from] < value) revert BalanceTooLow();
        balanceOf[from] -= value; balanceOf[to] += value; emit Transfer(from, to, value);
    }
}
contract TestOracle {
    mapping(address => uint256) public getAssetPrice;
    function setAssetPrice(address asset, uint256 price) external { getAssetPrice[asset] = price; }
}
`;

function compile(): Readonly<Record<string, Artifact>> {
  const logic = LIBRARIES.map((name) => `aave/protocol/libraries/logic/${name}.sol`);
  return compileSolidity({
    compiler: 'solc-0.8.27',
    roots: {
      'aave/': `${packageFolder('@aave-dao/aave-v3-origin')}/src/contracts`,
      'openzeppelin-contracts/contracts/': `${packageFolder('@openzeppelin/contracts')}`,
      'openzeppelin-contracts-upgradeable/contracts/': `${packageFolder('@openzeppelin/contracts-upgradeable')}`,
      'solidity-utils/': `${packageFolder('@bgd-labs/solidity-utils')}/src`,
      '@openzeppelin/': `${packageFolder('@openzeppelin')}`,
    },
    entries: [
      ...logic,
      'aave/protocol/libraries/logic/FlashLoanLogic.sol',
      'aave/protocol/libraries/logic/ConfiguratorLogic.sol',
      'aave/protocol/libraries/helpers/Errors.sol',
      'aave/protocol/configuration/PoolAddressesProvider.sol',
      'aave/protocol/configuration/ACLManager.sol',
      'aave/instances/PoolInstance.sol',
      'aave/instances/PoolConfiguratorInstance.sol',
      'aave/instances/ATokenInstance.sol',
      'aave/instances/VariableDebtTokenInstance.sol',
      'aave/misc/DefaultReserveInterestRateStrategyV2.sol',
      'aave/helpers/LiquidationDataProvider.sol',
    ],
    inline: { 'TestContracts.sol': TEST_CONTRACTS },
    settings: { evmVersion: 'shanghai', optimizer: { enabled: true, runs: 200 }, metadata: { bytecodeHash: 'none' } },
  });
}

/** Deploys Aave v3.6.0 from its published sources, with six reserves, one e-mode category and the LiquidationDataProvider. */
export async function deployAaveV360(chain: Anvil, admin: string): Promise<AaveTestChain> {
  const artifacts = compile();
  const artifactOf = (name: string): Artifact => {
    const artifact = artifacts[name];
    if (artifact === undefined) throw new TypeError(`no artifact ${name}`);
    return artifact;
  };
  const put = (name: string, args: readonly unknown[] = [], libraries: Readonly<Record<string, string>> = {}): Promise<Contract> => deploy(chain, admin, artifactOf(name), args, libraries);
  const errors = Interface.from(artifactOf('Errors').abi as InterfaceAbi).fragments;
  const at = (address: unknown, name: string): Contract =>
    new Contract(chain, String(address), [...Interface.from(artifactOf(name).abi as InterfaceAbi).fragments.filter((fragment) => fragment.type !== 'error'), ...errors]);

  const provider = await put('PoolAddressesProvider', ['test', admin]);
  await provider.write(admin, 'setACLAdmin', admin);
  const acl = await put('ACLManager', [provider.address]);
  await provider.write(admin, 'setACLManager', acl.address);
  await acl.write(admin, 'addPoolAdmin', admin);
  await acl.write(admin, 'addEmergencyAdmin', admin);

  const libraries: Record<string, string> = {};
  for (const name of LIBRARIES) libraries[name] = (await put(name, [], libraries)).address;
  libraries['FlashLoanLogic'] = (await put('FlashLoanLogic', [], libraries)).address;
  libraries['ConfiguratorLogic'] = (await put('ConfiguratorLogic')).address;
  const rates = await put('DefaultReserveInterestRateStrategyV2', [provider.address]);
  await provider.write(admin, 'setPoolImpl', (await put('PoolInstance', [provider.address, rates.address], libraries)).address);
  await provider.write(admin, 'setPoolConfiguratorImpl', (await put('PoolConfiguratorInstance', [], libraries)).address);
  const pool = at(await provider.read('getPool'), 'PoolInstance');
  const configurator = at(await provider.read('getPoolConfigurator'), 'PoolConfiguratorInstance');
  const oracle = await put('TestOracle');
  await provider.write(admin, 'setPriceOracle', oracle.address);

  const aTokenCode = await put('ATokenInstance', [pool.address, ZERO, TREASURY]);
  const debtTokenCode = await put('VariableDebtTokenInstance', [pool.address, ZERO]);
  const rateData = AbiCoder.defaultAbiCoder().encode(['uint16', 'uint32', 'uint32', 'uint32'], [8_000, 100, 400, 7_500]);
  const reserves: AaveTestReserve[] = [];
  for (const asset of ASSETS) {
    const token = await put('TestToken', [asset.symbol, asset.decimals]);
    await oracle.write(admin, 'setAssetPrice', token.address, asset.priceE8);
    const names = [`a${asset.symbol}`, `a${asset.symbol}`, `v${asset.symbol}`, `v${asset.symbol}`];
    await configurator.write(admin, 'initReserves', [[aTokenCode.address, debtTokenCode.address, token.address, ...names, '0x', rateData]]);
    if (asset.thresholdBps > 0) {
      await configurator.write(admin, 'configureReserveAsCollateral', token.address, asset.ltvBps, asset.thresholdBps, asset.bonusBps);
    }
    await configurator.write(admin, 'setReserveBorrowing', token.address, true);
    await configurator.write(admin, 'setReserveFactor', token.address, asset.reserveFactorBps);
    await configurator.write(admin, 'setLiquidationProtocolFee', token.address, asset.protocolFeeBps);
    const data = (await pool.read('getReserveData', token.address)) as { aTokenAddress: string; variableDebtTokenAddress: string };
    reserves.push({ asset, token, aToken: at(data.aTokenAddress, 'ATokenInstance'), debtToken: at(data.variableDebtTokenAddress, 'VariableDebtTokenInstance') });
  }
  await configurator.write(admin, 'setEModeCategory', EMODE.id, EMODE.ltv, EMODE.threshold, EMODE.bonus, EMODE.label);
  for (const { asset, token } of reserves) {
    if ((EMODE.collateral as readonly string[]).includes(asset.symbol)) await configurator.write(admin, 'setAssetCollateralInEMode', token.address, EMODE.id, true);
    if ((EMODE.borrowable as readonly string[]).includes(asset.symbol)) await configurator.write(admin, 'setAssetBorrowableInEMode', token.address, EMODE.id, true);
  }
  const rule = AAVE_RULES.find((candidate) => candidate.id === 'aave-v3@3.6');
  if (rule === undefined) throw new TypeError('no rule aave-v3@3.6');
  return {
    chain,
    rule,
    admin,
    pool,
    configurator,
    oracle,
    reserves,
    eModes: [EMODE],
    treasury: TREASURY,
    eModeKind: 'bitmap',
    liquidationData: await put('LiquidationDataProvider', [pool.address, provider.address], libraries),
  };
}
