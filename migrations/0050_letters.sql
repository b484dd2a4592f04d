-- Letters to member and provider (DET-10). A letter exists from the moment of the decision, in the same transaction.

create table letters (
    letter_id uuid not null,
    case_id   uuid not null,
    -- The event whose answer the letter tells. No foreign key: whoever truncates case_events is to hear from its own guard why not.
    seq       integer not null,
    shard     smallint not null,
    kind      text not null check (kind in ('approval', 'denial')),
    addressee text not null check (addressee in ('member', 'provider')),
    issued_at timestamptz not null,
    -- The letter as it went out. Approvals that the engine gave have none: they are set from the event's answer, which never changes,
    -- and an order is stored without writing its letters twice.
    content   json,
    primary key (letter_id, shard),
    foreign key (case_id, shard) references cases,
    constraint letters_shard_told_by_id check (shard = shard_of_id(letter_id)),
    -- A denial is a legal notice, and stays what it was when words or rules change later.
    constraint letters_denials_are_kept check (kind = 'approval' or content is not null)
);

create trigger letters_append_only before update or delete on letters for each row execute function refuse_change();
create trigger letters_never_truncated before truncate on letters for each statement execute function refuse_change();
