-- Who read or wrote what about whom. Written before the caller has its answer, never changed, and chained: each record's hash holds the one
-- before it of the same plan, so that nobody edits, removes or reorders records unseen.
create table accesses (
    access_id     uuid primary key,
    at            timestamptz not null,
    health_plan   text not null,
    member_id     text,
    case_id       uuid,
    actor_subject text not null,
    actor_role    text not null,
    tax_ids       text[] not null,
    token_id      uuid,
    action        text not null check (action in ('read', 'write')),
    operation     text not null,
    purpose       text not null check (purpose in ('treatment', 'payment', 'utilization_review', 'operations')),
    request_id    text not null
);

-- What the service can read back: whoever writes something else past it must not keep the rest from being read.
create function is_readable(access accesses) returns boolean language sql immutable as $$
    select num_nulls(access.access_id, access.at, access.health_plan, access.actor_subject, access.actor_role, access.tax_ids, access.action,
             access.operation, access.purpose, access.request_id) = 0
        and access.at >= '2000-01-01T00:00:00Z' and access.at < '2200-01-01T00:00:00Z'
        and coalesce(array_ndims(access.tax_ids), 1) = 1 and coalesce(array_lower(access.tax_ids, 1), 1) = 1
        and array_position(access.tax_ids, null) is null
$$;
alter table accesses add constraint accesses_are_readable check (is_readable(accesses));
create index accesses_of_member on accesses (health_plan, member_id, access_id);

-- What the sealer has yet to chain.
create table accesses_unsealed (access_id uuid primary key);

create table access_seals (
    health_plan text not null,
    seq         bigint not null check (seq > 0),
    access_id   uuid not null unique,
    hash        bytea not null check (length(hash) = 32),
    primary key (health_plan, seq)
);

-- How far each chain goes. It lies outside of the chain, as the anchors in the log do: whoever cuts the end off has to cut these, too.
create table access_heads (
    health_plan text primary key,
    seq         bigint not null,
    hash        bytea not null check (length(hash) = 32),
    sealed_at   timestamptz not null
);

create trigger accesses_append_only before update or delete on accesses for each row execute function refuse_change();
create trigger accesses_never_truncated before truncate on accesses for each statement execute function refuse_change();
create trigger access_seals_append_only before update or delete on access_seals for each row execute function refuse_change();
create trigger access_seals_never_truncated before truncate on access_seals for each statement execute function refuse_change();
