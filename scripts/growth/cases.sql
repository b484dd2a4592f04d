-- Cases by the thousand, for scripts/measure-growth: each a copy of one that came over the API, with a member, numbers and a place in the last
-- three years of its own. Whoever runs this is superuser: what the tables check row by row is left out, and what is made holds to it anyway.

create schema growth;

-- The cases that are copied, and how many of a thousand each stands for.
create table growth.templates (case_id uuid primary key, kind text not null, of_a_thousand integer not null);

create function growth.random_hex(digits integer) returns text language sql volatile as $$
    select substr(replace(gen_random_uuid()::text, '-', ''), 1, digits)
$$;

-- A version 7 UUID of this instant that tells this shard.
create function growth.id_of(at timestamptz, shard smallint) returns uuid language sql volatile as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || growth.random_hex(3)
        || to_hex(128 | (shard >> 4)) || to_hex(shard & 15) || growth.random_hex(13))::uuid
$$;

-- A number that tells this shard. Its last character checks nothing: nobody types it.
create function growth.number_of(letter text, shard smallint, nth integer) returns text language sql immutable as $$
    select letter || substr(symbols, (shard >> 5) + 1, 1) || substr(symbols, (shard & 31) + 1, 1)
        || string_agg(substr(symbols, ((nth >> (5 * place)) & 31) + 1, 1), '' order by place desc) || '0'
    from (values ('0123456789ABCDEFGHJKMNPQRSTVWXYZ')) as known (symbols), generate_series(0, 5) as place
    group by symbols
$$;

-- Practices: one with 500 cases whatever else there is, which is measured, and for the others one of a thousand tax IDs.
create function growth.tax_id_of(nth integer) returns text language sql immutable as $$
    select case when nth <= 500 then '900000001' else '97' || lpad((nth % 1000)::text, 7, '0') end
$$;

-- The cases from `first` to `last`, a part of those from `begins` to `ends`, which fill three years, the oldest first.
create procedure growth.make(first integer, last integer, begins integer, ends integer) language plpgsql as $$
declare
    plan constant text := 'anthem-blue-medicare-advantage';
begin
    set local session_replication_role = replica;
    create temporary table made on commit drop as
    select made.nth, template.case_id as template, 'G' || lpad(made.nth::text, 9, '0') as member_id, made.at, made.tax_id,
        (select shard_of_member(plan, 'G' || lpad(made.nth::text, 9, '0'))) as shard, null::uuid as case_id,
        -- one clinician of 5,000, and one who has ordered ten times
        case when made.nth % 100 = 7 and made.nth <= 1000 then '1999999984' else '18' || lpad((made.nth % 5000)::text, 8, '0') end as npi
    from (select nth, growth.tax_id_of(nth) as tax_id,
              now() - interval '3 years' * (1 - (nth - begins)::double precision / (ends - begins + 1)) - interval '1 hour' as at,
              (nth * 7919) % 1000 as drawn
          from generate_series(first, last) as nth) as made
    join (select case_id, coalesce(sum(of_a_thousand) over (order by case_id rows between unbounded preceding and 1 preceding), 0) as low,
              sum(of_a_thousand) over (order by case_id) as high
          from growth.templates) as template on made.drawn >= template.low and made.drawn < template.high;
    update made set case_id = growth.id_of(at, shard);

    insert into members (health_plan, member_id, coverage_from, birth_date, folded_name, document, row_hash)
    select plan, member_id, '2020-01-01', '1950-01-15', 'growth' || nth,
        json_build_object('member_id', member_id, 'first_name', 'Growth', 'last_name', 'Member' || nth, 'birth_date', '1950-01-15', 'sex', 'female',
            'line_of_business', 'medicare_advantage', 'product', 'medicare_ppo', 'state', 'MO', 'coverage_from', '2020-01-01'),
        sha256(convert_to(member_id, 'UTF8'))
    from made;
    insert into member_ledger (health_plan, member_id, version, shard) select plan, member_id, 1, shard from made;
    insert into cases
    select filled.* from made join cases as copied on copied.case_id = made.template
    cross join lateral jsonb_populate_record(copied, jsonb_build_object(
        'case_id', made.case_id, 'shard', made.shard, 'member_id', made.member_id, 'ordering_npi', made.npi,
        'case_number', growth.number_of('C', made.shard, made.nth),
        'order_id', case when copied.order_id is not null then growth.number_of('A', made.shard, made.nth) end,
        'pathway_eligible_id', case when copied.pathway_eligible_id is not null then growth.number_of('P', made.shard, made.nth) end,
        'submitted_at', made.at, 'valid_from', made.at::date, 'valid_through', made.at::date + 365,
        'decided_at', case when copied.decided_at is not null then made.at end,
        'closed_at', case when copied.closed_at is not null then made.at end,
        'due_at', case when copied.due_at is not null then copied.due_at + made.nth * interval '1 second' end,
        'visible_to', jsonb_build_array('o' || made.tax_id, 's900000002'))) as filled;
    insert into case_lines
    select filled.* from made join case_lines as copied on copied.case_id = made.template
    cross join lateral jsonb_populate_record(copied, jsonb_build_object('case_id', made.case_id, 'shard', made.shard,
        'valid_from', case when copied.valid_from is not null then made.at::date end,
        'valid_through', case when copied.valid_through is not null then made.at::date + 365 end)) as filled;
    insert into s_code_awards
    select filled.* from made join s_code_awards as copied on copied.case_id = made.template
    cross join lateral jsonb_populate_record(copied, jsonb_build_object('case_id', made.case_id, 'shard', made.shard)) as filled;
    insert into letters
    select filled.* from made join letters as copied on copied.case_id = made.template
    cross join lateral jsonb_populate_record(copied, jsonb_build_object('case_id', made.case_id, 'shard', made.shard,
        'letter_id', growth.id_of(made.at, made.shard), 'issued_at', made.at)) as filled;
    insert into timers
    select filled.* from made join timers as copied on copied.case_id = made.template
    cross join lateral jsonb_populate_record(copied, jsonb_build_object('case_id', made.case_id, 'shard', made.shard,
        'due_at', copied.due_at + made.nth * interval '1 second')) as filled;
    insert into patients (party, name, health_plan, member_id)
    select party, word, plan, member_id from made, unnest(array['o' || tax_id, 's900000002']) as party,
        unnest(array['growth member' || nth, 'member' || nth || ' growth']) as word;
    insert into case_events (case_id, seq, shard, at, kind, actor_subject, actor_role, reason, detail, document, computed)
    select made.case_id, copied.seq, made.shard, made.at, copied.kind, copied.actor_subject, copied.actor_role, copied.reason, copied.detail,
        replace(replace(copied.document::text, made.template::text, made.case_id::text), told.member_id, made.member_id)::json,
        copied.computed
    from made join case_events as copied on copied.case_id = made.template join cases as told on told.case_id = made.template;
    -- each plan's feed tells all of it
    insert into feeds (health_plan, last_position) select plan, 1 on conflict do nothing;
    insert into feed_events (health_plan, position, event_id, case_id, seq)
    select plan, feed.last_position + row_number() over (order by event.case_id, event.seq), growth.id_of(made.at, made.shard), event.case_id, event.seq
    from made join case_events as event on event.case_id = made.case_id, (select last_position from feeds where health_plan = plan) as feed;
    update feeds set last_position = (select max(position) from feed_events where health_plan = plan) where health_plan = plan;
end $$;
