import { ERROR_TABLE } from '../../core/errors.ts';
import { PROTOCOLS } from '../../protocols/registry.ts';
import { buildOpenApi } from './openapi.ts';

/** Variables of the configuration, as instructions name them. */
const VARIABLE = /^(?:DATABASE_URL|GRAPH_API_KEY|GRAPH_URL_[A-Z0-9_]+|RPC_URL_[0-9]{1,7}(?:_SECOND)?|PRICE_API_URL|PLIMSOLL_[A-Z_]+)$/;
let words: ReadonlySet<string> | null = null;

/**
 * Tells whether a word is one of the contract's own: a field, a choice, a code, a variable, a protocol, a deployment. Whoever sends it learns nothing where it comes back, and
 * without it a refusal makes no sense.
 *
 * @param word in any case
 */
export function isOwnWord(word: string): boolean {
  words ??= new Set([...Object.keys(ERROR_TABLE), ...protocolWords(), ...schemaWords(buildOpenApi(''))].map((own) => own.toLowerCase()));
  return VARIABLE.test(word) || words.has(word.toLowerCase());
}

function protocolWords(): readonly string[] {
  return PROTOCOLS.flatMap(({ id, label, rules, deployments }) => [id, label, ...rules.map((rule) => rule.id), ...deployments.flatMap((deployment) => [deployment.id, deployment.chain])]);
}

/** Names of fields and choices, wherever they stand in a document of schemas. */
function schemaWords(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(schemaWords);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => [...namesOf(key, inner), ...schemaWords(inner)]);
}

function namesOf(key: string, value: unknown): readonly string[] {
  if (key === 'properties' && value !== null && typeof value === 'object') return Object.keys(value);
  const choices = key === 'enum' && Array.isArray(value) ? value : key === 'const' || key === 'name' ? [value] : [];
  return choices.filter((choice) => typeof choice === 'string');
}
