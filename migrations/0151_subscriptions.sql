-- Where practices are told of their cases by FHIR: subscriptions, and what each is still to be told.
create table subscriptions (
    subscription_id uuid primary key,
    -- Whose it is. It is served for as long as they can sign in.
    subject         text not null check (subject <> ''),
    role            text not null check (role in ('ordering_provider', 'servicing_provider')),
    tax_ids         text[] not null check (cardinality(tax_ids) > 0),
    -- Cases that name one of these are told of.
    parties         text[] not null check (cardinality(parties) > 0),
    -- The subscription as it is shown, without its headers and status.
    document        json not null,
    endpoint        text not null,
    media_type      text not null,
    -- Sent with everything, as they were given. They are secrets: nothing shows them.
    headers         text[] not null default '{}',
    ends_at         timestamptz,
    -- requested: the handshake has not been made; active; error: the handshake failed, and nothing is sent.
    status          text not null default 'requested' check (status in ('requested', 'active', 'error')),
    created_at      timestamptz not null,
    -- Notifications that the receiver answered for; the next one has the number behind it.
    delivered       bigint not null default 0 check (delivered >= 0),
    -- In a row; 0 after a delivery.
    failures        integer not null default 0 check (failures >= 0),
    last_failure    text,
    -- Not before; null where there is nothing to wait for.
    next_attempt_at timestamptz,
    -- Who delivers at the moment, and until when nobody else does. No row is locked while a delivery is under way.
    claim           uuid,
    claimed_until   timestamptz,
    constraint subscriptions_claims_end check ((claim is null) = (claimed_until is null)),
    constraint subscriptions_failures_are_told check (failures = 0 or last_failure is not null)
) with (fillfactor = 50);
create index subscriptions_subject on subscriptions (subject);

comment on table subscriptions is 'Where practices are told of changes to their cases, and how that is doing';

-- What each is still to be told, in the order in which it happened: written under the lock of the feeds' outbox, one transaction at a time.
create table subscription_events (
    subscription_id uuid not null references subscriptions on delete cascade,
    place           bigint generated always as identity,
    case_id         uuid not null,
    seq             integer not null,
    at              timestamptz not null,
    primary key (subscription_id, place)
);
