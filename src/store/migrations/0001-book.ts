/**
 * Mirror, book and leases.
 *
 * There is no table of legs: a leg is what a rule computes from a position and a market at a moment, so that stored legs would be wrong one
 * second later. What does not change with time is kept instead: the position in the rule's own form and the market's state, from which
 * every reader derives its legs.
 */
export const BOOK = `
create table plimsoll.deployments (
  id text primary key,
  protocol text not null,
  chain text not null,
  market text not null,
  label text not null,
  -- Unix seconds of the newest block at which every row was compared; null before the first time.
  full_at int8
);

-- Blocks at which the mirror of a deployment was whole; a hash that is no longer on the chain leads back to the one before.
create table plimsoll.blocks (
  deployment text not null references plimsoll.deployments on delete cascade,
  number int8 not null,
  hash text,
  timestamp int8 not null,
  primary key (deployment, number)
);

-- A run that is under way: what has been committed of it, so that a killed process goes on after its last page.
create table plimsoll.sync_progress (
  deployment text primary key references plimsoll.deployments on delete cascade,
  plan text not null,
  mode text not null check (mode in ('full', 'changes')),
  block_number int8 not null,
  block_hash text not null,
  block_timestamp int8 not null,
  since_number int8 not null,
  since_timestamp int8 not null,
  step int4 not null,
  last_id text collate "C" not null,
  pages int8 not null,
  rows_read int8 not null
);

-- Rows as a subgraph has them. One that vanished keeps its id without data until its block is settled: a reorganisation may bring it back.
create table plimsoll.mirror_rows (
  deployment text not null references plimsoll.deployments on delete cascade,
  entity text not null,
  id text collate "C" not null,
  owner text,
  market text not null,
  data jsonb,
  -- The block at which the row was seen to have changed; 0 for what the first read of all found.
  block int8 not null,
  primary key (deployment, entity, id)
);
create index mirror_rows_of_owner on plimsoll.mirror_rows (deployment, owner) where owner is not null;
create index mirror_rows_by_block on plimsoll.mirror_rows (deployment, entity, block, id) where block > 0;

-- Owners whose rows changed since their accounts were made.
create table plimsoll.pending_owners (
  deployment text not null references plimsoll.deployments on delete cascade,
  owner text not null,
  primary key (deployment, owner)
);

create table plimsoll.markets (
  -- The market and the form of its state, which positions refer to.
  key text primary key,
  deployment text not null references plimsoll.deployments on delete cascade,
  market text not null,
  label text not null,
  rule text not null,
  state jsonb not null,
  source text not null check (source in ('rows', 'chain')),
  -- Somebody who has an account there, with whom it can be read again.
  witness text not null,
  missing jsonb not null,
  block int8 not null,
  at int8 not null,
  -- The transaction that wrote the row: what a reader's snapshot did not hold yet, the next one finds by it.
  changed xid8 not null default pg_current_xact_id()
);
create index markets_of_deployment on plimsoll.markets (deployment);
create index markets_changed on plimsoll.markets (changed);

create table plimsoll.accounts (
  id text collate "C" primary key,
  deployment text not null references plimsoll.deployments on delete cascade,
  owner text not null,
  shard int2 not null generated always as (get_byte(decode(md5(owner), 'hex'), 0) % 64) stored,
  market_key text not null,
  -- In the rule's own form; null once the account is gone.
  position jsonb,
  precision text not null,
  missing jsonb not null,
  -- Why the rule cannot value it; null where it can.
  obstacle text,
  source text not null check (source in ('rows', 'chain')),
  block int8 not null,
  at int8 not null,
  changed xid8 not null default pg_current_xact_id()
);
create index accounts_of_owner on plimsoll.accounts (owner);
create index accounts_of_deployment on plimsoll.accounts (deployment, owner);
create index accounts_of_market on plimsoll.accounts (market_key);
create index accounts_of_shard on plimsoll.accounts (shard, id);
create index accounts_changed on plimsoll.accounts (changed);

-- Every claim has a number of its own, greater than all before: a token says which lease it is for, and which claim.
create sequence plimsoll.lease_tokens;
create table plimsoll.leases (
  name text primary key,
  kind text not null,
  holder text,
  token int8 not null default 0,
  expires_at timestamptz not null default '-infinity'
);
create index leases_of_holder on plimsoll.leases (holder);
insert into plimsoll.leases (name, kind) select 'shard:' || shard, 'shard' from generate_series(0, 63) as shard;

-- Refuses what is written under a token that is not the lease's newest, and keeps the lease as it is until the writer has committed.
create function plimsoll.require_lease(lease text, fence int8) returns void language plpgsql as $$
begin
  perform 1 from plimsoll.leases where leases.name = lease and leases.token = fence for share;
  if not found then
    raise exception 'the lease was taken over' using errcode = 'PL001';
  end if;
end
$$;
`;
