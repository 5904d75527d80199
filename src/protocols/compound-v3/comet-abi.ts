import { Interface } from 'ethers';

/** @source CometMainInterface.sol */
export const comet = new Interface([
  'function supply(address asset, uint256 amount)',
  'function supplyTo(address dst, address asset, uint256 amount)',
  'function withdraw(address asset, uint256 amount)',
  'function withdrawFrom(address src, address to, address asset, uint256 amount)',
  'function absorb(address absorber, address[] accounts)',
  'function buyCollateral(address asset, uint256 minAmount, uint256 baseAmount, address recipient)',
  'function isBorrowCollateralized(address account) view returns (bool)',
  'function borrowBalanceOf(address account) view returns (uint256)',
  'function collateralBalanceOf(address account, address asset) view returns (uint128)',
]);

/** The comet's own errors, as ABI fragments. @source CometMainInterface.sol, CometCore.sol */
export const COMET_ERRORS: readonly string[] = [
  'error Absurd()',
  'error AlreadyInitialized()',
  'error BadAsset()',
  'error BadDecimals()',
  'error BadDiscount()',
  'error BadMinimum()',
  'error BadPrice()',
  'error BorrowTooSmall()',
  'error BorrowCFTooLarge()',
  'error InsufficientReserves()',
  'error LiquidateCFTooLarge()',
  'error NoSelfTransfer()',
  'error NotCollateralized()',
  'error NotForSale()',
  'error NotLiquidatable()',
  'error Paused()',
  'error ReentrantCallBlocked()',
  'error SupplyCapExceeded()',
  'error TimestampTooLarge()',
  'error TooManyAssets()',
  'error TooMuchSlippage()',
  'error TransferInFailed()',
  'error TransferOutFailed()',
  'error Unauthorized()',
];
