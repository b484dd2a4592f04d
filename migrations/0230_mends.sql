-- Headers of subscriptions are secrets like those of webhooks: sealed where the installation has a key for that. A byte says whether, a list in
-- JSON follows.
alter table subscriptions add column sealed_headers bytea;
update subscriptions set sealed_headers = '\x00'::bytea || convert_to(array_to_json(headers)::text, 'UTF8');
alter table subscriptions drop column headers;
alter table subscriptions rename column sealed_headers to headers;
alter table subscriptions alter column headers set not null, add constraint subscriptions_headers_say_whether check (octet_length(headers) > 0);

-- From which address a stranger asked for a mail: what one address may send is counted for each mailbox.
alter table mails add column asked_from text;
