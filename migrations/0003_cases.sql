-- Orders and what was decided about them. What must never happen is refused here too, because somebody will one day write SQL
-- by hand. Stored answers are json, not jsonb: they go out as they came in.

-- Everything that belongs to a member's cases lies in one of 1,024 places, its shard, which is made of health plan and member ID and is part
-- of every key: a cluster that spreads its tables over machines keeps a member's cases together by it (docs/architecture.md, "A place for
-- every member"). Ids and numbers tell it, so that whoever has one finds the rows. The service does the same in `domain::shard`.

-- The ten highest bits of the SHA-256 of the plan, a unit separator and the member ID, in UTF-8.
create function shard_of_member(health_plan text, member_id text) returns smallint language plpgsql immutable strict parallel safe as $$
declare
    hash bytea := sha256(convert_to(health_plan || chr(31) || member_id, 'UTF8'));
begin
    return ((get_byte(hash, 0) << 2) | (get_byte(hash, 1) >> 6))::smallint;
end $$;

-- The ten bits behind the variant of a version 7 UUID.
create function shard_of_id(id uuid) returns smallint language sql immutable parallel safe as $$
    select (((get_byte(uuid_send(id), 8) & 63) << 4) | (get_byte(uuid_send(id), 9) >> 4))::smallint
$$;

-- The two characters behind the letter of a number that people read out.
create function shard_of_number(number text) returns smallint language sql immutable parallel safe as $$
    select (strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(number, 2, 1)) * 32
        + strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(number, 3, 1)) - 33)::smallint
$$;

-- When a version 7 UUID was made.
create function instant_of_id(id uuid) returns timestamptz language sql immutable parallel safe as $$
    select to_timestamp(('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint / 1000.0)
$$;

-- One row a member: `version` moves with every order of the member, so that of two orders at once each either sees the other
-- or has to look again (DUP-01).
create table member_ledger (
    health_plan text not null,
    member_id   text not null,
    version     bigint not null,
    shard       smallint not null,
    primary key (health_plan, member_id, shard),
    constraint member_ledger_shard_of_member check (shard = shard_of_member(health_plan, member_id))
) with (fillfactor = 80);

create table cases (
    case_id               uuid not null,
    shard                 smallint not null,
    -- The same to read out: a letter, two characters that tell the shard, six random ones and one that checks them.
    case_number           text not null check (case_number ~ '^C[0-9A-HJKMNP-TV-Z]{9}$'),
    health_plan           text not null,
    program               text not null,
    member_id             text not null,
    -- Whose the case is among the people who ever had this number: date of birth and given names, as the roster has them.
    person                text not null check (person <> ''),
    service               text not null check (service in ('medical_oncology', 'radiation_oncology')),
    status                text not null check (status in ('in_progress', 'completed', 'authorized', 'non_authorized',
                                                          'multiple_decisions_rendered', 'review_cancelled')),
    order_id              text check (order_id ~ '^A[0-9A-HJKMNP-TV-Z]{9}$'),
    pathway_eligible_id   text check (pathway_eligible_id ~ '^P[0-9A-HJKMNP-TV-Z]{9}$'),
    pathway_id            text,
    content_release       text not null,
    urgency               text not null check (urgency in ('standard', 'urgent')),
    channel               text not null check (channel in ('portal', 'phone', 'fax', 'mail', 'api')),
    submitted_at          timestamptz not null,
    decided_at            timestamptz,
    closed_at             timestamptz,
    due_at                timestamptz,
    valid_from            date not null,
    valid_through         date not null,
    ordering_npi          text not null,
    servicing_npi         text,
    submitted_by          text not null,
    -- Who may see the case: `o` and a tax ID of the ordering provider, `s` and one of the servicing provider, `u` and the subject
    -- that submitted it (PRV-02). One column, because one index is cheaper than three.
    visible_to            text[] not null,
    treatment_ingredients text[] not null,
    version               integer not null check (version >= 1),
    document_seq          integer not null check (document_seq >= 1),
    primary key (case_id, shard),
    constraint cases_shard_of_member check (shard = shard_of_member(health_plan, member_id)),
    constraint cases_shard_told_by_id check (shard = shard_of_id(case_id)),
    -- Lists are in the order of ids, and look for days among them.
    constraint cases_id_tells_when_submitted check (submitted_at - instant_of_id(case_id) between interval '-1 hour' and interval '1 hour'),
    constraint cases_shard_told_by_numbers
        check (shard = shard_of_number(case_number) and shard = shard_of_number(order_id) and shard = shard_of_number(pathway_eligible_id)),
    constraint cases_order_id_with_approval_only
        check ((order_id is not null) = (status in ('completed', 'authorized', 'multiple_decisions_rendered'))),
    constraint cases_pathway_award_needs_order_id check (pathway_eligible_id is null or (order_id is not null and pathway_id is not null)),
    constraint cases_decided_unless_in_progress check ((decided_at is null) = (status = 'in_progress')),
    constraint cases_closed_unless_in_progress check ((closed_at is null) = (status = 'in_progress')),
    constraint cases_due_while_in_progress check ((due_at is not null) = (status = 'in_progress')),
    constraint cases_range_in_order check (valid_from <= valid_through)
) with (fillfactor = 90);
create unique index cases_case_number on cases (case_number, shard);
create unique index cases_order_id on cases (order_id, shard) where order_id is not null;
create unique index cases_pathway_eligible_id on cases (pathway_eligible_id, shard) where pathway_eligible_id is not null;
create index cases_of_member on cases (member_id, health_plan);
create index cases_visible_to on cases using gin (visible_to);
create index cases_due on cases (due_at) where status = 'in_progress';
-- Lists, newest first, of those who see every case: of a plan, a clinician, or a status that few cases have.
create index cases_of_plan on cases (health_plan, case_id);
create index cases_of_clinician on cases (ordering_npi, case_id);
create index cases_of_status on cases (status, case_id) where status not in ('authorized', 'completed');

create table case_lines (
    case_id         uuid not null,
    line            integer not null check (line >= 1),
    shard           smallint not null,
    -- HCPCS or CPT, where there is one
    code            text,
    -- generic name of a drug, own words for a procedure
    name            text not null,
    role            text not null check (role in ('treatment', 'supportive', 'investigational')),
    status          text not null check (status in ('clinical_review_not_required', 'authorized', 'non_authorized', 'other_impact',
                                                    'refer_to_health_plan', 'voluntarily_cancelled', 'not_reviewed_error_entry',
                                                    'in_progress')),
    -- What holds for the line alone; it returns when the holds of the case are lifted (CAS-08). Never a denial.
    computed_status text not null check (computed_status in ('clinical_review_not_required', 'authorized', 'other_impact',
                                                             'refer_to_health_plan', 'in_progress')),
    units_approved  bigint check (units_approved >= 0),
    visits_approved integer check (visits_approved >= 0),
    valid_from      date,
    valid_through   date,
    primary key (case_id, shard, line),
    foreign key (case_id, shard) references cases,
    constraint case_lines_range_in_order check (valid_from <= valid_through),
    constraint case_lines_authorized_has_range check (status <> 'authorized' or (valid_from is not null and valid_through is not null)),
    -- Nothing is authorized with uncounted units (SAFE-13).
    constraint case_lines_authorized_units_counted
        check (status <> 'authorized' or code is null or (coalesce(units_approved, 0) > 0 and coalesce(visits_approved, 0) > 0)),
    -- A line without a code, or whose code has no billing unit, has no units; one with units has visits and a code.
    constraint case_lines_units_need_code check (units_approved is null or (code is not null and visits_approved is not null))
);

create table s_code_awards (
    case_id          uuid not null,
    shard            smallint not null,
    code             text not null check (code ~ '^S[0-9]{4}$'),
    times            integer not null check (times between 1 and 12),
    billable_from    date not null,
    billable_through date not null,
    voided_on        date,
    void_reason      text,
    -- The later case, of the same member, whose treatment took the place of this one's; none where a line was withdrawn (SCD-13).
    voided_by        uuid,
    primary key (case_id, shard, code),
    foreign key (case_id, shard) references cases,
    foreign key (voided_by, shard) references cases,
    constraint s_code_awards_range_in_order check (billable_from <= billable_through),
    constraint s_code_awards_void_has_reason check ((voided_on is null) = (void_reason is null))
);

-- Everything that happened to a case: who, when, what, why. An event that changed the case holds the whole answer from then on;
-- the current one is the event at cases.document_seq. Never changed and never deleted.
create table case_events (
    case_id       uuid not null,
    seq           integer not null check (seq >= 1),
    shard         smallint not null,
    at            timestamptz not null,
    kind          text not null check (kind ~ '^[a-z_]{1,60}$'),
    actor_subject text not null,
    actor_role    text not null,
    reason        text,
    detail        json,
    document      json,
    -- What the engine computed and review keeps back; never shown (CAS-08).
    computed      json,
    primary key (case_id, shard, seq),
    foreign key (case_id, shard) references cases,
    constraint case_events_document_with_computed check ((document is null) = (computed is null))
);
-- lz4 takes a third of the time of the default; a server built without it keeps the default.
do $$
begin
    alter table case_events alter column document set compression lz4, alter column computed set compression lz4;
exception when feature_not_supported then
    raise notice 'this server has no lz4: documents are compressed the default way';
end $$;

-- Durable timers. A row is deleted in the transaction that does its work, so that the work is done exactly once.
create table timers (
    case_id      uuid not null,
    shard        smallint not null,
    kind         text not null check (kind in ('pend_deadline')),
    due_at       timestamptz not null,
    attempts     integer not null default 0 check (attempts >= 0),
    not_before   timestamptz,
    last_failure text,
    primary key (case_id, shard, kind),
    foreign key (case_id, shard) references cases
);
create index timers_due on timers (due_at);

-- Answers that a repeated POST gets again (DUP-03). An order's first answer is the document of its first event.
create table idempotency_keys (
    subject     text not null,
    key         text not null check (length(key) between 1 and 255),
    fingerprint bytea not null check (length(fingerprint) = 32),
    status      smallint not null check (status between 200 and 599),
    body        json,
    location    text,
    case_id     uuid,
    -- Cases that the answer tells of, where they are not the one.
    about       uuid[] not null default '{}',
    created_at  timestamptz not null,
    primary key (subject, key),
    constraint idempotency_keys_have_an_answer check (body is not null or case_id is not null)
);
