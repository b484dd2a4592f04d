-- Mails to people, stored with what they tell of and sent later. What was sent, or given up, keeps no text.
create table mails (
    mail_id     uuid primary key,
    recipient   text not null check (recipient <> ''),
    subject     text not null check (subject <> ''),
    body        text,
    created_at  timestamptz not null,
    attempts    integer not null default 0 check (attempts >= 0),
    -- when it is tried next; none once it was sent or given up
    due_at      timestamptz,
    sent_at     timestamptz,
    check (sent_at is null or due_at is null)
);

comment on table mails is 'Mails to people who register; without anything about a patient';

create index mails_due_at on mails (due_at) where due_at is not null;
create index mails_recipient on mails (recipient, created_at);

-- People who register to act for practices (PRV-01). Who they are from their first sign-in on is an issuer and its subject.
create table registrations (
    registration_id uuid primary key,
    status          text not null check (status in ('email_unconfirmed', 'waiting_for_approval', 'approved', 'active', 'refused', 'ended')),
    role            text not null check (role in ('ordering_provider', 'servicing_provider')),
    first_name      text not null check (first_name <> ''),
    last_name       text not null check (last_name <> ''),
    credentials     text not null check (credentials <> ''),
    email           text not null check (email = lower(email) and email like '%_@_%'),
    phone           text not null check (phone <> ''),
    fax             text,
    tax_ids         text[] not null check (cardinality(tax_ids) between 1 and 100),
    -- SHA-256 of the code in the mail
    code_hash       bytea not null check (octet_length(code_hash) = 32),
    created_at      timestamptz not null,
    -- the code, or the approval, counts until then
    expires_at      timestamptz not null,
    confirmed_at    timestamptz,
    decided_at      timestamptz,
    decided_by      text,
    reason          text,
    -- may approve others of the same tax IDs, where the installation lets leads do that
    lead            boolean not null default false,
    issuer          text,
    subject         text,
    bound_at        timestamptz,
    ended_at        timestamptz,
    check ((status = 'email_unconfirmed') = (confirmed_at is null)),
    check ((status in ('approved', 'active', 'refused', 'ended')) = (decided_at is not null and decided_by is not null)),
    check ((issuer is null) = (subject is null) and (issuer is null) = (bound_at is null)),
    check (status not in ('active') or issuer is not null),
    check ((status = 'ended') = (ended_at is not null))
);

comment on table registrations is 'People who registered: confirmed by mail, approved, and from their first sign-in on known by issuer and subject';

-- one person acts by one registration
create unique index registrations_person on registrations (issuer, subject) where status = 'active';
create index registrations_email on registrations (email) where status = 'approved';
create index registrations_status on registrations (status, registration_id);
