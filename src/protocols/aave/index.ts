import type { Protocol } from '../protocol.ts';
import { encodeAaveStep } from './actions.ts';
import { AAVE_V2_DEPLOYMENTS, AAVE_V3_DEPLOYMENTS, SPARK_DEPLOYMENTS } from './deployments.ts';
import { discoverAave } from './discover.ts';
import { AAVE_ERRORS } from './errors.ts';
import { aaveExecutor } from './executor.ts';
import { mirrorAave } from './mirror.ts';
import { normalizeAave } from './normalize.ts';
import { listReserveTokens } from './reserve-contracts.ts';
import { AAVE_RULES } from './rule.ts';
import { valueAave } from './value.ts';

const family = { discover: discoverAave, value: valueAave, normalize: normalizeAave, encodeStep: encodeAaveStep, executor: aaveExecutor, listTokens: listReserveTokens, errors: AAVE_ERRORS } as const;

/** The rules of one member of the family. */
function rulesOf(protocol: string): Protocol['rules'] {
  return AAVE_RULES.filter((rule) => rule.id.startsWith(`${protocol}@`));
}

/** Aave v3, versions 3.0 to 3.7. */
export const aaveV3: Protocol = { id: 'aave-v3', label: 'Aave v3', rules: rulesOf('aave-v3'), deployments: AAVE_V3_DEPLOYMENTS, mirror: mirrorAave, ...family };

/** Aave v2. */
export const aaveV2: Protocol = { id: 'aave-v2', label: 'Aave v2', rules: rulesOf('aave-v2'), deployments: AAVE_V2_DEPLOYMENTS, mirror: mirrorAave, ...family };

/** SparkLend, a fork of Aave v3.0.2. */
export const spark: Protocol = { id: 'spark', label: 'SparkLend', rules: rulesOf('spark'), deployments: SPARK_DEPLOYMENTS, ...family };
