import { Interface } from 'ethers';

const MARKET_PARAMS = '(address loanToken, address collateralToken, address oracle, address irm, uint256 lltv) marketParams';

/** @source Morpho.sol */
export const morphoInterface = new Interface([
  `function supply(${MARKET_PARAMS}, uint256 assets, uint256 shares, address onBehalf, bytes data) returns (uint256, uint256)`,
  `function withdraw(${MARKET_PARAMS}, uint256 assets, uint256 shares, address onBehalf, address receiver) returns (uint256, uint256)`,
  `function borrow(${MARKET_PARAMS}, uint256 assets, uint256 shares, address onBehalf, address receiver) returns (uint256, uint256)`,
  `function repay(${MARKET_PARAMS}, uint256 assets, uint256 shares, address onBehalf, bytes data) returns (uint256, uint256)`,
  `function supplyCollateral(${MARKET_PARAMS}, uint256 assets, address onBehalf, bytes data)`,
  `function withdrawCollateral(${MARKET_PARAMS}, uint256 assets, address onBehalf, address receiver)`,
  `function liquidate(${MARKET_PARAMS}, address borrower, uint256 seizedAssets, uint256 repaidShares, bytes data) returns (uint256, uint256)`,
  'function position(bytes32 id, address user) view returns (uint256 supplyShares, uint128 borrowShares, uint128 collateral)',
]);

/** A market's oracle. @source IOracle.sol */
export const oracleInterface = new Interface(['function price() view returns (uint256)']);
