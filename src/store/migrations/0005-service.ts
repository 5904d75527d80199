/** Whose subscriptions and jobs are whose, what may have been missed, when shards were looked at, and the keys of the API. */
export const SERVICE = `
-- When the holder of the shard looked at it last, whether or not anything had changed since.
alter table plimsoll.shard_progress add column looked_at timestamptz;

-- The name of the API key that made it; none where the operator did, before there were keys.
alter table plimsoll.webhooks add column key_name text;
-- Whose events it wants, besides the alerts of its own rules; with none, those that are about everybody's accounts.
alter table plimsoll.webhooks add column wallets text[] not null default '{}';
-- Of the request that made it: the same Idempotency-Key with another one is refused.
alter table plimsoll.webhooks add column digest text;

-- The subscriber that the rule belongs to: nobody else hears of it. None for the operator's own.
alter table plimsoll.alert_rules add column webhook text references plimsoll.webhooks on delete cascade;
update plimsoll.alert_rules set webhook = split_part(id, ':', 1) where split_part(id, ':', 1) in (select id from plimsoll.webhooks);

-- Who may hear of an event: anyone; who asks for the wallet that it is about; or the subscriber whose rule raised it.
alter table plimsoll.events add column audience text not null default 'anyone' check (audience in ('anyone', 'wallet', 'rule'));
alter table plimsoll.events add column webhook text;
alter table plimsoll.events add column key_name text;
update plimsoll.events set audience = case kind when 'alert' then 'rule' else 'wallet' end where kind in ('alert', 'health.changed');

-- Up to this sequence events may have been deleted: who has seen less may have missed some.
create table plimsoll.event_horizon (
  id int2 primary key default 1 check (id = 1),
  sequence int8 not null
);
insert into plimsoll.event_horizon (sequence) select coalesce(min(sequence) - 1, 0) from plimsoll.events;

-- Wallets that somebody follows for the time being.
create table plimsoll.followed_wallets (
  owner text primary key,
  until timestamptz not null
);

-- Of a key of 256 random bits there is its hash alone.
create table plimsoll.api_keys (
  name text primary key,
  sha256 text not null unique,
  scopes text[] not null,
  created_at int8 not null
);

alter table plimsoll.proof_jobs add column key_name text;
`;
