-- Member and provider files as the health plans send them (PRV-05), and what was asked of them (PRG-15).
-- A row's document is what the plan sent; the other columns are what look-ups need. Names are folded by the service:
-- lower case, single spaces, first and last name joined.

create table members (
    health_plan      text not null,
    member_id        text not null,
    coverage_from    date not null,
    coverage_through date,
    birth_date       date not null,
    folded_name      text not null,
    document         json not null,
    row_hash         bytea not null,
    primary key (health_plan, member_id, coverage_from),
    constraint members_coverage_in_order check (coverage_from <= coverage_through)
);
create index members_by_name on members (folded_name, birth_date, health_plan);

create table providers (
    health_plan text not null,
    npi         text not null check (npi ~ '^[0-9]{10}$'),
    kind        text not null check (kind in ('individual', 'facility')),
    folded_name text not null,
    tax_ids     text[] not null,
    in_network  boolean not null,
    document    json not null,
    row_hash    bytea not null,
    primary key (health_plan, npi)
);
create index providers_by_name on providers (folded_name text_pattern_ops, health_plan);

-- Who loaded which file, and what it did.
create table roster_loads (
    roster_load_id uuid primary key,
    health_plan    text not null,
    kind           text not null check (kind in ('members', 'providers')),
    loaded_by      text not null,
    at             timestamptz not null,
    loaded         bigint not null check (loaded >= 0),
    unchanged      bigint not null check (unchanged between 0 and loaded),
    removed        bigint not null check (removed >= 0)
);

-- Enquiries that led to no order: eligibility checks, and requests that no program takes (PRG-15).
create table enquiries (
    enquiry_id  uuid primary key,
    at          timestamptz not null,
    actor       text not null,
    health_plan text not null,
    member_id   text,
    kind        text not null check (kind in ('eligibility_check', 'order')),
    outcome     text not null check (outcome in ('eligible', 'not_eligible', 'refused')),
    exclusion   text,
    requirement text,
    detail      json not null,
    constraint enquiries_name_the_rule check ((outcome = 'not_eligible') = (exclusion is not null and requirement is not null))
);
