-- Reconsideration of a denial (APP-01 to APP-04).

create table reconsiderations (
    reconsideration_id uuid not null,
    case_id            uuid not null,
    shard              smallint not null,
    requested_by       text not null check (requested_by <> ''),
    requested_as       text not null,
    requested_at       timestamptz not null,
    reason             text not null check (says_something(reason)),
    attachments        json not null,
    decision           text check (decision in ('upheld', 'overturned')),
    decided_by         text,
    role               text check (role = 'physician'),
    decided_at         timestamptz,
    rationale          text,
    lines              json,
    primary key (reconsideration_id, shard),
    foreign key (case_id, shard) references cases,
    constraint reconsiderations_shard_told_by_id check (shard = shard_of_id(reconsideration_id)),
    constraint reconsiderations_decided_whole check (
        (decision is null) = (decided_by is null) and (decision is null) = (role is null)
        and (decision is null) = (decided_at is null) and (decision is null) = (lines is null)
        and (decision is null) = (not says_something(rationale))),
    constraint reconsiderations_decided_after_request check (decided_at >= requested_at)
);
-- One a case: where it did not lead to approval, the next step is the plan's appeal (APP-02).
create unique index reconsiderations_one_a_case on reconsiderations (case_id, shard);

-- Decided once, by another physician than those who denied, and never changed or deleted.
create function guard_reconsideration() returns trigger language plpgsql as $$
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
               where shard = new.shard and case_id = new.case_id and decision = 'non_authorized' and decided_by = new.decided_by) then
        raise exception 'the physician who denied does not reconsider'
            using errcode = 'integrity_constraint_violation', constraint = 'reconsiderations_by_another_physician';
    end if;
    return new;
end $$;
create trigger reconsiderations_guarded before insert or update on reconsiderations
    for each row execute function guard_reconsideration();
create trigger reconsiderations_never_deleted before delete on reconsiderations for each row execute function refuse_change();
create trigger reconsiderations_never_truncated before truncate on reconsiderations for each statement execute function refuse_change();
