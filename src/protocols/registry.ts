import { aaveV2, aaveV3, spark } from './aave/index.ts';
import { compoundV3 } from './compound-v3/index.ts';
import { genericLending } from './generic-lending/index.ts';
import { gmxV2 } from './gmx-v2/index.ts';
import { morphoBlue } from './morpho-blue/index.ts';
import type { Deployment, Protocol } from './protocol.ts';

export { findRule } from './rules.ts';

/** Every protocol that Plimsoll reads. */
export const PROTOCOLS: readonly Protocol[] = [aaveV3, aaveV2, spark, compoundV3, morphoBlue, gmxV2, genericLending];

const DEPLOYMENTS: readonly Deployment[] = PROTOCOLS.flatMap((protocol) => protocol.deployments);

/** Every deployment of every protocol: the same list each time. */
export function listDeployments(): readonly Deployment[] {
  return DEPLOYMENTS;
}
