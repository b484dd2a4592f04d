-- What the service may do to its tables. Run it as their owner, after every migration; running it again changes nothing.
--
-- The role has no login of its own: grant it to the one that the service connects as, which owns nothing and so can neither change a table
-- nor turn a guard off:
--     create role oncoauth_login login password '…' in role oncoauth_service;
do $$
begin
    if not exists (select from pg_roles where rolname = 'oncoauth_service') then
        create role oncoauth_service nologin;
    end if;
exception
    when duplicate_object or unique_violation then null;
end $$;

grant usage on schema public to oncoauth_service;
grant select, insert, update, delete on all tables in schema public to oncoauth_service;
grant usage, select on all sequences in schema public to oncoauth_service;
grant execute on function analyze_roster(text) to oncoauth_service;
grant execute on function forget_access_tokens(timestamptz) to oncoauth_service;

-- which migrations there were is for the owner to say
revoke insert, update, delete on _sqlx_migrations from oncoauth_service;

-- what is only ever added to stays as it was added
do $$
declare
    append_only regclass;
begin
    for append_only in
        select distinct guard.tgrelid::regclass
        from pg_trigger guard join pg_proc refuses on refuses.oid = guard.tgfoid
        where refuses.proname = 'refuse_change' and guard.tgname like '%append_only'
    loop
        execute format('revoke update, delete on %s from oncoauth_service', append_only);
    end loop;
end $$;

-- a token and a client are revoked and a chain goes on; none is forgotten
revoke delete on tokens, smart_clients, access_heads from oncoauth_service;
