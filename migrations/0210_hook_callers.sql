-- Systems whose CDS Hooks calls are answered: who they say that they are (`iss`) in the tokens that they sign for each call.
alter table smart_clients add column issuer text check (length(issuer) between 1 and 500);
create unique index smart_clients_issuer on smart_clients (issuer) where revoked_at is null;
