-- Written to find out whether anything can be written.
create table readiness (
    only_row boolean primary key default true check (only_row),
    at       timestamptz not null
);
insert into readiness (at) values ('2000-01-01T00:00:00Z');
