-- Systems that sign in by themselves (SMART Backend Services): each proves with a key of its own who it is, and gets an access token that
-- works for minutes. Only public keys are stored.
create table smart_clients (
    client_id   uuid primary key,
    role        text not null check (role in ('ordering_provider', 'servicing_provider', 'intake', 'nurse', 'physician',
                                              'health_plan', 'administrator')),
    subject     text not null check (subject <> ''),
    name        text,
    tax_ids     text[] not null default '{}',
    health_plan text,
    -- what it may ask for at most, as SMART writes it
    scopes      text[] not null check (cardinality(scopes) > 0),
    -- its public keys, or where it publishes them
    jwks        jsonb,
    jwks_uri    text check (jwks_uri like 'http%' and length(jwks_uri) <= 2000),
    created_at  timestamptz not null,
    created_by  text not null,
    revoked_at  timestamptz,
    check ((jwks is null) <> (jwks_uri is null)),
    check ((role = 'health_plan') = (health_plan is not null)),
    check ((role in ('ordering_provider', 'servicing_provider')) = (cardinality(tax_ids) > 0))
);

comment on table smart_clients is 'Systems that sign in with a signed assertion, and what they are bound to';

-- Assertions that were used, until they would have ended anyway: each works once.
create table smart_assertions (
    client_id  uuid not null references smart_clients,
    jti_hash   bytea not null check (octet_length(jti_hash) = 32),
    expires_at timestamptz not null,
    primary key (client_id, jti_hash)
);
create index smart_assertions_expires_at on smart_assertions (expires_at);

-- An access token of such a system ends by itself, and with its client.
alter table tokens
    add column client_id uuid references smart_clients,
    add column scopes    text[],
    add constraint tokens_of_clients_end check ((client_id is null) = (scopes is null) and (client_id is null or expires_at is not null));
create index tokens_client_id on tokens (client_id, expires_at) where client_id is not null;

-- The service deletes no token; those of clients are many and end within minutes, and these it may have forgotten once they have.
create function forget_access_tokens(ended_before timestamptz) returns bigint
language sql security definer set search_path = public, pg_temp as $$
    with forgotten as (delete from tokens where client_id is not null and expires_at < ended_before returning 1)
    select count(*) from forgotten;
$$;
revoke execute on function forget_access_tokens(timestamptz) from public;
