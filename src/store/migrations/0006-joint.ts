/** What open opportunities bring together, and who is near. */
export const JOINT = `
-- The newest sequence over everything that was open. There is one at a time, made under a lease of its own.
create table plimsoll.joint_plans (
  id int2 primary key default 1 check (id = 1),
  token int8 not null,
  -- Of what was open then and at which prices: once that differs, it is planned again.
  fingerprint text not null,
  -- The unix second that accounts were decided at.
  planned_at int8 not null,
  made_at timestamptz not null,
  -- How the sequence was found, and where it was cut; none where there was nothing to plan.
  method text
);
create table plimsoll.joint_opportunities (
  opportunity int8 primary key references plimsoll.opportunities on delete cascade,
  token int8 not null,
  planned_at int8 not null,
  -- What it brings after those that are taken before it, and its first place; none where it is not in the sequence.
  net_usd numeric,
  place int4,
  -- Its price alone at that time, and the second that one is of.
  alone_usd numeric not null,
  alone_at int8 not null,
  check ((net_usd is null) = (place is null))
);
create function plimsoll.fence_joint() returns trigger language plpgsql as $$
begin
  perform plimsoll.require_lease('joint:plan', new.token);
  return new;
end
$$;
create trigger fence before insert or update on plimsoll.joint_plans for each row execute function plimsoll.fence_joint();
create trigger fence before insert or update on plimsoll.joint_opportunities for each row execute function plimsoll.fence_joint();

-- Of each shard, the accounts among the nearest of all that its holder watches.
create table plimsoll.shard_watch_lists (
  shard int2 primary key,
  token int8 not null,
  -- The unix second that they were decided at.
  at int8 not null,
  accounts jsonb not null
);
create trigger fence before insert or update on plimsoll.shard_watch_lists for each row execute function plimsoll.fence_progress();
`;
