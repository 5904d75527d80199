/** How far the watch of each shard is, and how watched wallets stand. */
export const WORKERS = `
-- What the holder of a shard has looked at. The positions are those of a reader of the book: a change that a later snapshot holds is not in it.
create table plimsoll.shard_progress (
  shard int2 primary key,
  token int8 not null,
  screened text not null,
  screened_at timestamptz not null,
  -- The same once everything that the screen found was priced and written.
  settled text,
  settled_at timestamptz
);
create function plimsoll.fence_progress() returns trigger language plpgsql as $$
begin
  perform plimsoll.require_lease('shard:' || new.shard, new.token);
  return new;
end
$$;
create trigger fence before insert or update on plimsoll.shard_progress for each row execute function plimsoll.fence_progress();

-- The status that was told last of a wallet that somebody watches.
create table plimsoll.wallet_states (
  owner text primary key,
  status text not null,
  at int8 not null
);
`;
