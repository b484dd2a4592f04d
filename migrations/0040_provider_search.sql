-- Finding providers at every keystroke (PRV-04, PRV-07). Every step of a search is an index range of a few rows, also where all of
-- 100,000 providers have the word in their name; a trigram index, which has to look at every row that shares trigrams, is not.

-- A name as search sees it: lower case words of a-z and 0-9, without accents and apostrophes. The service does the same to what is
-- typed (`app::catalog::text`).
create function search_words(name text) returns text language sql immutable parallel safe as $$
    select btrim(regexp_replace(
        regexp_replace(
            lower(normalize(replace(translate(name, 'ØøŁłĐđ', 'oolldd'), 'ß', 'ss'), nfkd)),
            '[\u0300-\u036f''’‘`´]', '', 'g'),
        '[^a-z0-9]+', ' ', 'g'))
$$;

-- What a provider is called.
create function provider_called(kind text, document json) returns text language sql immutable parallel safe as $$
    select case kind when 'facility' then coalesce(document ->> 'name', '')
                     else concat_ws(' ', document ->> 'first_name', document ->> 'last_name') end
$$;

-- The name beginning with each of its words in turn: "ordering clinician" and "clinician ordering". What is typed is the beginning
-- of one of them.
create function provider_search_names(kind text, document json) returns setof text language sql immutable parallel safe as $$
    select array_to_string(words[place:] || words[:place - 1], ' ')
    -- offset 0: the words are made once a name, not once a use
    from (select string_to_array(search_words(provider_called(kind, document)), ' ') as words offset 0) as name,
         generate_series(1, least(8, cardinality(words))) as place
$$;

-- How words begin, and the same with one letter left out. Two beginnings that differ by one letter typed wrong, left out, doubled or
-- swapped have a variant in common.
create function word_beginnings(name text) returns table (beginning text, variant text)
language sql immutable parallel safe as $$
    with beginnings as (
        select distinct left(word, size) as beginning from split_part(name, ' ', 1) as word, (values (4), (6)) as sizes (size)
        where length(word) >= 4
    )
    select beginning, beginning from beginnings
    union
    select beginning, left(beginning, place - 1) || substr(beginning, place + 1)
    from beginnings, generate_series(1, length(beginning)) as place
$$;

-- Kept by the triggers below: one row a provider and word of its name.
create table provider_names (
    health_plan text not null,
    kind        text not null,
    name        text collate "C" not null,
    npi         text not null,
    primary key (health_plan, kind, name, npi)
);
create index provider_names_of_provider on provider_names (health_plan, npi, name);

-- What misspelt words are recognised by. A beginning that no provider has any more stays: it finds nobody.
create table provider_name_beginnings (
    variant   text collate "C" not null,
    beginning text collate "C" not null,
    primary key (variant, beginning)
);

create function add_provider_names() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        delete from provider_names as gone using removed, added
        where gone.health_plan = removed.health_plan and gone.npi = removed.npi
          and added.health_plan = removed.health_plan and added.npi = removed.npi
          and (added.kind, provider_called(added.kind, added.document)) <> (removed.kind, provider_called(removed.kind, removed.document));
    end if;
    with names as (
        insert into provider_names (health_plan, kind, name, npi)
        select distinct added.health_plan, added.kind, name, added.npi
        from added, provider_search_names(added.kind, added.document) as name
        where not exists (select from provider_names as known where known.health_plan = added.health_plan and known.npi = added.npi)
        returning name
    ), words as (
        select distinct left(split_part(name, ' ', 1), 6) as word from names
    )
    insert into provider_name_beginnings (variant, beginning)
    select distinct variant, beginning from words, word_beginnings(word) on conflict do nothing;
    return null;
end $$;

create function remove_provider_names() returns trigger language plpgsql as $$
begin
    delete from provider_names using removed
    where provider_names.health_plan = removed.health_plan and provider_names.npi = removed.npi;
    return null;
end $$;

create trigger providers_added after insert on providers
    referencing new table as added for each statement execute function add_provider_names();
create trigger providers_changed after update on providers
    referencing old table as removed new table as added for each statement execute function add_provider_names();
create trigger providers_removed after delete on providers
    referencing old table as removed for each statement execute function remove_provider_names();

-- names of what was loaded before this migration
update providers set kind = kind;
