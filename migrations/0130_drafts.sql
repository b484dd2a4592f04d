-- Orders that somebody has begun to type at the portal and not sent: what stands in the form, for its writer alone.
create table drafts (
    draft_id uuid primary key,
    subject  text not null check (subject <> ''),
    -- the fields of the form, as a browser sends them
    form     text not null check (octet_length(form) <= 524288),
    saved_at timestamptz not null
);

comment on table drafts is 'Orders begun at the portal and not sent; forgotten once they are sent, or two weeks after they were last saved';

create index drafts_subject on drafts (subject, saved_at desc);
create index drafts_saved_at on drafts (saved_at);
