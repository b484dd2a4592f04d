-- The review desk: whose work a case is, who has taken it, and what a physician recorded for the end of the clock.

alter table cases add column review_queue text not null default 'nurse'
    constraint cases_review_queue_known check (review_queue in ('nurse', 'physician'));

-- A timer of any kind; the service knows which there are.
alter table timers drop constraint timers_kind_check;
alter table timers add constraint timers_kind_is_a_word check (kind ~ '^[a-z_]{1,60}$');

-- Which reviewer works on a case. One at a time; given back, escalated, decided or expired, the row goes. Who had it when is in case_events.
create table review_claims (
    case_id    uuid not null,
    shard      smallint not null,
    claimed_by text not null check (claimed_by <> ''),
    role       text not null check (role in ('nurse', 'physician')),
    claimed_at timestamptz not null,
    acted_at   timestamptz not null,
    expires_at timestamptz not null,
    primary key (case_id, shard),
    foreign key (case_id, shard) references cases,
    constraint review_claims_in_order check (claimed_at <= acted_at and acted_at < expires_at)
);
create index review_claims_by on review_claims (claimed_by);

-- The order in which determinations were made, whatever the clock showed; which criteria a denial rests on; and, in a case denied as a
-- whole, the line whose denial took this one along (CAS-04, CAS-09).
alter table determinations
    add column seq bigint generated always as identity,
    add column criteria_not_met text[] not null default '{}',
    add column implied_by_line integer,
    -- The rationale in words for the member; and units and visits where the reviewer set them (SAFE-13).
    add column rationale_for_member text,
    add column units_approved bigint check (units_approved > 0),
    add column visits_approved integer check (visits_approved > 0),
    add constraint determinations_units_with_authorization
        check ((units_approved is null) = (visits_approved is null) and (units_approved is null or decision = 'authorized')),
    add constraint determinations_only_denials_imply check (implied_by_line is null or decision = 'non_authorized');
create unique index determinations_seq on determinations (seq, shard);

-- The latest determination counts: a denial that was overturned does not allow another one (DET-04, APP-04).
create or replace function refuse_unreviewed_denial() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.status = 'non_authorized' and old.case_id = new.case_id and old.line = new.line then
        return new; -- it stays denied
    end if;
    if 'non_authorized' is distinct from (
        select review.decision from determinations as review
        where review.shard = new.shard and review.case_id = new.case_id and review.line = new.line and review.role = 'physician'
        order by review.seq desc limit 1
    ) then
        raise exception 'line % has no adverse determination by a physician', new.line
            using errcode = 'integrity_constraint_violation', constraint = 'case_lines_denied_by_physician_only';
    end if;
    return new;
end $$;

-- A physician's review of a case whose clock still runs: the denial that comes into force when the clock ends, unless anything came
-- (DET-05). It is a review, not a determination: that is written when the clock ends.
create table expiry_reviews (
    expiry_review_id uuid not null,
    case_id          uuid not null,
    shard            smallint not null,
    reviewed_by      text not null check (reviewed_by <> ''),
    role             text not null check (role = 'physician'),
    at               timestamptz not null,
    after_event      integer not null check (after_event >= 1),
    lines            json not null,
    primary key (expiry_review_id, shard),
    foreign key (case_id, shard) references cases
);
create index expiry_reviews_of_case on expiry_reviews (case_id, after_event);
create trigger expiry_reviews_append_only before update or delete on expiry_reviews for each row execute function refuse_change();
create trigger expiry_reviews_never_truncated before truncate on expiry_reviews for each statement execute function refuse_change();
create trigger expiry_reviews_offer_first before insert on expiry_reviews
    for each row execute function refuse_denial_without_offer();

-- A number that a case had and lost, because it was withdrawn: never another case's, and the same case gets it again should it be approved
-- again.
create table retired_numbers (
    number  text not null,
    case_id uuid not null,
    shard   smallint not null,
    primary key (number, shard),
    foreign key (case_id, shard) references cases
);
create index retired_numbers_of_case on retired_numbers (case_id);
create trigger retired_numbers_append_only before update or delete on retired_numbers for each row execute function refuse_change();
create trigger retired_numbers_never_truncated before truncate on retired_numbers for each statement execute function refuse_change();

create function refuse_retired_number() returns trigger language plpgsql as $$
begin
    if exists (select from retired_numbers as retired where retired.shard = new.shard and retired.number = new.order_id and retired.case_id <> new.case_id) then
        raise exception 'the number was another case''s' using errcode = 'unique_violation', constraint = 'cases_order_id';
    end if;
    if exists (select from retired_numbers as retired
               where retired.shard = new.shard and retired.number = new.pathway_eligible_id and retired.case_id <> new.case_id) then
        raise exception 'the number was another case''s' using errcode = 'unique_violation', constraint = 'cases_pathway_eligible_id';
    end if;
    return new;
end $$;
create trigger cases_number_was_nobodys before insert on cases
    for each row when (new.order_id is not null) execute function refuse_retired_number();
create trigger cases_number_drawn_was_nobodys before update of order_id, pathway_eligible_id on cases
    for each row when (new.order_id is distinct from old.order_id or new.pathway_eligible_id is distinct from old.pathway_eligible_id)
    execute function refuse_retired_number();

-- An Order ID stays the one that it is: it is on letters and claims.
create function retire_numbers() returns trigger language plpgsql as $$
begin
    if old.order_id is not null and new.order_id is not null and old.order_id <> new.order_id then
        raise exception 'a case keeps its Order ID' using errcode = 'integrity_constraint_violation', constraint = 'cases_order_id_stays';
    end if;
    insert into retired_numbers (number, case_id, shard)
        select lost.number, new.case_id, new.shard
        from (values (old.order_id, new.order_id), (old.pathway_eligible_id, new.pathway_eligible_id)) as lost (number, now)
        where lost.number is not null and lost.now is null
        on conflict (number, shard) do nothing;
    return null;
end $$;
create trigger cases_numbers_retired after update of order_id, pathway_eligible_id on cases
    for each row when (old.order_id is not null and (new.order_id is distinct from old.order_id
                       or new.pathway_eligible_id is distinct from old.pathway_eligible_id))
    execute function retire_numbers();
