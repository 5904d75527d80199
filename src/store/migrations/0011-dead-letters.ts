/** Who asks what was given up for a subscriber reads no row that was delivered. */
export const DEAD_LETTERS = `
create index deliveries_dead on plimsoll.deliveries (webhook, event) where status = 'dead';
`;
