-- Claims: S-codes billed (SCD-04…09), and claim lines matched with what was authorized (VER-05).

-- Every S-code claim, refused ones too. Accepted ones are never taken back.
create table s_code_claims (
    s_code_claim_id uuid not null,
    case_id         uuid not null,
    shard           smallint not null,
    health_plan     text not null,
    member_id       text not null,
    -- As in cases: a number may have been another person's before.
    person          text not null,
    code            text not null check (code ~ '^S[0-9]{4}$'),
    onset           boolean not null,
    service_date    date not null,
    billing_npi     text not null check (billing_npi ~ '^[0-9]{10}$'),
    claim_type      text not null check (claim_type in ('professional', 'facility')),
    -- The Pathway of the case when it was billed.
    pathway_id      text,
    accepted        boolean not null,
    rule            text,
    message         text not null,
    at              timestamptz not null,
    by_subject      text not null,
    by_role         text not null,
    primary key (s_code_claim_id, shard),
    foreign key (case_id, shard) references cases,
    -- the two indexes below find a member's claims in one place
    constraint s_code_claims_shard_of_member check (shard = shard_of_member(health_plan, member_id)),
    constraint s_code_claims_refused_by_a_rule check (accepted = (rule is null)),
    constraint s_code_claims_accepted_on_professional_claims check (not accepted or (claim_type = 'professional' and pathway_id is not null))
);
-- Whoever billed first at the same moment wins, whatever the service believes: the onset's code once per patient and Pathway, and no two
-- monthly codes on one day (SCD-05, SCD-06).
create unique index s_code_claims_one_onset on s_code_claims (health_plan, member_id, person, pathway_id, shard) where accepted and onset;
create unique index s_code_claims_one_a_day on s_code_claims (health_plan, member_id, person, service_date, shard) where accepted and not onset;
create index s_code_claims_of_case on s_code_claims (case_id);

-- Claim lines that matched, for ever. A line counts until it is taken back. What was discarded is counted beside what was given
-- (SAFE-13). A reference is a name for the line that belongs to its sender: another sender's equal one is another line.
create table claim_lines (
    claim_line_id uuid not null,
    case_id       uuid not null,
    shard         smallint not null,
    hcpcs         text not null check (hcpcs = upper(hcpcs)),
    modifier      text check (modifier in ('JW', 'JZ')),
    units         bigint not null check (units >= 0),
    discarded     bigint not null check (discarded >= 0),
    service_date  date not null,
    billing_npi   text not null,
    sender        text not null check (sender <> ''),
    reference     text check (reference is null or says_something(reference)),
    at            timestamptz not null,
    by_subject    text not null,
    primary key (claim_line_id, shard),
    foreign key (case_id, shard) references cases,
    constraint claim_lines_bill_something check (units + discarded > 0),
    constraint claim_lines_jz_discards_nothing check (modifier is distinct from 'JZ' or discarded = 0),
    constraint claim_lines_jw_discards check (modifier is distinct from 'JW' or discarded > 0)
);
create index claim_lines_of_case on claim_lines (case_id, shard, hcpcs);

-- Lines taken back, because their sender sent a correction that matched. Once each.
create table claim_line_reversals (
    claim_line_id uuid not null,
    replaced_by   uuid not null,
    at            timestamptz not null,
    by_subject    text not null,
    -- a line and its correction are about the same order
    shard         smallint not null,
    primary key (claim_line_id, shard),
    foreign key (claim_line_id, shard) references claim_lines,
    unique (replaced_by, shard),
    foreign key (replaced_by, shard) references claim_lines deferrable initially deferred,
    constraint claim_line_reversals_by_another check (claim_line_id <> replaced_by)
);

create view claim_lines_in_force as
    select line.* from claim_lines line
    where not exists (select from claim_line_reversals reversal 
                      where reversal.shard = line.shard and reversal.claim_line_id = line.claim_line_id);

-- Whatever the service believes and whoever writes at the same moment: one line in force under a name, and never more units matched than
-- were approved (VER-05).
create function guard_claim_line() returns trigger language plpgsql as $$
declare
    approved bigint;
    used bigint;
begin
    perform from cases where shard = new.shard and case_id = new.case_id for update;
    if new.reference is not null and exists (
        select from claim_lines_in_force other
        where other.shard = new.shard and other.case_id = new.case_id and other.sender = new.sender and other.billing_npi = new.billing_npi
          and other.reference = new.reference
    ) then
        raise exception 'a line of this name is in force' using errcode = 'unique_violation', constraint = 'claim_lines_one_of_a_name';
    end if;
    if new.units > 0 then
        select case when bool_and(units_approved is not null) then sum(units_approved) end into approved from case_lines
            where shard = new.shard and case_id = new.case_id and upper(code) = new.hcpcs and status in ('authorized', 'clinical_review_not_required');
        select coalesce(sum(units), 0) into used from claim_lines_in_force
            where shard = new.shard and case_id = new.case_id and hcpcs = new.hcpcs;
        if approved is null or used + new.units > approved then
            raise exception 'more units than were approved'
                using errcode = 'integrity_constraint_violation', constraint = 'claim_lines_within_units';
        end if;
    end if;
    return new;
end $$;
create trigger claim_lines_guarded before insert on claim_lines for each row execute function guard_claim_line();

create trigger claim_lines_append_only before update or delete on claim_lines for each row execute function refuse_change();
create trigger claim_lines_never_truncated before truncate on claim_lines for each statement execute function refuse_change();
create trigger claim_line_reversals_append_only before update or delete on claim_line_reversals
    for each row execute function refuse_change();
create trigger claim_line_reversals_never_truncated before truncate on claim_line_reversals
    for each statement execute function refuse_change();
create trigger s_code_claims_append_only before update or delete on s_code_claims for each row execute function refuse_change();
create trigger s_code_claims_never_truncated before truncate on s_code_claims for each statement execute function refuse_change();
