import type { Rule } from '../../core/rule.ts';
import type { Protocol } from '../protocol.ts';
import { encodeCometStep } from './actions.ts';
import { COMET_ERRORS } from './comet-abi.ts';
import { compoundV3Deployments, listCometTokens } from './deployments.ts';
import { discoverComet } from './discover.ts';
import { cometExecutor } from './executor.ts';
import { mirrorComet } from './mirror.ts';
import { normalizeComet } from './normalize.ts';
import { compoundV3Rule } from './rule.ts';
import { valueComet } from './value.ts';

/** Compound v3: one comet per deployment, one account per owner and comet. */
export const compoundV3: Protocol = {
  id: 'compound-v3',
  label: 'Compound v3',
  rules: [compoundV3Rule as Rule],
  deployments: compoundV3Deployments,
  discover: discoverComet,
  mirror: mirrorComet,
  value: valueComet,
  normalize: normalizeComet,
  encodeStep: encodeCometStep,
  executor: cometExecutor,
  listTokens: listCometTokens,
  errors: COMET_ERRORS,
};

export { encodeBuyCollateral } from './actions.ts';
export { computeBuyCollateral, computeReserves, quoteCollateral } from './buy-collateral.ts';
export { compoundV3Rule } from './rule.ts';
