-- The service owns nothing, and only owners may have the planner's figures renewed. After a file was loaded they are far off.
create function analyze_roster(roster text) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if roster = 'members' then
        analyze members;
    else
        analyze providers, provider_names, provider_name_beginnings;
    end if;
end $$;
revoke execute on function analyze_roster(text) from public;
