import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

/**
 * Modules that code of the page refers to and never calls. Zod's writers of JSON Schemas hang on every schema; a rule knows how to carry out, plan and screen, and the page
 * only asks how an account stands. What they export is there, and throws.
 */
const LEFT_OUT: readonly RegExp[] = [
  /\/zod\/v4\/core\/(?:json-schema-processors|to-json-schema)\.js$/,
  /\/src\/protocols\/[a-z0-9-]+\/(?:steps|apply|liquidate|planning|screening|prepared-pool)\.ts$/,
];
const EXPORTED = /^export (?:const|function|async function) ([A-Za-z0-9_$]+)/gm;

/** Keeps such modules out of what browsers load: a fifth of it. */
export function leaveOut(): Plugin {
  return {
    name: 'leave-out',
    enforce: 'pre',
    load: (id) => (LEFT_OUT.some((pattern) => pattern.test(id)) ? emptied(readFileSync(id, 'utf8')) : null),
  };
}

/** A factory of zod must answer with something when a schema is made; whatever is called later throws. */
function emptied(source: string): string {
  const names = [...source.matchAll(EXPORTED)].map(([, name]) => name);
  return `const leftOut = () => () => { throw new TypeError('left out of the page'); };\nexport { ${names.map((name) => `leftOut as ${name}`).join(', ')} };`;
}
