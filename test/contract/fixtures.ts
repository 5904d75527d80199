import { aaveV2Fixture } from './fixtures/aave-v2.ts';
import { aaveV3Fixture } from './fixtures/aave-v3.ts';
import { compoundV3Fixture } from './fixtures/compound-v3.ts';
import { gmxV2Fixture } from './fixtures/gmx-v2.ts';
import { morphoBlueFixture } from './fixtures/morpho-blue.ts';
import { sparkFixture } from './fixtures/spark.ts';
import type { ProtocolFixture } from './protocol-fixture.ts';

/** One fixture per protocol that has deployments. */
export const FIXTURES: readonly ProtocolFixture[] = [aaveV3Fixture, aaveV2Fixture, sparkFixture, compoundV3Fixture, morphoBlueFixture, gmxV2Fixture];
