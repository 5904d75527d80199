import { RuleViolation } from '../../core/errors.ts';
import { GMX_V2_RULE } from './rule-id.ts';

/** Refuses a step with the name of GMX's own error. @throws {RuleViolation} always */
export function violate(protocolError: string, explanation: string): never {
  throw new RuleViolation(GMX_V2_RULE, protocolError, explanation);
}
