/**
 * Endings and their plurals as graph-node's inflector knows them, the first that fits counts. A rule whose replacement is null leaves the
 * word as it is. Upper case matters: `Data` becomes `Datas`, `Metadata` stays.
 *
 * @source whatisinternet/Inflector@01e2c68 src/string/pluralize/mod.rs (words that no entity is named after are left out)
 */
const PLURALS: readonly (readonly [ending: RegExp, replacement: string | null])[] = [
  [/(child)(?:ren)?$/, '$1ren'],
  [/(pe)(?:rson|ople)$/, '$1ople'],
  [/([ml])(?:ice|ouse)$/, '$1ice'],
  [/(matr|cod|mur|sil|vert|ind|append)(?:ix|ex)$/, '$1ices'],
  [/(x|ch|ss|sh|zz)$/, '$1es'],
  [/(?:x|ch|ss|sh|zz)es$/, null],
  [/([^ch][ieo][ln])ey$/, '$1ies'],
  [/([^aeiouy]|qu)y$/, '$1ies'],
  [/(ar|l|ea|eo|oa|hoo)f$/, '$1ves'],
  [/(kni|wi|li)fe$/, '$1ves'],
  [/sis$/, 'ses'],
  [/(phenomen|criteri|organ|automat)(?:a|on)$/, '$1a'],
  [/(agend|millenni|dat|extrem|strat|errat|ov|symposi|curricul|quor)(?:a|um)$/, '$1a'],
  [/(her|at|gr)o$/, '$1oes'],
  [/(vir|radi|nucle|foc|loc|strat)(?:us|i)$/, '$1i'],
  [/(?:[^l]ias|[aeiou]las|[emjzr]as|[iu]am)$/, null],
  [/(e[mn]u)s?$/, '$1s'],
  [/(alias|[^aou]us|tlas|gas|ris)$/, '$1es'],
  [/(ax|test)is$/, '$1es'],
  [/[^aeiou]ese$/, null],
  [/s$/, null],
];

/** The plural of an entity's name: `EModeCategory` → `EModeCategories`. */
export function pluralOf(name: string): string {
  for (const [ending, replacement] of PLURALS) {
    if (ending.test(name)) return replacement === null ? name : name.replace(ending, replacement);
  }
  return `${name}s`;
}

/**
 * graph-node's camel case, in which only a lower-case letter before a capital starts a word: `EModeCategory` → `emodeCategory`,
 * `AccountCToken` → `accountCToken`.
 *
 * @source whatisinternet/Inflector@01e2c68 src/cases/case/mod.rs
 */
export function camelCaseOf(name: string): string {
  let result = '';
  let last = '';
  let starts = false;
  for (const letter of name.replace(/[^A-Za-z0-9]+$/, '')) {
    if (!/[A-Za-z0-9]/.test(letter)) {
      starts = result !== '';
    } else if (/[0-9]/.test(letter)) {
      result += letter;
      starts = true;
    } else if (starts || (/[a-z]/.test(last) && /[A-Z]/.test(letter))) {
      result += letter.toUpperCase();
      starts = false;
    } else {
      result += letter.toLowerCase();
      last = letter;
    }
  }
  return result;
}

/** The two query fields of an entity under graph-node. @source graphprotocol/graph-node@f27eb5f graph/src/data/graphql/ext.rs */
export function graphNodeNames(entity: string): { readonly singular: string; readonly plural: string } {
  const singular = camelCaseOf(entity);
  const plural = camelCaseOf(pluralOf(entity));
  return { singular, plural: plural === singular ? `${plural}_collection` : plural };
}

/** The query fields of an entity under Subsquid: only the first letter is lowered. */
export function subsquidNames(entity: string): { readonly singular: string; readonly plural: string } {
  const first = entity.slice(0, 1).toLowerCase();
  return { singular: `${first}${entity.slice(1)}ById`, plural: `${first}${pluralOf(entity).slice(1)}` };
}
