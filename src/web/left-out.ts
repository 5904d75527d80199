import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

/**
 * Modules that code of the page refers to and never calls. Zod's writers of JSON Schemas hang on every schema; a rule knows how to carry out, plan and screen, and the page
 * only asks how an account stands. What they export is there, and throws.
 */
const LEFT_OUT: readonly RegExp[] = [/\/zod\/v4\/core\/(?:json-schema-processors|to-json-schema)\.js$/, /\/src\/protocols\/[a-z0-9-]+\/(?:steps|apply|liquidate|planning|screening)\.ts$/];
/** Functions of decimal.js that no formula of Plimsoll needs: angles, other bases, fractions. A third of it. */
const NO_FORMULA =
  'cosine cos cubeRoot cbrt hyperbolicCosine cosh hyperbolicSine sinh hyperbolicTangent tanh inverseCosine acos inverseHyperbolicCosine acosh inverseHyperbolicSine asinh inverseHyperbolicTangent atanh inverseSine asin inverseTangent atan sine sin tangent tan toBinary toFraction toHexadecimal toHex toNearest toOctal atan2 hypot random log10 log2'.split(
    ' ',
  );
const DECIMAL = /\/decimal\.js\/decimal\.mjs$/;
/** Forms of text that a schema can ask for: e-mail, JWT, ULID … No schema of Plimsoll does, and each brings its own pattern along. */
const STRINGS = /\/zod\/v4\/classic\/schemas\.js$/;
const STRING_FORM = /^ {4}\w+\(params\) \{\n {8}return this\.check\((?:core|iso)\._?\w+\((?:Zod\w+, )?params\)\);\n {4}\},\n/gm;
/** Objects whose code is compiled, which the page forbids, and a guard against values that hold themselves, which no JSON does. */
const COMPILED = /core\.\$ZodObjectJIT\.init\(/g;
const GUARD = /^function _ensureDefaultMemoizer\(\) \{\n[\s\S]*?^\}$/m;
/** Ways of uPlot to draw, and to join tables, that the curve does not use: it has lines over numbers. */
const PLOT = /\/uplot\/dist\/uPlot\.esm\.js$/;
const OTHER_PATHS = /^\t(?:\(paths\.(?:stepped|bars|spline) *= \w+\)|uPlot\.join = join);$/gm;
/** What each code means is written by the service; the page shows the message. */
const ERRORS = /\/src\/core\/errors\.ts$/;
const MEANING = /^( {2}[A-Z_]+: entry\(\s*'[a-z]+',\s*\d+,\s*\d+),\s*(?:'.*'|".*"),?\s*\),$/gm;
const EXPORTED = /^export (?:const|function|async function) ([A-Za-z0-9_$]+)/gm;

/** Keeps all that out of what browsers load: a quarter of it. */
export function leaveOut(): Plugin {
  return {
    name: 'leave-out',
    enforce: 'pre',
    load: (id) => {
      if (DECIMAL.test(id)) return withoutFormulas(readFileSync(id, 'utf8'));
      if (STRINGS.test(id)) return plainSchemas(readFileSync(id, 'utf8'));
      if (PLOT.test(id)) return readFileSync(id, 'utf8').replaceAll(OTHER_PATHS, '');
      if (ERRORS.test(id)) return readFileSync(id, 'utf8').replaceAll(MEANING, "$1, ''),");
      return LEFT_OUT.some((pattern) => pattern.test(id)) ? emptied(readFileSync(id, 'utf8')) : null;
    },
  };
}

function plainSchemas(source: string): string {
  return source.replaceAll(STRING_FORM, '').replaceAll(COMPILED, 'core.$ZodObject.init(').replace(GUARD, 'function _ensureDefaultMemoizer() {}');
}

/** Without the methods and static functions of those names; what only they called goes with them. */
function withoutFormulas(source: string): string {
  const named = `(?:${NO_FORMULA.join('|')})`;
  return source.replaceAll(new RegExp(`^P\\.${named}(?: = P\\.${named})? = function [\\s\\S]*?^};?$`, 'gm'), '').replaceAll(new RegExp(`^ +Decimal\\.${named} = \\w+;.*$`, 'gm'), '');
}

/** A factory of zod must answer with something when a schema is made; whatever is called later throws. */
function emptied(source: string): string {
  const names = [...source.matchAll(EXPORTED)].map(([, name]) => name);
  return `const leftOut = () => () => { throw new TypeError('left out of the page'); };\nexport { ${names.map((name) => `leftOut as ${name}`).join(', ')} };`;
}
