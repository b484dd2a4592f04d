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

-- a token and a client are revoked, a chain goes on, a case is withdrawn and an award becomes void; none is forgotten
revoke delete on tokens, smart_clients, access_heads, cases, s_code_awards from oncoauth_service;

-- what is delivered or given again stays what it was
revoke update on feed_outbox, idempotency_keys from oncoauth_service;

-- What practices, plans and writers of drafts read, the service reads for them as one of four roles that can do nothing but read, and that see no more than
-- their policies let them (`act_for`, docs/access.md). This stands here and not in a migration, because roles belong to a server and not to
-- a database.
do $$
declare
    reading text;
    whom text;
begin
    foreach reading in array array['oncoauth_practice', 'oncoauth_verifier', 'oncoauth_plan', 'oncoauth_writer'] loop
        begin
            if not exists (select from pg_roles where rolname = reading) then
                execute format('create role %I nologin', reading);
            end if;
        exception
            when duplicate_object or unique_violation then null;
        end;
        -- an owner who serves takes their part, too
        foreach whom in array array['oncoauth_service', current_user::text] loop
            begin
                if not exists (select from pg_auth_members
                               where roleid = reading::regrole and member = quote_ident(whom)::regrole) then
                    execute format('grant %I to %I', reading, whom);
                end if;
            exception
                -- the owner of another database on this server is at it at this moment
                when unique_violation then null;
                -- or made these roles; who owns and does not serve does without
                when insufficient_privilege then
                    if whom <> current_user then
                        raise;
                    end if;
            end;
        end loop;
        execute format('grant usage on schema public to %I', reading);
    end loop;
end $$;

grant select on cases, case_lines, case_events, letters, attachments, attachment_chunks, determinations, peer_to_peer_events, reconsiderations,
    sent_requests to oncoauth_practice, oncoauth_plan;
grant select on patients to oncoauth_practice, oncoauth_plan;
grant select on feed_events, members to oncoauth_plan;
grant select on cases, case_lines, members to oncoauth_verifier;
grant select on drafts to oncoauth_writer;

do $$
declare
    -- whose rights, as `act_for` says; where it was not asked, nobody's
    parties constant text := $q$nullif(current_setting('oncoauth.sight', true), '')::text[]$q$;
    -- a plan, or the writer of drafts, by name
    named constant text := $q$nullif(current_setting('oncoauth.sight', true), '')$q$;
    numbers constant text := $q$nullif(current_setting('oncoauth.order_ids', true), '')::text[]$q$;
    policy record;
begin
    for policy in
        with of_cases (relation) as (
            select unnest(array['case_lines', 'case_events', 'letters', 'attachments', 'determinations', 'peer_to_peer_events',
                                'reconsiderations', 'sent_requests'])
        ), reads (relation, who, sees) as (
            values
                ('cases', 'practice', 'visible_to && ' || parties),
                ('cases', 'plan', 'health_plan = ' || named),
                ('patients', 'practice', format('party = any (%s)', parties)),
                ('feed_events', 'plan', 'health_plan = ' || named),
                ('members', 'plan', 'health_plan = ' || named),
                ('drafts', 'writer', 'subject = ' || named),
                -- a practice that treats learns of an authorization whose number it names (VER-03), and of its lines those that may be given
                ('cases', 'verifier', format('visible_to && %s or order_id = any (%s)', parties, numbers)),
                ('case_lines', 'verifier', format(
                    $q$exists (select from cases c where c.case_id = case_lines.case_id and c.shard = case_lines.shard
                         and (c.visible_to && %s or case_lines.status in ('authorized', 'clinical_review_not_required')))$q$, parties)),
                ('members', 'verifier',
                    'exists (select from cases c where c.member_id = members.member_id and c.health_plan = members.health_plan)')
            union all
            select relation, who, format('exists (select from cases c where c.case_id = %1$I.case_id and c.shard = %1$I.shard)', relation)
            from of_cases, unnest(array['practice', 'plan']) as who
            union all
            select 'attachment_chunks', who, 'exists (select from attachments a
                where a.attachment_id = attachment_chunks.attachment_id and a.shard = attachment_chunks.shard)'
            from unnest(array['practice', 'plan']) as who
        )
        select relation, 'read_by_' || who as name, format('for select to oncoauth_%s using (%s)', who, sees) as rule from reads
        union all
        -- the service decides by all that is on file: an order that it did not see could let another one through
        select distinct relation, 'service', 'to oncoauth_service using (true) with check (true)' from reads
        union all
        -- migrations and restores; nobody else who owns the tables one day sees anything before this is run
        select distinct relation, 'owner', 'to current_user using (true) with check (true)' from reads
    loop
        if not exists (select from pg_class where oid = policy.relation::regclass and relrowsecurity and relforcerowsecurity) then
            execute format('alter table %I enable row level security, force row level security', policy.relation);
        end if;
        -- what is there already is not locked again; a rule that changes gets another name
        if not exists (select from pg_policies where schemaname = 'public' and tablename = policy.relation and policyname = policy.name) then
            execute format('create policy %I on %I %s', policy.name, policy.relation, policy.rule);
        end if;
    end loop;
end $$;
