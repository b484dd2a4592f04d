-- Who authorizes less than an order takes denies the rest (DET-02 to DET-04): a physician's decision, after the offer of a discussion, with
-- reasons. What the engine counted of the order stands beside the case's answer.
alter table determinations
    add column units_refused bigint,
    add column visits_refused integer,
    add constraint determinations_only_physicians_refuse_a_part check (
        visits_refused is null and units_refused is null
        or (visits_refused is not null and decision = 'authorized' and visits_refused >= 0 and coalesce(units_refused, 0) >= 0
            and visits_refused + coalesce(units_refused, 0) > 0 and units_approved is not null
            and role = 'physician' and says_something(reason_code) and says_something(rationale)));
create trigger determinations_offer_before_refusing_a_part before insert on determinations
    for each row when (new.visits_refused is not null) execute function refuse_denial_without_offer();

create function refuse_unsaid_part() returns trigger language plpgsql as $$
begin
    if exists (
        select from cases c
        join case_events event on event.shard = c.shard and event.case_id = c.case_id and event.seq = c.document_seq
        cross join json_to_recordset(event.computed -> 'drugs') as one (line integer, visits bigint, units bigint, counted json)
        where c.shard = new.shard and c.case_id = new.case_id and one.line = new.line
          and (new.visits_approved < coalesce((one.counted ->> 'visits')::bigint, one.visits)
            or new.units_approved < coalesce((one.counted ->> 'units')::bigint, one.units)))
    then
        raise exception 'less than was asked for is authorized, and nobody says why'
            using errcode = 'integrity_constraint_violation', constraint = 'determinations_say_what_they_refuse';
    end if;
    return new;
end $$;
create trigger determinations_say_what_they_refuse before insert on determinations
    for each row when (new.units_approved is not null and new.visits_refused is null) execute function refuse_unsaid_part();

-- A denial of a part is a denial, and a letter tells it.
create or replace function is_denied_by_physician(of_cases uuid[]) returns boolean language plpgsql stable as $$
begin
    return exists (select from unnest(of_cases) as one (case_id)
                   join determinations as review on review.shard = shard_of_id(one.case_id) and review.case_id = one.case_id
                   where (review.decision = 'non_authorized' or review.visits_refused is not null) and review.role = 'physician');
end $$;

create or replace function check_letter() returns trigger language plpgsql as $$
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
        and not exists (
            select from determinations part where part.shard = new.shard and part.case_id = new.case_id and part.visits_refused is not null)
        and not exists (select from cases c where c.shard = new.shard and c.case_id = new.case_id and c.lines = 0 and c.status = 'non_authorized'))
    then
        raise exception 'the letter tells something else than its case'
            using errcode = 'integrity_constraint_violation', constraint = 'letters_tell_their_case';
    end if;
    return new;
end $$;

-- Who refused a part does not reconsider it, either (APP-04).
create or replace function guard_reconsideration() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.decision is not null then
            raise exception 'a reconsideration is requested before it is decided'
                using errcode = 'integrity_constraint_violation', constraint = 'reconsiderations_requested_first';
        end if;
        return new;
    end if;
    if old.decision is not null or new.decision is null
        or (old.reconsideration_id, old.case_id, old.requested_by, old.requested_as, old.requested_at, old.reason, old.attachments::text)
           is distinct from
           (new.reconsideration_id, new.case_id, new.requested_by, new.requested_as, new.requested_at, new.reason, new.attachments::text)
    then
        raise exception 'a reconsideration is decided once and otherwise stays as it is'
            using errcode = 'integrity_constraint_violation', constraint = 'reconsiderations_decided_once';
    end if;
    if exists (select from determinations
               where shard = new.shard and case_id = new.case_id and decided_by = new.decided_by
                 and (decision = 'non_authorized' or visits_refused is not null)) then
        raise exception 'the physician who denied does not reconsider'
            using errcode = 'integrity_constraint_violation', constraint = 'reconsiderations_by_another_physician';
    end if;
    return new;
end $$;
