-- Names of patients (0231) are written by the service from now on, in the transaction of the order: which letters are small ones of others, and
-- which words a name has, depends on the locale here. With "C" a name that is not written in Latin letters was not found, nor the words of one
-- that is in part.
drop trigger cases_patients_added on cases;
drop trigger cases_patients_changed on cases;
drop function remember_patients_of_new_cases();
drop function remember_patient_of_case();
drop function remember_patients(text[], text, text, date);
drop function patient_search_names(text);

-- Those that are there are written anew where a server can do that in every script; otherwise with the next order of the patient.
do $$
begin
    insert into patients (party, name, health_plan, member_id)
    select distinct party, array_to_string(words[place:] || words[:place - 1], ' '), c.health_plan, c.member_id
    from cases c
    cross join lateral unnest(c.visible_to) as party
    cross join lateral (
        select concat_ws(' ', document ->> 'first_name', document ->> 'last_name') as called from members m
        where m.health_plan = c.health_plan and m.member_id = c.member_id
        order by (m.coverage_from <= c.valid_from) desc, m.coverage_from desc limit 1) as member
    cross join lateral (
        select string_to_array(btrim(regexp_replace(
            regexp_replace(lower(normalize(translate(called, 'ØøŁłĐđς', 'oollddσ'), nfkd) collate "und-x-icu"), '[\u0300-\u036f''’‘`´]', '', 'g'),
            '[^[:alnum:]]+', ' ', 'g')), ' ') as words offset 0) as name
    cross join lateral generate_series(1, least(6, cardinality(words))) as place
    where called ~ '[^\u0001-\u024f]'
    on conflict do nothing;
exception when undefined_object or feature_not_supported then
    raise notice 'this server has no collation for every script: earlier patients with names of other scripts are found after their next order';
end $$;
