-- Who is signed in at the portal. The secret that the browser keeps is never stored, only its SHA-256.
create table portal_sessions (
    session_hash bytea primary key check (octet_length(session_hash) = 32),
    role         text not null check (role in ('ordering_provider', 'servicing_provider', 'intake', 'nurse', 'physician',
                                               'health_plan', 'administrator')),
    subject      text not null check (subject <> ''),
    name         text not null check (name <> ''),
    tax_ids      text[] not null default '{}',
    health_plan  text,
    created_at   timestamptz not null,
    seen_at      timestamptz not null check (seen_at >= created_at),
    check ((role = 'health_plan') = (health_plan is not null)),
    check ((role in ('ordering_provider', 'servicing_provider')) = (cardinality(tax_ids) > 0))
);

comment on table portal_sessions is 'People signed in at the portal: each ends when it is idle, after half a day, or by signing out';

-- signing out everywhere
create index portal_sessions_subject on portal_sessions (subject);
-- forgetting those that ended
create index portal_sessions_seen_at on portal_sessions (seen_at);
