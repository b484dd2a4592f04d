//! The service itself: its conventions, its catalogue and rosters, its PostgreSQL, and how its source is laid out.

#[path = "../support/source.rs"]
mod source;
#[path = "../support/mod.rs"]
mod support;

mod access_matrix;
mod access_record;
mod api_page;
mod backups;
mod callers;
mod catalog;
mod coverage_codes;
mod coverage_requirements;
mod database_tls;
mod doctor;
mod embedded_postgres;
mod failover;
mod http_conventions;
mod import_direction;
mod isolation;
mod kills;
mod liveness;
mod mangled_requests;
mod pooler;
mod portal;
mod program;
mod project_files;
mod public_metrics;
mod radiation_catalog;
mod registrations;
mod restricted_role;
mod role_routes;
mod rosters;
mod running;
mod schema_names;
mod seeing;
mod servers;
mod shards;
mod signed_tokens;
mod test_fixture;
mod typed_searches;
