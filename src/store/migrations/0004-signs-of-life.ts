/** Tells the lease of a process that is gone from that of one that is silent. */
export const SIGNS_OF_LIFE = `
-- Whether the holder shows that it lives by a lock of its connection, which the server takes away when the process dies.
alter table plimsoll.leases add column attended bool not null default false;

-- 5041 is the first key of those locks; the second is the holder's name.
create function plimsoll.is_lapsed(lease plimsoll.leases) returns bool language sql stable as $$
  select lease.expires_at < now() or (lease.attended and not exists (
    select from pg_locks
    where locktype = 'advisory' and granted and objsubid = 2 and classid = 5041 and objid = hashtext(lease.holder)::oid
      and database = (select oid from pg_database where datname = current_database())
  ))
$$;
`;
