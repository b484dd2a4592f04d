-- Finding a practice's own patients by name (VER-06), at every keystroke: one row for each party that may see a patient's case and each word
-- of the name, which begins with that word. An order of a patient whom the party knows already adds none.
create table patients (
    party       text not null,
    -- as search sees it (search_words); where that leaves nothing, as the roster has it, in small letters
    name        text collate "C" not null,
    health_plan text not null,
    member_id   text not null,
    primary key (party, name, health_plan, member_id)
);

comment on table patients is 'Names of members by who may see their cases: what practices search by';

-- The name beginning with each of its words in turn: "test member" and "member test".
create function patient_search_names(called text) returns setof text language sql immutable parallel safe as $$
    select array_to_string(words[place:] || words[:place - 1], ' ')
    from (select string_to_array(coalesce(nullif(search_words(called), ''), lower(called)), ' ') as words offset 0) as name,
         generate_series(1, least(6, cardinality(words))) as place
$$;

-- Of several people who had the number one after the other it is the one whose coverage began last before the treatment.
create function remember_patients(of_parties text[], of_plan text, of_member text, from_day date) returns void language sql as $$
    insert into patients (party, name, health_plan, member_id)
    select distinct party, name, of_plan, of_member
    from unnest(of_parties) as party, lateral (
        select concat_ws(' ', document ->> 'first_name', document ->> 'last_name') as called from members
        where health_plan = of_plan and member_id = of_member
        order by (coverage_from <= from_day) desc, coverage_from desc limit 1) as member,
      patient_search_names(member.called) as name
    on conflict do nothing
$$;

create function remember_patients_of_new_cases() returns trigger language plpgsql as $$
begin
    perform remember_patients(visible_to, health_plan, member_id, valid_from) from added;
    return null;
end $$;
create trigger cases_patients_added after insert on cases
    referencing new table as added for each statement execute function remember_patients_of_new_cases();

create function remember_patient_of_case() returns trigger language plpgsql as $$
begin
    perform remember_patients(new.visible_to, new.health_plan, new.member_id, new.valid_from);
    return null;
end $$;
create trigger cases_patients_changed after update of visible_to on cases
    for each row when (old.visible_to is distinct from new.visible_to) execute function remember_patient_of_case();

do $$ begin perform remember_patients(visible_to, health_plan, member_id, valid_from) from cases; end $$;
