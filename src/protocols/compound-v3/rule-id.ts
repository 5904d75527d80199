/** The id of the one Comet rule: all implementations that run today compute alike. */
export const COMPOUND_V3_RULE = 'compound-v3@1';
