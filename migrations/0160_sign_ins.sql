-- People who sign in at an OpenID provider. The browser keeps a secret, the provider repeats the state; here are their SHA-256.
create table sign_ins (
    state_hash   bytea primary key check (octet_length(state_hash) = 32),
    browser_hash bytea not null check (octet_length(browser_hash) = 32),
    authority    text not null check (authority <> ''),
    destination  text not null check (destination like '/%'),
    begun_at     timestamptz not null
);

comment on table sign_ins is 'Sign-ins whose browsers are at their provider: each counts once, for ten minutes, in the browser that began it';

-- forgetting those that did not come back
create index sign_ins_begun_at on sign_ins (begun_at);

-- A session ends when its provider is no longer one of this installation's. The people of a sandbox have none.
alter table portal_sessions add column issuer text check (issuer <> '');
