import type { Rule } from '../../core/rule.ts';
import type { Protocol } from '../protocol.ts';
import { encodeGmxStep } from './actions.ts';
import { gmxV2Deployments } from './deployments.ts';
import { discoverGmx } from './discover.ts';
import { mirrorGmx } from './mirror.ts';
import { normalizeGmx } from './normalize.ts';
import { gmxV2Rule } from './rule.ts';
import { listGmxTokens } from './tokens.ts';
import { valueGmx } from './value.ts';

/** GMX v2: one deployment per chain, one account per position. */
export const gmxV2: Protocol = {
  id: 'gmx-v2',
  label: 'GMX v2',
  rules: [gmxV2Rule as Rule],
  deployments: gmxV2Deployments,
  discover: discoverGmx,
  mirror: mirrorGmx,
  value: valueGmx,
  normalize: normalizeGmx,
  encodeStep: encodeGmxStep,
  listTokens: listGmxTokens,
};

export { gmxV2Rule } from './rule.ts';
