-- Treatments that a practice orders often: what stands in the form's rows of drugs, and nothing about a patient.
create table favourite_treatments (
    favourite_id uuid primary key,
    -- whose it is: a tax ID, or `u` and the subject of somebody without a practice
    owner        text not null check (owner <> ''),
    name         text not null check (name <> '' and char_length(name) <= 80),
    -- the fields of the form, as a browser sends them
    form         text not null check (octet_length(form) <= 65536),
    saved_by     text not null check (saved_by <> ''),
    saved_at     timestamptz not null,
    unique (owner, name)
);

comment on table favourite_treatments is 'Treatments that practices keep under a name, to fill them into an order with a press';
