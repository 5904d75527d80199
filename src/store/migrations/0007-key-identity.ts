/** What a key made is that key's alone: the next one of its name is another key. */
export const KEY_IDENTITY = `
alter table plimsoll.webhooks rename column key_name to key_id;
alter table plimsoll.events rename column key_name to key_id;
alter table plimsoll.proof_jobs rename column key_name to key_id;

-- Keys that are kept in a file are not known here: what they made is the operator's from now on.
update plimsoll.webhooks as made set key_id = made.key_id || ':' || coalesce((select substr(sha256, 1, 12) from plimsoll.api_keys where name = made.key_id), 'earlier') where key_id is not null;
update plimsoll.events as made set key_id = made.key_id || ':' || coalesce((select substr(sha256, 1, 12) from plimsoll.api_keys where name = made.key_id), 'earlier') where key_id is not null;
update plimsoll.proof_jobs as made set key_id = made.key_id || ':' || coalesce((select substr(sha256, 1, 12) from plimsoll.api_keys where name = made.key_id), 'earlier') where key_id is not null;
`;
