-- Claims: S-codes billed (SCD-04…09), and claim lines matched with what was authorized (VER-05).

-- Every S-code claim, refused ones too. Accepted ones are never taken back.
create table s_code_claims (
    s_code_claim_id uuid primary key,
    case_id         uuid not null references cases,
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
    constraint s_code_claims_refused_by_a_rule check (accepted = (rule is null)),
    constraint s_code_claims_accepted_on_professional_claims check (not accepted or (claim_type = 'professional' and pathway_id is not null))
);
-- Whoever billed first at the same moment wins, whatever the service believes: the onset's code once per patient and Pathway, and no two
-- monthly codes on one day (SCD-05, SCD-06).
create unique index s_code_claims_one_onset on s_code_claims (health_plan, member_id, person, pathway_id) where accepted and onset;
create unique index s_code_claims_one_a_day on s_code_claims (health_plan, member_id, person, service_date) where accepted and not onset;
create index s_code_claims_of_case on s_code_claims (case_id);

-- Claim lines that matched. A line sent again under the same reference replaces itself.
create table claim_lines (
    claim_line_id uuid primary key,
    case_id       uuid not null references cases,
    hcpcs         text not null,
    units         bigint not null check (units >= 1),
    service_date  date not null,
    billing_npi   text not null,
    reference     text,
    at            timestamptz not null,
    by_subject    text not null,
    constraint claim_lines_reference unique (case_id, billing_npi, reference)
);
create index claim_lines_of_case on claim_lines (case_id, hcpcs);

create trigger s_code_claims_append_only before update or delete on s_code_claims for each row execute function refuse_change();
create trigger s_code_claims_never_truncated before truncate on s_code_claims for each statement execute function refuse_change();
