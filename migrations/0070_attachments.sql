-- Clinical documents of a case (INF-07), stored whole: in pieces of 256 KiB, so that neither storing nor reading one needs it in memory.

create table attachments (
    attachment_id uuid not null,
    case_id       uuid not null,
    shard         smallint not null,
    file_name     text not null check (char_length(file_name) between 1 and 255 and file_name !~ '[/\\]'),
    media_type    text not null,
    size_bytes    bigint not null check (size_bytes > 0),
    sha256        bytea not null check (octet_length(sha256) = 32),
    description   text check (char_length(description) between 1 and 1000),
    purpose       text not null check (purpose in ('review', 'reconsideration')),
    received_at   timestamptz not null,
    received_from text not null check (received_from <> ''),
    received_as   text not null,
    scan          text not null check (scan in ('clean', 'not_configured')),
    primary key (attachment_id, shard),
    foreign key (case_id, shard) references cases,
    constraint attachments_shard_told_by_id check (shard = shard_of_id(attachment_id))
);
create index attachments_of_case on attachments (case_id, attachment_id);

create table attachment_chunks (
    attachment_id uuid not null,
    n             integer not null check (n >= 0),
    shard         smallint not null,
    bytes         bytea not null check (octet_length(bytes) between 1 and 262144),
    primary key (attachment_id, shard, n),
    foreign key (attachment_id, shard) references attachments
);
-- Documents are compressed already, mostly; trying again only costs time.
alter table attachment_chunks alter column bytes set storage external;

-- Stored whole or not at all: every piece has its place and its size, and at commit none is missing.
create function check_attachment_chunk() returns trigger language plpgsql as $$
begin
    if octet_length(new.bytes) is distinct from
        (select least(262144, size_bytes - new.n::bigint * 262144) from attachments
         where shard = new.shard and attachment_id = new.attachment_id)
    then
        raise exception 'piece % does not fit its attachment', new.n
            using errcode = 'integrity_constraint_violation', constraint = 'attachment_chunks_fit';
    end if;
    return new;
end $$;
create trigger attachment_chunks_fit before insert on attachment_chunks for each row execute function check_attachment_chunk();

create function check_attachment_is_whole() returns trigger language plpgsql as $$
begin
    if (select count(*) from attachment_chunks where shard = new.shard and attachment_id = new.attachment_id) <> (new.size_bytes + 262143) / 262144 then
        raise exception 'the attachment is not stored whole'
            using errcode = 'integrity_constraint_violation', constraint = 'attachments_stored_whole';
    end if;
    return null;
end $$;
create constraint trigger attachments_stored_whole after insert on attachments
    deferrable initially deferred for each row execute function check_attachment_is_whole();

create trigger attachments_append_only before update or delete on attachments for each row execute function refuse_change();
create trigger attachments_never_truncated before truncate on attachments for each statement execute function refuse_change();
create trigger attachment_chunks_append_only before update or delete on attachment_chunks for each row execute function refuse_change();
create trigger attachment_chunks_never_truncated before truncate on attachment_chunks for each statement execute function refuse_change();
