-- Bearer tokens. The secret itself is never stored, only its SHA-256.
create table tokens (
    token_id    uuid primary key,
    token_hash  bytea not null unique check (octet_length(token_hash) = 32),
    role        text not null check (role in ('ordering_provider', 'servicing_provider', 'intake', 'nurse', 'physician',
                                              'health_plan', 'administrator')),
    subject     text not null check (subject <> ''),
    name        text,
    tax_ids     text[] not null default '{}',
    health_plan text,
    created_at  timestamptz not null,
    created_by  text not null,
    expires_at  timestamptz,
    revoked_at  timestamptz,
    check ((role = 'health_plan') = (health_plan is not null)),
    check ((role in ('ordering_provider', 'servicing_provider')) = (cardinality(tax_ids) > 0))
);

comment on table tokens is 'Who may call: one token, one subject, one role, and what it is bound to';

-- How far the sandbox's clock runs ahead of the machine's, so that several processes agree. One row.
create table sandbox_clock (
    only_row      boolean primary key default true check (only_row),
    offset_micros bigint not null default 0
);

insert into sandbox_clock default values;
