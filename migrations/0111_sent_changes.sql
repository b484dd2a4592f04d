-- A request that changed a case: what it was known by, and what it was answered, so that a copy of it gets the same.
alter table sent_requests add column fingerprint bytea check (length(fingerprint) = 32), add column answer json,
    add constraint sent_requests_answered_where_known check ((fingerprint is null) = (answer is null));
