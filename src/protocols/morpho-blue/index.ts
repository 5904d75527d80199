import { erc20 } from '../../core/ids.ts';
import type { Rule } from '../../core/rule.ts';
import type { Protocol } from '../protocol.ts';
import { encodeMorphoStep } from './actions.ts';
import { morphoBlueDeployments } from './deployments.ts';
import { discoverPositions } from './discover.ts';
import { morphoExecutor } from './executor.ts';
import { mirrorMorpho } from './mirror.ts';
import { normalizePositions } from './normalize.ts';
import { marketsOf, parsePositions } from './rows.ts';
import { morphoBlueRule } from './rule.ts';
import { planCalls } from './value.ts';

/** Morpho Blue: isolated markets, one account per owner and market. */
export const morphoBlue: Protocol = {
  id: 'morpho-blue',
  label: 'Morpho Blue',
  rules: [morphoBlueRule as Rule],
  deployments: morphoBlueDeployments,
  discover: discoverPositions,
  mirror: mirrorMorpho,
  // A fixed oracle can only be read on chain, so the rows alone would value nothing.
  listAssets: (deployment, rows) => marketsOf(parsePositions(rows['positions'] ?? [])).flatMap((row) => [erc20(deployment.chain, row.inputToken.id), erc20(deployment.chain, row.borrowedToken.id)]),
  value: planCalls,
  normalize: normalizePositions,
  encodeStep: encodeMorphoStep,
  executor: morphoExecutor,
};

export { morphoBlueRule } from './rule.ts';
