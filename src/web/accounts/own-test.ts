const LONGEST_SHOWN = 15;
const DIGITS = 5;

/**
 * A protocol's own test as a reader sees it: integers of many digits cut to five with their power of ten, `≥` for `>=`. Where cutting would make two of them the same they stay whole.
 *
 * @param reason as a rule gives it, in raw integers
 */
export function shortTest(reason: string): string {
  const signs = reason.replaceAll('>=', '≥');
  const integers = [...signs.matchAll(/\b\d+\b/g)].map(([integer]) => integer);
  const isAmbiguous = new Set(integers.map(cut)).size < new Set(integers).size;
  return isAmbiguous ? signs : signs.replaceAll(/\b\d+\b/g, cut);
}

function cut(integer: string): string {
  if (integer.length <= LONGEST_SHOWN) return integer.replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
  const part = integer.slice(1, DIGITS).replace(/0+$/, '');
  return `${integer[0]}${part === '' ? '' : `.${part}`}e${integer.length - 1}`;
}
