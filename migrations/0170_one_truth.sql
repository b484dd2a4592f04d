-- One truth (DET-04): what a case answers and what lies in its rows agree, whoever writes. The tables are in docs/guards.md, each with what
-- answers for it.
--
-- An answer is looked at once, when its event is written, against the rows as they are then. Whoever changes rows later has to write an event
-- with an answer that says so, in the same transaction: at commit the case's current answer is compared again.

-- How many lines the case has, so that one that is added or taken away by itself is noticed without reading the answer.
alter table cases add column lines smallint;
update cases set lines = (select count(*) from case_lines line where line.shard = cases.shard and line.case_id = cases.case_id);
alter table cases alter column lines set not null, add constraint cases_lines_counted check (lines >= 0);

-- True where somebody is told of a denial: in a history, an answer that is kept for repeated requests, or an answer in another standard's
-- words (X12's A3: not certified).
create function tells_denial(told jsonb) returns boolean language sql immutable parallel safe as $$
    select coalesce(jsonb_path_exists(case when jsonb_typeof(told) = 'object' then told - 'changes' - 'request' else told end,
        '$.** ? (@.status == "non_authorized" || @.decision == "non_authorized" || @.code == "A3")'), false)
$$;

-- A physician denied a line of one of these cases.
create function is_denied_by_physician(of_cases uuid[]) returns boolean language plpgsql stable as $$
begin
    return exists (select from unnest(of_cases) as one (case_id)
                   join determinations as review on review.shard = shard_of_id(one.case_id) and review.case_id = one.case_id
                   where review.decision = 'non_authorized' and review.role = 'physician');
end $$;

-- What in an answer disagrees with the rows of its case; null where nothing does. A key that stands twice counts the last time, as it does
-- for those who read JSON; the service itself reads no such answer. (PL/pgSQL keeps the plan; SQL would make one a statement.)
create function disagreement(of_shard smallint, of_case uuid, of_seq integer, answer json) returns text language plpgsql stable as $$
begin
    return (select case
        when stored.document_seq <> of_seq then 'place in the history'
        when (told.case_id, told.case_number, told.status, told.program, told.content_release, told.urgency)
            is distinct from (stored.case_id, stored.case_number, stored.status, stored.program, stored.content_release, stored.urgency)
            then 'case'
        when (told.order_id, told.pathway_eligible_id, told.pathway ->> 'pathway_id')
            is distinct from (stored.order_id, stored.pathway_eligible_id, stored.pathway_id) then 'numbers'
        when (told.submitted_at, told.decided_at, (told.review ->> 'due_at')::timestamptz)
            is distinct from (stored.submitted_at, stored.decided_at, stored.due_at) then 'times'
        when (told.review ->> 'queue') is distinct from (case when stored.status = 'in_progress' then stored.review_queue end)
            then 'queue'
        when (lines.told, lines.distinct_lines, lines.alike) is distinct from (stored.lines::bigint, stored.lines::bigint, stored.lines::bigint)
            then 'lines'
        when exists (
            select from json_to_recordset(told.s_codes) as code (code text, times integer, billable_from date, billable_through date)
            where not exists (
                select from s_code_awards award
                where award.shard = of_shard and award.case_id = of_case and award.code = code.code and award.times = code.times
                  and award.billable_from = code.billable_from and award.billable_through = code.billable_through))
            then 'S-codes'
        when exists (select from json_to_recordset(told.letters) as letter (kind text) where letter.kind is distinct from 'approval')
            and not is_denied_by_physician(array[of_case]) then 'letters'
    end
    from json_to_record(answer) as told (
        case_id uuid, case_number text, order_id text, pathway_eligible_id text, status text, program text, content_release text,
        submitted_at timestamptz, decided_at timestamptz, urgency text, drugs json, procedures json, pathway json, s_codes json,
        review json, letters json)
    left join cases stored on stored.shard = of_shard and stored.case_id = of_case
    cross join lateral (
        select count(*) as told, count(distinct line.line) as distinct_lines, count(*) filter (where
            (line.code, line.name, line.role, line.status, line.units_approved, line.visits_approved)
                is not distinct from (row.code, row.name, row.role, row.status, row.units_approved, row.visits_approved)
            and (line.valid_from, line.valid_through) is not distinct from (row.valid_from, row.valid_through)
            -- a line that may be given is given in the range of its case
            and (row.valid_from is null or (row.valid_from, row.valid_through) = (stored.valid_from, stored.valid_through))
            and line.order_id is not distinct from (case
                when row.status in ('authorized', 'clinical_review_not_required') and row.role <> 'investigational' then stored.order_id end)
            and (line.denial is null or row.status = 'non_authorized')
            and line.of_radiation = (stored.service = 'radiation_oncology')) as alike
        from (
            select line, hcpcs as code, name, role, status, order_id, units_approved, visits_approved, valid_from, valid_through,
              denial, false as of_radiation
            from json_to_recordset(told.drugs) as drug (
                line integer, hcpcs text, name text, role text, status text, order_id text, units_approved bigint,
                visits_approved integer, valid_from date, valid_through date, denial json)
            union all
            select line, code, name, role, status, order_id, units_approved, visits_approved, valid_from, valid_through, denial, true
            from json_to_recordset(told.procedures) as procedure (
                line integer, code text, name text, role text, status text, order_id text, units_approved bigint,
                visits_approved integer, valid_from date, valid_through date, denial json)
        ) as line
        left join case_lines row on row.shard = of_shard and row.case_id = of_case and row.line = line.line
    ) as lines);
end $$;

-- Everything that is written to a case's history, when the statement ends that writes it: an order comes in one statement, with its rows.
create function check_new_events() returns trigger language plpgsql as $$
declare
    wrong text;
begin
    -- no event without the plan being told
    insert into feed_outbox (case_id, seq, shard) select case_id, seq, shard from added;

    select min(found.what) into wrong
    from (select disagreement(shard, case_id, seq, document) as what from added where document is not null) as found;
    if wrong is not null then
        raise exception 'the answer disagrees with the rows of its case: %', wrong
            using errcode = 'integrity_constraint_violation', constraint = 'case_events_answer_agrees';
    end if;

    -- in their order: clocks of two processes differ by little
    if exists (
        select from added as event
        where event.seq > 1 and not exists (
            select from case_events as before
            where before.shard = event.shard and before.case_id = event.case_id and before.seq = event.seq - 1 and before.at <= event.at + interval '1 minute')
        union all
        select from added as event join cases stored on stored.shard = event.shard and stored.case_id = event.case_id
        where event.seq = 1 and event.at <> stored.submitted_at
    ) then
        raise exception 'an event follows the one before it'
            using errcode = 'integrity_constraint_violation', constraint = 'case_events_in_order';
    end if;

    -- particulars tell no denial that nobody made, and say of the case what its answer says. What a physician prepared for the end of the
    -- clock is told to the desk alone, and its row follows the event.
    if exists (
        select from added as event
        where event.detail is not null
          and ((event.detail -> 'after' is not null and (event.document is null or (event.detail -> 'after' ->> 'status',
                    event.detail -> 'after' ->> 'order_id') is distinct from (event.document ->> 'status', event.document ->> 'order_id')))
            or (event.kind <> 'reviewed_for_expiry' and tells_denial(event.detail::jsonb)
                and not is_denied_by_physician(array[event.case_id])))
    ) then
        raise exception 'an event tells something else than its case'
            using errcode = 'integrity_constraint_violation', constraint = 'case_events_detail_agrees';
    end if;
    return null;
end $$;
create trigger case_events_checked after insert on case_events
    referencing new table as added for each statement execute function check_new_events();

-- No case without its answer, and no open one without its clock.
create function check_new_cases() returns trigger language plpgsql as $$
begin
    if exists (
        select from added as new_case
        where not exists (
            select from case_events event
            where event.shard = new_case.shard and event.case_id = new_case.case_id and event.seq = new_case.document_seq and event.document is not null)
        or (new_case.status = 'in_progress' and not exists (
            select from timers
            where timers.shard = new_case.shard and timers.case_id = new_case.case_id and timers.kind = 'pend_deadline'))
    ) then
        raise exception 'a case comes with its answer and its clock' using errcode = 'integrity_constraint_violation', constraint = 'cases_have_an_answer';
    end if;
    return null;
end $$;
create trigger cases_have_an_answer after insert on cases
    referencing new table as added for each statement execute function check_new_cases();

-- Status and number of lines; see 0004.
create or replace function check_case_status(the_shard smallint, the_case uuid) returns void language plpgsql as $$
declare
    stored record;
    found_lines bigint;
    derived text;
begin
    select status, lines into stored from cases where shard = the_shard and case_id = the_case;
    select count(*), case
        when count(*) = 0 then null
        when bool_or(status = 'in_progress') then 'in_progress'
        when bool_and(status in ('voluntarily_cancelled', 'not_reviewed_error_entry')) then 'review_cancelled'
        when bool_or(status = 'non_authorized' and role <> 'supportive') then 'non_authorized'
        when bool_or(status = 'non_authorized') and bool_or(status = 'authorized') then 'multiple_decisions_rendered'
        when bool_or(status = 'non_authorized') then 'non_authorized'
        when bool_or(status = 'authorized') then 'authorized'
        else 'completed'
    end into found_lines, derived from case_lines where shard = the_shard and case_id = the_case;
    if stored.status <> derived then
        raise exception 'case status % disagrees with its lines, which make it %', stored.status, derived
            using errcode = 'integrity_constraint_violation', constraint = 'cases_status_follows_lines';
    end if;
    if found_lines <> stored.lines then
        raise exception 'the case has % lines and not %', stored.lines, found_lines
            using errcode = 'integrity_constraint_violation', constraint = 'cases_lines_counted';
    end if;
    if derived is null and stored.status = 'non_authorized' and not exists (
        select from determinations
        where shard = the_shard and case_id = the_case and line = 0 and decision = 'non_authorized' and role = 'physician'
    ) then
        raise exception 'the case has no adverse determination by a physician'
            using errcode = 'integrity_constraint_violation', constraint = 'cases_denied_by_physician_only';
    end if;
end $$;

-- A case that was changed, at commit: its current answer is the newest, says what the rows say, and its clock runs.
create function check_changed_case() returns trigger language plpgsql as $$
declare
    stored record;
    wrong text;
begin
    perform check_case_status(new.shard, new.case_id);
    select c.status, c.due_at, event.seq, event.document into stored
    from cases c left join case_events event on event.shard = c.shard and event.case_id = c.case_id and event.seq = c.document_seq
    where c.shard = new.shard and c.case_id = new.case_id;
    if stored.document is null or exists (
        select from case_events later
        where later.shard = new.shard and later.case_id = new.case_id and later.seq > stored.seq and later.document is not null)
    then
        wrong := 'it is not the newest';
    else
        wrong := disagreement(new.shard, new.case_id, stored.seq, stored.document);
    end if;
    if wrong is not null then
        raise exception 'the case is not what its answer says: %', wrong
            using errcode = 'integrity_constraint_violation', constraint = 'cases_answer_agrees';
    end if;
    if stored.status = 'in_progress'
        and not exists (select from timers
                        where timers.shard = new.shard and timers.case_id = new.case_id and timers.kind = 'pend_deadline' and timers.due_at = stored.due_at)
        and not exists (select from case_events ended
                        where ended.shard = new.shard and ended.case_id = new.case_id and ended.kind = 'deadline_passed')
    then
        raise exception 'the clock of the case does not run' using errcode = 'integrity_constraint_violation', constraint = 'cases_clock_runs';
    end if;
    return null;
end $$;
drop trigger case_lines_status_at_commit on case_lines;
drop trigger cases_status_at_commit on cases;
create constraint trigger cases_checked_at_commit after update on cases
    deferrable initially deferred for each row execute function check_changed_case();

-- Whoever changes what belongs to a case changes the case, once a statement.
create function case_is_changed() returns trigger language plpgsql as $$
begin
    update cases set document_seq = document_seq from (select distinct shard, case_id from gone) as changed
        where cases.shard = changed.shard and cases.case_id = changed.case_id;
    return null;
end $$;
create trigger case_lines_updated after update on case_lines
    referencing old table as gone for each statement execute function case_is_changed();
create trigger case_lines_deleted after delete on case_lines
    referencing old table as gone for each statement execute function case_is_changed();

-- The deadline alone: it is taken back with the decision, or done with an event; a claim's end or a look at a Pathway may go by itself.
create function deadline_is_changed() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        update cases set document_seq = document_seq from gone
            where gone.kind = 'pend_deadline' and cases.shard = gone.shard and cases.case_id = gone.case_id;
    else
        update cases set document_seq = document_seq from gone as was
            where was.kind = 'pend_deadline' and cases.shard = was.shard and cases.case_id = was.case_id and not exists (
                select from timers as now
                where now.shard = was.shard and now.case_id = was.case_id and now.kind = was.kind and now.due_at = was.due_at);
    end if;
    return null;
end $$;
create trigger timers_deadline_updated after update on timers
    referencing old table as gone for each statement execute function deadline_is_changed();
create trigger timers_deadline_deleted after delete on timers
    referencing old table as gone for each statement execute function deadline_is_changed();
create function refuse_statement() returns trigger language plpgsql as $$
begin
    raise exception 'nobody does this to %', tg_table_name using errcode = 'integrity_constraint_violation', constraint = tg_name;
end $$;
create trigger timers_never_truncated before truncate on timers for each statement execute function refuse_statement();

-- Whose a case is, and what it was asked for and when, stays.
create function refuse_other_case() returns trigger language plpgsql as $$
begin
    raise exception 'a case stays whose it is' using errcode = 'integrity_constraint_violation', constraint = tg_name;
end $$;
create trigger cases_stay_whose_they_are before update on cases for each row
    when ((old.case_id, old.health_plan, old.program, old.member_id, old.person, old.content_release, old.submitted_at, old.submitted_by)
        is distinct from
        (new.case_id, new.health_plan, new.program, new.member_id, new.person, new.content_release, new.submitted_at, new.submitted_by))
    execute function refuse_other_case();

-- What the engine found for a line is found again with the whole order or not at all.
create trigger case_lines_stay_what_they_are before update on case_lines for each row
    when ((old.case_id, old.line, old.code, old.name, old.role, old.computed_status)
        is distinct from (new.case_id, new.line, new.code, new.name, new.role, new.computed_status))
    execute function refuse_other_case();

-- A line may be given because the engine found so, or because the latest determination of it says so (DET-02).
create function refuse_unreviewed_authorization() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.status = new.status then
        return new;
    end if;
    if 'authorized' is distinct from (
        select review.decision from determinations as review
        where review.shard = new.shard and review.case_id = new.case_id and review.line = new.line order by review.seq desc limit 1
    ) then
        raise exception 'nobody authorized line %', new.line
            using errcode = 'integrity_constraint_violation', constraint = 'case_lines_authorized_by_somebody';
    end if;
    return new;
end $$;
create trigger case_lines_authorized_by_somebody before insert or update on case_lines
    for each row when (new.status in ('authorized', 'clinical_review_not_required') and new.status <> new.computed_status)
    execute function refuse_unreviewed_authorization();

-- An award is given once, to a case that follows a Pathway; from then on it can only become void.
create trigger s_code_awards_stay before update on s_code_awards for each row
    when ((old.case_id, old.code, old.times, old.billable_from, old.billable_through)
        is distinct from (new.case_id, new.code, new.times, new.billable_from, new.billable_through))
    execute function refuse_other_case();
create trigger s_code_awards_never_deleted before delete on s_code_awards for each row execute function refuse_change();
create trigger s_code_awards_never_truncated before truncate on s_code_awards for each statement execute function refuse_statement();
create function check_new_awards() returns trigger language plpgsql as $$
begin
    if exists (select from added join cases on cases.shard = added.shard and cases.case_id = added.case_id
               where cases.pathway_eligible_id is null) then
        raise exception 'a case that follows no Pathway has no award'
            using errcode = 'integrity_constraint_violation', constraint = 's_code_awards_on_pathway';
    end if;
    return null;
end $$;
create trigger s_code_awards_on_pathway after insert on s_code_awards
    referencing new table as added for each statement execute function check_new_awards();

-- A letter that is set from the answer when it is read tells an approval of the answer that is current when it is written.
create function check_new_letters() returns trigger language plpgsql as $$
begin
    if exists (
        select from added as letter
        where letter.content is null and not exists (
            select from cases c where c.shard = letter.shard and c.case_id = letter.case_id and c.document_seq = letter.seq and c.order_id is not null)
    ) then
        raise exception 'there is nothing that the letter could tell'
            using errcode = 'integrity_constraint_violation', constraint = 'letters_tell_their_case';
    end if;
    return null;
end $$;
create trigger letters_tell_their_case after insert on letters
    referencing new table as added for each statement execute function check_new_letters();

-- One that is kept word for word is listed in that answer, is about lines as they are, and denies for a physician's reasons.
create function check_letter() returns trigger language plpgsql as $$
begin
    if not exists (
        select from cases c join case_events event on event.shard = c.shard and event.case_id = c.case_id and event.seq = c.document_seq
        cross join json_to_recordset(event.document -> 'letters') as listed (letter_id uuid, kind text, "to" text, issued_at timestamptz)
        cross join json_to_record(new.content) as told (
            letter_id uuid, case_id uuid, kind text, "to" text, issued_at timestamptz, order_id text)
        where c.shard = new.shard and c.case_id = new.case_id and c.document_seq = new.seq
          and (listed.letter_id, listed.kind, listed."to", listed.issued_at) = (new.letter_id, new.kind, new.addressee, new.issued_at)
          and (told.letter_id, told.case_id, told.kind, told."to", told.issued_at)
            = (new.letter_id, new.case_id, new.kind, new.addressee, new.issued_at)
          and told.order_id is not distinct from c.order_id
    ) or exists (
        select from (
            select * from json_to_recordset(new.content -> 'drugs') as drug (
                line integer, status text, units_approved bigint, visits_approved integer, reason_code text, rationale text)
            union all
            select * from json_to_recordset(new.content -> 'procedures') as procedure (
                line integer, status text, units_approved bigint, visits_approved integer, reason_code text, rationale text)
        ) as told
        left join case_lines row on row.shard = new.shard and row.case_id = new.case_id and row.line = told.line
        left join lateral (
            select review.reason_code, review.rationale, review.rationale_for_member from determinations as review
            where review.shard = new.shard and review.case_id = new.case_id and review.line = told.line and review.decision = 'non_authorized'
              and review.role = 'physician'
            order by review.seq desc limit 1) as denial on true
        -- line 0 is a treatment without lines, denied as a whole
        where (told.line is distinct from 0 and (told.status, told.units_approved, told.visits_approved)
                is distinct from (row.status, row.units_approved, row.visits_approved))
           or (told.status = 'non_authorized' and (told.reason_code is distinct from denial.reason_code
                or told.rationale is null or told.rationale not in (denial.rationale, coalesce(denial.rationale_for_member, denial.rationale))))
    ) or (new.kind = 'denial' and not exists (
        select from case_lines row where row.shard = new.shard and row.case_id = new.case_id and row.status = 'non_authorized')
        and not exists (select from cases c where c.shard = new.shard and c.case_id = new.case_id and c.lines = 0 and c.status = 'non_authorized'))
    then
        raise exception 'the letter tells something else than its case'
            using errcode = 'integrity_constraint_violation', constraint = 'letters_tell_their_case';
    end if;
    return new;
end $$;
create trigger letters_kept_tell_their_case before insert on letters
    for each row when (new.content is not null) execute function check_letter();

-- A feed tells its own plan of events that there are, in the order that it gave.
create function check_feed_events() returns trigger language plpgsql as $$
begin
    if exists (
        select from added as told
        where not exists (
            select from case_events event join cases c on c.shard = event.shard and c.case_id = event.case_id join feeds feed on feed.health_plan = c.health_plan
            where event.shard = shard_of_id(told.case_id) and event.case_id = told.case_id and event.seq = told.seq and c.health_plan = told.health_plan
              and told.position <= feed.last_position)
    ) then
        raise exception 'a feed tells of what happened to its plan''s cases'
            using errcode = 'integrity_constraint_violation', constraint = 'feed_events_of_their_plan';
    end if;
    return null;
end $$;
create trigger feed_events_of_their_plan after insert on feed_events
    referencing new table as added for each statement execute function check_feed_events();

-- What comes into the outbox is an event, and what leaves it is in a feed.
create function check_delivered() returns trigger language plpgsql as $$
begin
    if not exists (select from feed_events told where told.case_id = old.case_id and told.seq = old.seq) then
        raise exception 'the event is in no feed' using errcode = 'integrity_constraint_violation', constraint = 'feed_outbox_delivered';
    end if;
    return null;
end $$;
create constraint trigger feed_outbox_delivered after delete on feed_outbox
    deferrable initially deferred for each row execute function check_delivered();
create trigger feed_outbox_of_events before insert on feed_outbox
    for each statement when (pg_trigger_depth() = 0) execute function refuse_statement();
create trigger feed_outbox_stays before update on feed_outbox for each row execute function refuse_change();
create trigger feed_outbox_never_truncated before truncate on feed_outbox for each statement execute function refuse_statement();

-- An answer that is given again is the one that was given, and tells no denial that nobody made.
create trigger idempotency_keys_answer_stays before update on idempotency_keys for each row execute function refuse_change();
create function check_kept_answer() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'idempotency_keys' then
        if not tells_denial(new.body::jsonb #- '{case,request}') or is_denied_by_physician(new.about || new.case_id) then
            return new;
        end if;
    elsif not tells_denial(new.answer::jsonb) or is_denied_by_physician(array[new.case_id]) then
        return new;
    end if;
    raise exception 'the answer tells a denial that no physician made'
        using errcode = 'integrity_constraint_violation', constraint = tg_name;
end $$;
create trigger idempotency_keys_tell_no_denial before insert on idempotency_keys
    for each row when (new.body is not null) execute function check_kept_answer();
create trigger sent_requests_tell_no_denial before insert on sent_requests
    for each row when (new.answer is not null) execute function check_kept_answer();
