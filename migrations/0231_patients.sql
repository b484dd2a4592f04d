-- Finding a practice's own patients by name (VER-06), at every keystroke: one row for each party that may see a patient's case and each word
-- of the name, which begins with that word. An order of a patient whom the party knows already adds none. The service writes them, in the
-- transaction of the order: which letters are small ones of others, and which words a name has, would depend on the locale here.
create table patients (
    party       text not null,
    -- in small letters, without marks
    name        text collate "C" not null,
    health_plan text not null,
    member_id   text not null,
    primary key (party, name, health_plan, member_id)
);

comment on table patients is 'Names of members by who may see their cases: what practices search by';
