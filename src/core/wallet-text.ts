/** One wallet as people write it: an address, a CAIP-10 account or an ENS name. Whether a name is one that ENS accepts is for who looks it up to say. */
const ADDRESS = '0x[0-9a-fA-F]{40}';
const ACCOUNT = `eip155:[1-9][0-9]{0,15}:${ADDRESS}`;
/** Letters of any script and case: what separates wallets, labels and parts of an address is none of them. */
const NO_LETTER = '\\s.,:;/?#%&=|\\\\<>()[\\]{}"\'`\\u0000-\\u001f\\u007f';
/** The last part of a name begins with no digit: an address of the internet is none. */
const NAME = `(?:[^${NO_LETTER}]{1,63}\\.){1,5}[^0-9${NO_LETTER}][^${NO_LETTER}]{1,62}`;
const WALLET = `(?:${ACCOUNT}|${ADDRESS}|${NAME})`;

/** Wallets of one person at once. */
export const MOST_WALLETS_AT_ONCE = 5;

/** One wallet, or several separated by commas. */
export const WALLETS_PATTERN = new RegExp(`^${WALLET}(?:,${WALLET}){0,${MOST_WALLETS_AT_ONCE - 1}}$`);

const ONE = new RegExp(`^${WALLET}$`);

/** Tells whether a text is written as one wallet is. */
export function isWalletText(text: string): boolean {
  return ONE.test(text);
}
