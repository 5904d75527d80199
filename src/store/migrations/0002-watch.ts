/** Prices, opportunities, alerts and their delivery, and what waits to be proved. */
export const WATCH = `
create table plimsoll.prices (
  asset text not null,
  source text not null,
  usd numeric not null check (usd >= 0),
  at int8 not null,
  primary key (asset, source)
);
create table plimsoll.price_history (
  asset text not null,
  source text not null,
  at int8 not null,
  usd numeric not null check (usd >= 0),
  primary key (asset, source, at)
);

create table plimsoll.opportunities (
  id int8 generated always as identity primary key,
  -- What is liquidated: an account, or several that share a pool.
  subject text not null,
  owner text not null,
  shard int2 not null generated always as (get_byte(decode(md5(owner), 'hex'), 0) % 64) stored,
  -- The token of the shard's lease under which the row was written.
  token int8 not null,
  opened_block int8 not null,
  opened_at int8 not null,
  seen_block int8 not null,
  seen_at int8 not null,
  closed_at int8,
  closed_reason text,
  net_usd numeric not null,
  precision text not null,
  body jsonb not null,
  check ((closed_at is null) = (closed_reason is null))
);
create unique index opportunities_open on plimsoll.opportunities (subject) where closed_at is null;
create index opportunities_ranked on plimsoll.opportunities (net_usd desc, id) where closed_at is null;

create function plimsoll.fence_opportunity() returns trigger language plpgsql as $$
begin
  -- A generated column is not known yet when this runs.
  perform plimsoll.require_lease('shard:' || get_byte(decode(md5(new.owner), 'hex'), 0) % 64, new.token);
  return new;
end
$$;
create trigger fence before insert or update on plimsoll.opportunities for each row execute function plimsoll.fence_opportunity();

create table plimsoll.alert_rules (
  id text primary key,
  owner text not null,
  kind text not null,
  params jsonb not null,
  enabled bool not null default true
);
create index alert_rules_of_owner on plimsoll.alert_rules (owner);

-- Where a rule stood last, for hysteresis.
create table plimsoll.alert_states (
  rule text not null references plimsoll.alert_rules on delete cascade,
  subject text not null,
  state jsonb not null,
  at int8 not null,
  primary key (rule, subject)
);

-- What happened, in the order in which it was committed: alerts, opportunities that opened or closed.
create table plimsoll.events (
  sequence int8 generated always as identity primary key,
  key text not null unique,
  kind text not null,
  subject text not null,
  body jsonb not null,
  at int8 not null
);

create table plimsoll.webhooks (
  id text primary key,
  url text not null,
  -- Sealed under the process key; the second one while keys are exchanged.
  secret bytea not null,
  next_secret bytea,
  kinds text[] not null,
  enabled bool not null default true,
  created_at int8 not null
);

create table plimsoll.deliveries (
  webhook text not null references plimsoll.webhooks on delete cascade,
  event int8 not null references plimsoll.events on delete cascade,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'dead')),
  attempts int4 not null default 0,
  next_at timestamptz not null default now(),
  last_answer text,
  primary key (webhook, event)
);
create index deliveries_due on plimsoll.deliveries (next_at) where status = 'pending';

create table plimsoll.proof_jobs (
  id text primary key,
  state text not null default 'waiting' check (state in ('waiting', 'done', 'failed')),
  -- Rows and secrets, sealed under the process key; none once the job is over.
  payload bytea,
  result jsonb,
  created_at int8 not null,
  check ((state = 'waiting') = (payload is not null))
);
`;
