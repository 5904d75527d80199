/** How many deliveries of a subscriber are under way, and who wants none any more. */
export const DELIVERIES = `
-- Until when somebody is at it; none where nobody is.
alter table plimsoll.deliveries add column taken_until timestamptz;
drop index plimsoll.deliveries_due;
create index deliveries_due on plimsoll.deliveries (webhook, next_at, event) where status = 'pending';
create index deliveries_under_way on plimsoll.deliveries (webhook) where taken_until is not null;

-- Whether it said so itself: then its key's return does not switch it on again.
alter table plimsoll.webhooks add column gone bool not null default false;
`;
