/** Since when a subscriber's secret is being replaced: then the one before goes in the end. */
export const ROTATION = `
alter table plimsoll.webhooks add column rotated_at timestamptz;
`;
