-- Requests as another standard wrote them (a FHIR Bundle), beside the cases that they made or changed: what is answered later refers to
-- what was sent, and a later request names an earlier one by its own number.
create table sent_requests (
    case_id     uuid not null,
    seq         integer not null check (seq >= 1),
    shard       smallint not null,
    subject     text not null,
    -- The sender's number of the request.
    system      text not null check (length(system) between 1 and 500),
    value       text not null check (length(value) between 1 and 500),
    received_at timestamptz not null,
    document    json not null,
    primary key (case_id, shard, seq),
    foreign key (case_id, shard) references cases
);
create trigger sent_requests_append_only before update or delete on sent_requests for each row execute function refuse_change();
create trigger sent_requests_never_truncated before truncate on sent_requests for each statement execute function refuse_change();
create index sent_requests_number on sent_requests (value, system);
do $$
begin
    alter table sent_requests alter column document set compression lz4;
exception when feature_not_supported then
    raise notice 'this server has no lz4: documents are compressed the default way';
end $$;

-- The number of such a request is a key for good: a copy that arrives late makes no second case.
alter table idempotency_keys add column lasting boolean not null default false;
