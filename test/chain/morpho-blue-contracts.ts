import { Interface, type InterfaceAbi } from 'ethers';
import { computeMarketId, encodeParams, type MarketParams } from '../../src/protocols/morpho-blue/market-id.ts';
import type { Anvil } from './anvil.ts';
import { type Artifact, compileSolidity, packageFolder } from './compile-solidity.ts';
import { Contract, deploy } from './contract.ts';

/** Asks Morpho's own periphery library what accounts hold and owe with interest, independently of the rule. */
const READER = `
// SPDX-License-Identifier: MIT
pragma solidity 0.8.19;
import {IMorpho, MarketParams} from "morpho/interfaces/IMorpho.sol";
import {MorphoBalancesLib} from "morpho/libraries/periphery/MorphoBalancesLib.sol";
contract Reader {
    function expected(IMorpho morpho, MarketParams memory params, address user)
        external view returns (uint256 supplied, uint256 borrowed)
    {
        supplied = MorphoBalancesLib.expectedSupplyAssets(morpho, params, user);
        borrowed = MorphoBalancesLib.expectedBorrowAssets(morpho, params, user);
    }
    function totals(IMorpho morpho, MarketParams memory params)
        external view returns (uint256, uint256, uint256, uint256)
    {
        return MorphoBalancesLib.expectedMarketBalances(morpho, params);
    }
}
`;

/** One market of the test chain. */
export interface MorphoTestMarket {
  readonly id: string;
  readonly params: MarketParams;
  readonly loan: Contract;
  readonly collateral: Contract;
  readonly oracle: Contract;
  readonly loanDecimals: number;
  readonly collateralDecimals: number;
  /** What lenders have put in, whole loan tokens per user of the suite. */
  readonly lentPerUser: bigint;
}

/** Morpho Blue with three markets. */
export interface MorphoTestChain {
  readonly morpho: Contract;
  readonly irm: Contract;
  readonly reader: Contract;
  readonly markets: readonly MorphoTestMarket[];
}

const ORACLE_SCALE_DECIMALS = 36;

/** Collateral, loan, loan-to-value per mille, price of a whole collateral token in millionths of a loan token, fee per mille, loan tokens lent per user. */
const MARKETS = [
  { collateralDecimals: 18, loanDecimals: 6, lltv: 860n, priceE6: 2_480_000_000n, fee: 0n, lentPerUser: 16_000n },
  { collateralDecimals: 8, loanDecimals: 18, lltv: 770n, priceE6: 61_000_000_000n, fee: 100n, lentPerUser: 330_000n },
  { collateralDecimals: 18, loanDecimals: 18, lltv: 945n, priceE6: 1_171_300n, fee: 250n, lentPerUser: 8n },
] as const;

function compile(): Readonly<Record<string, Artifact>> {
  return compileSolidity({
    compiler: 'solc-0.8.19',
    roots: { 'morpho/': `${packageFolder('@morpho-org/morpho-blue')}/src` },
    entries: ['morpho/Morpho.sol', 'morpho/mocks/OracleMock.sol', 'morpho/mocks/IrmMock.sol', 'morpho/mocks/ERC20Mock.sol'],
    inline: { 'Reader.sol': READER },
    settings: { viaIR: true, evmVersion: 'paris', optimizer: { enabled: true, runs: 999_999 }, metadata: { bytecodeHash: 'none' } },
  });
}

/** Deploys Morpho Blue with its mocks and creates the markets. */
export async function deployMorphoBlue(chain: Anvil, admin: string): Promise<MorphoTestChain> {
  const artifacts = compile();
  const put = (name: string, ...args: readonly unknown[]): Promise<Contract> => {
    const artifact = artifacts[name];
    return artifact === undefined ? Promise.reject(new TypeError(`no artifact ${name}`)) : deploy(chain, admin, artifact, args);
  };
  const bare = await put('Morpho', admin);
  // The events stand in a library of their own, so the contract's ABI does not have them.
  const morpho = new Contract(chain, bare.address, [...bare.abi.fragments, ...Interface.from(artifacts['EventsLib']?.abi as InterfaceAbi).fragments]);
  const irm = await put('IrmMock');
  const reader = await put('Reader');
  await morpho.write(admin, 'enableIrm', irm.address);
  await morpho.write(admin, 'setFeeRecipient', '0x00000000000000000000000000000000000000fe');
  const markets: MorphoTestMarket[] = [];
  for (const { collateralDecimals, loanDecimals, lltv, priceE6, fee, lentPerUser } of MARKETS) {
    const [loan, collateral, oracle] = [await put('ERC20Mock'), await put('ERC20Mock'), await put('OracleMock')];
    await oracle.write(admin, 'setPrice', priceE6 * 10n ** BigInt(ORACLE_SCALE_DECIMALS - 6 + loanDecimals - collateralDecimals));
    const params = { loanToken: loan.address, collateralToken: collateral.address, oracle: oracle.address, irm: irm.address, lltv: lltv * 10n ** 15n };
    await morpho.write(admin, 'enableLltv', params.lltv);
    await morpho.write(admin, 'createMarket', encodeParams(params));
    if (fee > 0n) await morpho.write(admin, 'setFee', encodeParams(params), fee * 10n ** 15n);
    markets.push({ id: computeMarketId(params), params, loan, collateral, oracle, loanDecimals, collateralDecimals, lentPerUser });
  }
  return { morpho, irm, reader, markets };
}
