/** Whether a price is an oracle's or a market's is said by whoever records it: the name of its source does not tell. */
export const PRICE_KINDS = `
-- Whatever was recorded before was an oracle's.
alter table plimsoll.prices add column kind text not null default 'oracle' check (kind in ('oracle', 'market'));
alter table plimsoll.prices alter column kind drop default;
alter table plimsoll.price_history add column kind text not null default 'oracle' check (kind in ('oracle', 'market'));
alter table plimsoll.price_history alter column kind drop default;
`;
