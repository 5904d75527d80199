import { Interface } from 'ethers';

/** @source DataTypes.InterestRateMode */
export const STABLE_RATE = 1n;
export const VARIABLE_RATE = 2n;
export const NO_REFERRAL = 0;

/** The pool's own functions, of v2 and v3 (v2 calls a supply a deposit). @source IPool.sol, ILendingPool.sol */
export const POOL = new Interface([
  'function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)',
  'function deposit(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)',
  'function withdraw(address asset, uint256 amount, address to) returns (uint256)',
  'function borrow(address asset, uint256 amount, uint256 interestRateMode, uint16 referralCode, address onBehalfOf)',
  'function repay(address asset, uint256 amount, uint256 interestRateMode, address onBehalfOf) returns (uint256)',
  'function liquidationCall(address collateralAsset, address debtAsset, address user, uint256 debtToCover, bool receiveAToken)',
  'function getUserAccountData(address user) view returns (uint256, uint256, uint256, uint256, uint256, uint256)',
]);
