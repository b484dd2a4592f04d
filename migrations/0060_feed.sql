-- What a health plan is told about its cases (DET-11).

-- Every event that no feed has yet, written in the transaction of the event. A heap without any index, because orders are written
-- through it; rows stay for a second or so. Not an identity column that readers compare with: transactions commit in another order
-- than they draw numbers, and whoever reads in between would never see the smaller one.
create table feed_outbox (
    case_id uuid not null,
    seq     integer not null,
    shard   smallint not null
) with (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- How far each plan's feed goes.
create table feeds (
    health_plan   text primary key,
    last_position bigint not null check (last_position >= 1)
) with (fillfactor = 50);

-- The feeds. One transaction at a time moves events here from the outbox, so that positions are given in the order in which they
-- become visible: no gaps, and nothing ever appears below what a reader has seen. Case and seq are those of case_events, which lets no
-- row go: a foreign key would add nothing to that, and would answer a truncation there before its own guard does.
create table feed_events (
    health_plan text not null references feeds,
    position    bigint not null check (position >= 1),
    event_id    uuid not null,
    case_id     uuid not null,
    seq         integer not null,
    primary key (health_plan, position),
    constraint feed_events_of_case unique (case_id, seq)
);
create unique index feed_events_event_id on feed_events (event_id);
create trigger feed_events_append_only before update or delete on feed_events for each row execute function refuse_change();
create trigger feed_events_never_truncated before truncate on feed_events for each statement execute function refuse_change();

-- What happened before this migration. Every process of a version without the feed is stopped first: what one wrote afterwards would
-- reach no feed.
insert into feed_outbox (case_id, seq, shard) select case_id, seq, shard from case_events;

-- Where a plan has its feed delivered to. The secret is kept as it is, because every delivery is signed with it; whoever reads this
-- table can sign as this service.
create table feed_webhooks (
    health_plan        text primary key,
    url                text not null,
    secret             bytea not null check (octet_length(secret) = 32),
    -- While receivers change over to a new secret, deliveries are signed with the one before, too.
    previous_secret    bytea,
    previous_until     timestamptz,
    -- Everything up to here was answered with 2xx.
    delivered_position bigint not null check (delivered_position >= 0),
    version            integer not null default 1 check (version >= 1),
    created_at         timestamptz not null,
    changed_at         timestamptz not null,
    changed_by         text not null,
    -- In a row; 0 after a delivery.
    failures           integer not null default 0 check (failures >= 0),
    last_attempt_at    timestamptz,
    last_delivered_at  timestamptz,
    last_failure       text,
    last_failure_at    timestamptz,
    -- Not before; null where there is nothing to wait for.
    next_attempt_at    timestamptz,
    -- Who delivers at the moment, and until when nobody else does. No row is locked while a delivery is under way.
    claim              uuid,
    claimed_until      timestamptz,
    constraint feed_webhooks_previous_secret_ends check ((previous_secret is null) = (previous_until is null)),
    constraint feed_webhooks_claims_end check ((claim is null) = (claimed_until is null)),
    constraint feed_webhooks_failures_are_told check ((last_failure is null) = (last_failure_at is null) and (failures = 0 or last_failure is not null))
) with (fillfactor = 50);
