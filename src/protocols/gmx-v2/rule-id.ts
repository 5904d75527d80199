/** The rule of GMX v2.2: price impact is settled at close, and a pending amount of it is kept per position. */
export const GMX_V2_RULE = 'gmx-v2@2';
