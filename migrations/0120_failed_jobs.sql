-- What is due and could not be done: a timer that failed keeps an id by which an administrator sees it and tries it again. It stays due,
-- and is tried again by itself, until it is done or no longer due: a deadline is never given up.
alter table timers
    add column failed_job_id   uuid,
    add column first_failed_at timestamptz,
    add column last_failed_at  timestamptz;
-- those that had failed before this was noted
update timers set failed_job_id = gen_random_uuid(), first_failed_at = now(), last_failed_at = now() where attempts > 0;
alter table timers
    add constraint timers_failures_are_listed check (
        (attempts = 0) = (failed_job_id is null) and (attempts = 0) = (first_failed_at is null) and (attempts = 0) = (last_failed_at is null));
create unique index timers_failed on timers (failed_job_id, shard) where failed_job_id is not null;
