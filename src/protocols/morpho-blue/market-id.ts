import { AbiCoder, keccak256 } from 'ethers';
import { InvalidArgument } from '../../core/errors.ts';
import { type Address, tokenOf } from '../../core/ids.ts';
import type { MorphoMarket, MorphoToken } from './state.ts';

/** The five parameters that make a market, in the contract's order. */
export interface MarketParams {
  readonly loanToken: Address;
  readonly collateralToken: Address;
  readonly oracle: Address;
  readonly irm: Address;
  /** 1e18. */
  readonly lltv: bigint;
}

/** The parameters as the contract takes them: a plain array in the struct's order. */
export function encodeParams(params: MarketParams): readonly unknown[] {
  return [params.loanToken, params.collateralToken, params.oracle, params.irm, params.lltv];
}

/**
 * The id that the contract gives a market: keccak256 of the five parameters, each padded to 32 bytes.
 *
 * @source MarketParamsLib.sol
 */
export function computeMarketId(params: MarketParams): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(['address', 'address', 'address', 'address', 'uint256'], encodeParams(params)));
}

/** The parameters of a market in the rule's typed form. @throws {InvalidArgument} where a token is not an ERC-20. */
export function getMarketParams(market: MorphoMarket): MarketParams {
  return {
    loanToken: getToken(market.loan),
    collateralToken: getToken(market.collateral),
    oracle: market.oracle,
    irm: market.irm,
    lltv: market.lltv,
  };
}

function getToken(token: MorphoToken): Address {
  const address = tokenOf(token.asset);
  if (address === null) throw new InvalidArgument(`${token.asset} is no ERC-20 token, which Morpho Blue needs.`);
  return address;
}
