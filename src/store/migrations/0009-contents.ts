/** What a store is about. */
export const CONTENTS = `
-- Whether the book is of live sources or of recorded data: one would pass for the other.
create table plimsoll.store_contents (
  id int2 primary key default 1 check (id = 1),
  kind text not null check (kind in ('live', 'recorded'))
);
`;
