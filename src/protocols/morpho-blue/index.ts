import type { Rule } from '../../core/rule.ts';
import type { Protocol } from '../protocol.ts';
import { encodeMorphoStep } from './actions.ts';
import { morphoBlueDeployments } from './deployments.ts';
import { discoverPositions } from './discover.ts';
import { normalizePositions } from './normalize.ts';
import { morphoBlueRule } from './rule.ts';
import { planCalls } from './value.ts';

/** Morpho Blue: isolated markets, one account per owner and market. */
export const morphoBlue: Protocol = {
  id: 'morpho-blue',
  label: 'Morpho Blue',
  rules: [morphoBlueRule as Rule],
  deployments: morphoBlueDeployments,
  discover: discoverPositions,
  value: planCalls,
  normalize: normalizePositions,
  encodeStep: encodeMorphoStep,
};

export { morphoBlueRule } from './rule.ts';
