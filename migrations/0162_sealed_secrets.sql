-- Secrets of webhooks are sealed where the installation has a key for that (a version, a nonce, the secret, a tag), and 32 bytes otherwise.
alter table feed_webhooks drop constraint feed_webhooks_secret_check;
alter table feed_webhooks add constraint feed_webhooks_secret_check check (octet_length(secret) in (32, 61));
alter table feed_webhooks add constraint feed_webhooks_previous_secret_check check (octet_length(previous_secret) in (32, 61));
