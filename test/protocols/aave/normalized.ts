import type { AavePool, AavePosition } from '../../../src/protocols/aave/state.ts';
import type { Normalized } from '../../../src/protocols/protocol.ts';

/** The state of the only market. */
export function stateOf(result: Normalized): AavePool {
  const [market] = result.markets;
  if (market === undefined) throw new Error('no market was read');
  return market.state as AavePool;
}

/** The position of the first account. */
export function positionOf(result: Normalized): AavePosition {
  const [account] = result.accounts;
  if (account === undefined) throw new Error('no account was read');
  return account.position as AavePosition;
}
