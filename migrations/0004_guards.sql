-- DET-04 and CAS-08 as the database sees them. A direct write is held to them like any other.

-- Text that says something: not only white space, control and format characters, marks without a letter, fillers and punctuation.
create function says_something(words text) returns boolean language sql immutable parallel safe as $$
    select coalesce(words ~ '[^[:space:][:cntrl:][:punct:]\u0080-\u00a0\u00ad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff\u2000-\u206f\u20d0-\u20ff\u2800\u3000\u3164\ue000-\uf8ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]', false)
$$;

-- Decisions of reviewers, one a line; line 0 is the case as a whole, for cases without lines.
create table determinations (
    determination_id uuid not null,
    case_id          uuid not null,
    line             integer not null check (line >= 0),
    shard            smallint not null,
    decision         text not null check (decision in ('authorized', 'non_authorized')),
    decided_by       text not null,
    role             text not null check (role in ('nurse', 'physician')),
    at               timestamptz not null,
    reason_code      text,
    rationale        text,
    primary key (determination_id, shard),
    foreign key (case_id, shard) references cases,
    constraint determinations_only_physicians_deny check (decision = 'authorized' or role = 'physician'),
    constraint determinations_denials_give_reasons
        check (decision = 'authorized' or (says_something(reason_code) and says_something(rationale)))
);
create index determinations_of_case on determinations (case_id, shard, line);

-- The peer-to-peer discussion with a medical oncologist (DET-03, DET-08, DET-13).
create table peer_to_peer_events (
    peer_to_peer_event_id uuid not null,
    case_id               uuid not null,
    shard                 smallint not null,
    event                 text not null check (event in ('offered', 'scheduled', 'held', 'declined', 'unreachable')),
    at                    timestamptz not null,
    with_whom             text,
    notes                 text,
    recorded_by           text not null,
    recorded_at           timestamptz not null,
    primary key (peer_to_peer_event_id, shard),
    foreign key (case_id, shard) references cases
);
create index peer_to_peer_events_of_case on peer_to_peer_events (case_id);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation', constraint = tg_table_name || '_append_only';
end $$;
create trigger case_events_append_only before update or delete on case_events for each row execute function refuse_change();
create trigger determinations_append_only before update or delete on determinations for each row execute function refuse_change();
create trigger peer_to_peer_events_append_only before update or delete on peer_to_peer_events for each row execute function refuse_change();
create trigger enquiries_append_only before update or delete on enquiries for each row execute function refuse_change();
create trigger roster_loads_append_only before update or delete on roster_loads for each row execute function refuse_change();
create trigger enquiries_never_truncated before truncate on enquiries for each statement execute function refuse_change();
create trigger roster_loads_never_truncated before truncate on roster_loads for each statement execute function refuse_change();
create trigger case_events_never_truncated before truncate on case_events for each statement execute function refuse_change();
create trigger determinations_never_truncated before truncate on determinations for each statement execute function refuse_change();
create trigger peer_to_peer_events_never_truncated before truncate on peer_to_peer_events for each statement execute function refuse_change();

-- An event of the discussion lies between the receipt of its case and now; only what is scheduled may lie ahead. To the minute (DET-03).
create function refuse_call_out_of_time() returns trigger language plpgsql as $$
begin
    if new.at < (select date_trunc('minute', submitted_at) from cases where shard = new.shard and case_id = new.case_id)
        or (new.event <> 'scheduled' and date_trunc('minute', new.at) > new.recorded_at) then
        raise exception 'a discussion that was % at % was so neither since the order came nor by now', new.event, new.at
            using errcode = 'integrity_constraint_violation', constraint = 'peer_to_peer_events_in_time';
    end if;
    return new;
end $$;
create trigger peer_to_peer_events_in_time before insert on peer_to_peer_events
    for each row execute function refuse_call_out_of_time();

-- No denial before a peer-to-peer discussion was offered (DET-03): before it was recorded, and before it took place.
create function refuse_denial_without_offer() returns trigger language plpgsql as $$
begin
    if not exists (select from peer_to_peer_events as offer
                   where offer.shard = new.shard and offer.case_id = new.case_id and offer.event = 'offered' and offer.recorded_at <= new.at
                     and date_trunc('minute', offer.at) <= new.at) then
        raise exception 'no peer-to-peer discussion was offered before this denial'
            using errcode = 'integrity_constraint_violation', constraint = 'determinations_offer_before_denial';
    end if;
    return new;
end $$;
create trigger determinations_offer_before_denial before insert on determinations
    for each row when (new.decision = 'non_authorized') execute function refuse_denial_without_offer();

-- No line is denied without a physician's determination of that very line (DET-04).
create function refuse_unreviewed_denial() returns trigger language plpgsql as $$
begin
    if not exists (select from determinations as review
                   where review.shard = new.shard and review.case_id = new.case_id and review.line = new.line
                     and review.decision = 'non_authorized' and review.role = 'physician') then
        raise exception 'line % has no adverse determination by a physician', new.line
            using errcode = 'integrity_constraint_violation', constraint = 'case_lines_denied_by_physician_only';
    end if;
    return new;
end $$;
create trigger case_lines_denied_by_physician_only before insert or update on case_lines
    for each row when (new.status = 'non_authorized') execute function refuse_unreviewed_denial();

-- The stored status of a case is the one that its lines add up to (CAS-01 to CAS-09); a case without lines has none to disagree
-- with, but is not denied without a physician either.
create function check_case_status(the_shard smallint, the_case uuid) returns void language plpgsql as $$
declare
    stored text;
    derived text;
begin
    select status into stored from cases where shard = the_shard and case_id = the_case;
    select case
        when count(*) = 0 then null
        when bool_or(status = 'in_progress') then 'in_progress'
        when bool_and(status in ('voluntarily_cancelled', 'not_reviewed_error_entry')) then 'review_cancelled'
        when bool_or(status = 'non_authorized' and role <> 'supportive') then 'non_authorized'
        when bool_or(status = 'non_authorized') and bool_or(status = 'authorized') then 'multiple_decisions_rendered'
        when bool_or(status = 'non_authorized') then 'non_authorized'
        when bool_or(status = 'authorized') then 'authorized'
        else 'completed'
    end into derived from case_lines where shard = the_shard and case_id = the_case;
    if stored <> derived then
        raise exception 'case status % disagrees with its lines, which make it %', stored, derived
            using errcode = 'integrity_constraint_violation', constraint = 'cases_status_follows_lines';
    end if;
    if derived is null and stored = 'non_authorized' and not exists (
        select from determinations
        where shard = the_shard and case_id = the_case and line = 0 and decision = 'non_authorized' and role = 'physician'
    ) then
        raise exception 'the case has no adverse determination by a physician'
            using errcode = 'integrity_constraint_violation', constraint = 'cases_denied_by_physician_only';
    end if;
end $$;

create function check_status_of_row() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        perform check_case_status(old.shard, old.case_id);
    else
        perform check_case_status(new.shard, new.case_id);
    end if;
    return null;
end $$;

create function check_status_of_new_lines() returns trigger language plpgsql as $$
begin
    perform check_case_status(one.shard, one.case_id) from (select distinct shard, case_id from added) as one;
    return null;
end $$;

-- An order comes in one statement, so its lines are checked once, when that statement ends: a check of every row at commit costs
-- half as much again as writing the order. Later changes come row by row and are checked at commit.
create trigger case_lines_status_of_new_lines after insert on case_lines
    referencing new table as added for each statement execute function check_status_of_new_lines();
create constraint trigger case_lines_status_at_commit after update or delete on case_lines
    deferrable initially deferred for each row execute function check_status_of_row();
create constraint trigger cases_status_at_commit after update of status on cases
    deferrable initially deferred for each row execute function check_status_of_row();
create constraint trigger cases_denied_at_commit after insert on cases
    deferrable initially deferred for each row when (new.status = 'non_authorized') execute function check_status_of_row();
