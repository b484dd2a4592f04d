-- Whose rights the statements of a transaction have, until it ends (docs/access.md): a practice's, by the parties that see a case; those of a
-- practice that verifies, also by the order numbers that it named; a plan's, by its name. Where the tables have no policies, because nobody
-- has run what `oncoauth grants` prints, the statements alone keep practices and plans apart.
create function act_for(kind text, whose text, order_ids text default '') returns void language plpgsql as $$
begin
    perform set_config('oncoauth.sight', whose, true), set_config('oncoauth.order_ids', order_ids, true);
    if (select relrowsecurity from pg_class where oid = 'cases'::regclass) then
        perform set_config('role', 'oncoauth_' || kind, true);
    end if;
end $$;
