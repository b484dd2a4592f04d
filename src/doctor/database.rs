//! The database: whether it is reached, what it is, whether it keeps what it is given.

use super::{Finding, machine, state};
use crate::hosts::{Hosts, Seen};
use crate::options::ServeOptions;
use crate::serve::database_connections;
use chrono::TimeDelta;
use oncoauth::clock::Clock;
use oncoauth::store::checkup::{self, Grants, Migrations, RowSecurity, Server};
use oncoauth::store::{self, Sessions};
use sqlx::{Connection as _, PgConnection};
use std::path::Path;

/// The oldest version that the tables work with.
const OLDEST: i32 = 140_000;
/// Clocks that differ by more are worth a look,
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(2);
/// and by more than this, deadlines are met by one clock and missed by the other.
const CLOCKS_WRONG: TimeDelta = TimeDelta::seconds(30);
/// With less room a disk of the database wants a look.
const FOR_DATA: u64 = 20_000_000_000;

/// Looks; everything about the database depends on reaching it.
pub async fn look(options: &ServeOptions, plans: &[String]) -> Vec<Finding> {
    const CHECK: &str = "database";
    let Some(url) = options.database.url() else {
        let mut findings = vec![Finding::warning(
            CHECK,
            "no URL is given: the service starts a PostgreSQL of its own and runs as a sandbox, whose tokens anybody knows",
            "give --database-url (DATABASE_URL) to serve for real, or to have a sandbox on a database looked at",
        )];
        let dir = options.database.data_dir.clone().or_else(|| oncoauth::postgres::default_data_dir().ok());
        if let Some(dir) = dir.as_deref().and_then(|dir| dir.ancestors().find(|dir| dir.exists())) {
            findings.push(space(dir));
        }
        return findings;
    };
    let hosts = match Hosts::read(url).and_then(|hosts| hosts.with(options.database.sessions())) {
        Ok(hosts) => hosts,
        Err(error) => return vec![Finding::fault(CHECK, error.to_string(), "mend --database-url (DATABASE_URL)")],
    };
    let mut findings: Vec<Finding> = servers(&hosts.look().await).into_iter().collect();
    let mut connection = match hosts.connect().await {
        Ok(connected) => connected.connection,
        Err(error) => {
            let remedy = "start the server, or mend --database-url: its host, port, database, role and password, and the server's pg_hba.conf";
            findings.push(Finding::fault(CHECK, error.to_string(), remedy));
            return findings;
        }
    };
    match inside(options, &hosts, &mut connection, plans).await {
        Ok(found) => findings.extend(found),
        Err(error) => {
            findings.push(Finding::fault(CHECK, format!("it was reached and did not answer: {error}"), "look into its log"));
        }
    }
    drop(connection.close().await);
    findings
}

async fn inside(
    options: &ServeOptions,
    hosts: &Hosts,
    conn: &mut PgConnection,
    plans: &[String],
) -> oncoauth::store::Result<Vec<Finding>> {
    let mut look = checkup::look(conn).await?;
    let conn = &mut *look;
    let server = checkup::server(conn).await?;
    let mut findings = vec![
        version(hosts, &server),
        encryption(server.encrypted, server.on_this_machine),
        durability(&server),
        room_for_connections(options, &server),
    ];
    findings.extend(hosts.several().then(|| synchronous(&server)));
    if options.database.sessions() == Sessions::Lent {
        findings.push(settings_of_the_role(&server.role, &checkup::unlimited(conn).await?));
    }
    findings.push(clocks(conn).await?);
    findings.push(match server.data_directory.as_deref().map(Path::new).filter(|dir| server.on_this_machine && dir.exists()) {
        Some(dir) => space(dir),
        None => Finding::unknown("data_space", "the data are on another machine, or the role may not know where: look there"),
    });
    let migrated = checkup::migrations(conn).await?;
    findings.push(migrations(&migrated));
    if migrated.missing.is_empty() {
        findings.push(grants(&server, &checkup::grants(conn).await?));
        findings.push(row_security(&checkup::row_security(conn).await?));
        findings.extend(state::look(options, conn, plans).await?);
    } else {
        findings.push(Finding::unknown("state", "what the tables hold is looked at when the migrations are applied"));
    }
    Ok(findings)
}

/// Of several servers one takes writes, and the others are there.
fn servers(seen: &[Seen]) -> Option<Finding> {
    const CHECK: &str = "servers";
    if seen.len() < 2 {
        return None;
    }
    let told: Vec<String> = seen.iter().map(ToString::to_string).collect();
    let told = told.join("; ");
    let writers = seen.iter().filter(|one| one.takes_writes == Ok(true)).count();
    let away = seen.iter().any(|one| one.takes_writes.is_err());
    Some(if writers > 1 {
        Finding::fault(CHECK, told, "stop the servers that are not the primary: orders stored there are lost to the others")
    } else if writers == 0 {
        Finding::fault(CHECK, told, "promote a standby (docs/operate.md), or start the primary")
    } else if away {
        Finding::warning(CHECK, told, "bring the missing server back: until then nothing takes over")
    } else {
        Finding::ok(CHECK, told)
    })
}

fn version(hosts: &Hosts, server: &Server) -> Finding {
    const CHECK: &str = "database";
    let message = format!("PostgreSQL {}, {}, as {}", server.version, hosts.place(), server.role);
    if server.version_number < OLDEST {
        return Finding::fault(CHECK, message, "use PostgreSQL 14 or newer");
    }
    if server.standby {
        return Finding::fault(
            CHECK,
            format!("{message}: a standby, which takes no writes"),
            "name the primary, or promote it (docs/operate.md)",
        );
    }
    Finding::ok(CHECK, message)
}

fn encryption(encrypted: bool, on_this_machine: bool) -> Finding {
    const CHECK: &str = "database_tls";
    match (encrypted, on_this_machine) {
        (true, _) => Finding::ok(CHECK, "the connections are encrypted"),
        (false, true) => Finding::ok(CHECK, "not encrypted: the server is on this machine"),
        (false, false) => Finding::warning(
            CHECK,
            "patients' data pass to the server on another machine in the clear",
            "give the server a certificate (ssl = on), and end --database-url with sslmode=verify-full&sslrootcert=FILE (docs/operate.md)",
        ),
    }
}

fn durability(server: &Server) -> Finding {
    const CHECK: &str = "durability";
    let off: Vec<&str> = [("fsync", server.fsync), ("full_page_writes", server.full_page_writes)]
        .iter()
        .filter(|(_, on)| !on)
        .map(|(name, _)| *name)
        .collect();
    if !off.is_empty() {
        let message = format!("{} is off: a power cut loses the database", off.join(" and "));
        return Finding::fault(CHECK, message, "set fsync and full_page_writes to on in postgresql.conf, and reload");
    }
    if server.synchronous_commit == "off" {
        return Finding::fault(
            CHECK,
            "synchronous_commit is off: an order that was answered with an Order ID may be forgotten",
            "set synchronous_commit to on in postgresql.conf or for the role, and reload",
        );
    }
    Finding::ok(CHECK, format!("fsync and full_page_writes are on, synchronous_commit is {}", server.synchronous_commit))
}

/// With several servers a failover is meant, which loses what no standby has.
fn synchronous(server: &Server) -> Finding {
    const CHECK: &str = "replication";
    let waits = matches!(server.synchronous_commit.as_str(), "on" | "remote_apply" | "remote_write");
    if server.synchronous_standby_names.is_empty() || !waits {
        return Finding::warning(
            CHECK,
            "several servers, and commits wait for no standby: a failover loses orders that were acknowledged last",
            "set synchronous_standby_names, with synchronous_commit on (docs/operate.md)",
        );
    }
    Finding::ok(CHECK, format!("commits wait for {} ({})", server.synchronous_standby_names, server.synchronous_commit))
}

fn room_for_connections(options: &ServeOptions, server: &Server) -> Finding {
    const CHECK: &str = "database_connections";
    let most = i64::from(server.max_connections);
    let own = i64::from(database_connections(options));
    if most < own {
        return Finding::fault(
            CHECK,
            format!("the server takes {most}, and this process may open {own}"),
            "raise max_connections in postgresql.conf, or give a lower --database-connections",
        );
    }
    if most < 2 * own {
        return Finding::warning(
            CHECK,
            format!("the server takes {most}, and two processes, as in a rolling restart, may open {}", 2 * own),
            "raise max_connections in postgresql.conf, or give a lower --database-connections",
        );
    }
    Finding::ok(CHECK, format!("the server takes {most}; this process opens {own} at most"))
}

/// Behind a pooler the service sets nothing for a session.
fn settings_of_the_role(role: &str, unlimited: &[String]) -> Finding {
    const CHECK: &str = "session_settings";
    if unlimited.is_empty() {
        return Finding::ok(CHECK, format!("the role {role} has the settings that a pooler's sessions need"));
    }
    let wanted = store::SETTINGS.iter().filter(|(name, _)| unlimited.iter().any(|one| one == name));
    let remedy: Vec<String> = wanted.map(|(name, value)| format!("alter role {role} set {name} = '{value}'")).collect();
    Finding::fault(
        CHECK,
        format!("nothing limits {} of the role {role}: what hangs would keep its locks", unlimited.join(", ")),
        format!("as the database's owner: {}; then reconnect the pooler", remedy.join("; ")),
    )
}

async fn clocks(conn: &mut PgConnection) -> oncoauth::store::Result<Finding> {
    const CHECK: &str = "clocks";
    let before = Clock::system().now();
    let theirs = checkup::clock(conn).await?;
    let after = Clock::system().now();
    // the answer is from somewhere between; within that they agree
    let apart = (before - theirs).max(theirs - after).max(TimeDelta::zero());
    Ok(clock_finding(CHECK, apart))
}

fn clock_finding(check: &'static str, apart: TimeDelta) -> Finding {
    let remedy = "set both machines by NTP (chrony, systemd-timesyncd)";
    let message = format!("this machine's clock and the database's are {} ms apart", apart.num_milliseconds());
    if apart > CLOCKS_WRONG {
        Finding::fault(check, message, remedy)
    } else if apart > CLOCKS_DIFFER {
        Finding::warning(check, message, remedy)
    } else {
        Finding::ok(check, message)
    }
}

fn space(dir: &Path) -> Finding {
    machine::disk_space("data_space", dir, FOR_DATA, "free space or enlarge the disk: a database without room takes no order")
}

fn migrations(found: &Migrations) -> Finding {
    const CHECK: &str = "migrations";
    let list = |versions: &[i64]| versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if let Some(version) = found.broken_off {
        let message = format!("migration {version} broke off");
        return Finding::fault(
            CHECK,
            message,
            "restore the database from before it, or undo it by hand, and run oncoauth migrate",
        );
    }
    if !found.changed.is_empty() {
        let message = format!("applied migrations are not those of this version: {}", list(&found.changed));
        return Finding::fault(CHECK, message, "run the version that made this database, or restore one that this version made");
    }
    if !found.missing.is_empty() {
        let message = format!("{} migrations are not applied: {}", found.missing.len(), list(&found.missing));
        return Finding::fault(CHECK, message, "run oncoauth migrate as the owner of the tables, or serve with --migrate-as");
    }
    if !found.unknown.is_empty() {
        let message = format!("a newer version has been here: {}", list(&found.unknown));
        return Finding::warning(CHECK, message, "finish the change of versions: have every process run the newer one");
    }
    Finding::ok(CHECK, "up to date")
}

fn grants(server: &Server, found: &Grants) -> Finding {
    const CHECK: &str = "grants";
    if !found.missing.is_empty() {
        let message = format!("{} lacks {}", server.role, found.missing.join(", "));
        return Finding::fault(
            CHECK,
            message,
            "run what `oncoauth grants` prints as the owner of the tables, or serve with --migrate-as",
        );
    }
    let why = if server.superuser {
        "is a superuser"
    } else if server.owns_tables {
        "owns the tables"
    } else if found.beyond.is_empty() {
        return Finding::ok(CHECK, format!("{} has what the service needs, and nothing beyond", server.role));
    } else {
        let message = format!("{} may {}, which is only ever added to", server.role, found.beyond.join(", "));
        return Finding::warning(CHECK, message, "revoke that; `oncoauth grants` prints what is needed");
    };
    Finding::warning(
        CHECK,
        format!("{} {why}: whoever takes the service over can rewrite histories and records", server.role),
        "serve as a role that owns nothing, with --migrate-as for the owner (docs/access.md)",
    )
}

fn row_security(found: &RowSecurity) -> Finding {
    const CHECK: &str = "row_security";
    let remedy = "run what `oncoauth grants` prints as the owner of the tables, or serve with --migrate-as (docs/access.md)";
    if found.open.is_empty() && found.withheld.is_empty() {
        return Finding::ok(CHECK, "practices and plans are kept apart by the database, too");
    }
    // the service takes these roles on where there are policies for cases
    if !found.withheld.is_empty() && !found.open.iter().any(|table| table == "cases") {
        let message = format!("practices and plans can read nothing: the role may not act as {}", found.withheld.join(", "));
        return Finding::fault(CHECK, message, remedy);
    }
    let message = format!("the statements alone keep practices and plans apart in {}", found.open.join(", "));
    Finding::warning(CHECK, message, remedy)
}

#[cfg(test)]
mod tests {
    use super::{clock_finding, servers};
    use crate::doctor::Verdict;
    use crate::hosts::Seen;
    use chrono::TimeDelta;

    #[test]
    fn clocks_that_differ_are_told_by_how_much() {
        let verdict = |milliseconds| clock_finding("clocks", TimeDelta::milliseconds(milliseconds)).verdict;
        assert_eq!([verdict(1_999), verdict(2_001), verdict(30_001)], [Verdict::Ok, Verdict::Warning, Verdict::Fault]);
    }

    #[test]
    fn of_several_servers_one_takes_writes_and_none_is_missing() {
        let verdict = |seen: &[Result<bool, &str>]| {
            let one = |takes_writes: &Result<bool, &str>| Seen {
                address: "a:1".to_owned(),
                takes_writes: takes_writes.map_err(str::to_owned),
            };
            servers(&seen.iter().map(one).collect::<Vec<_>>()).map(|finding| finding.verdict)
        };
        assert_eq!(verdict(&[Ok(true)]), None);
        assert_eq!(verdict(&[Ok(false), Ok(true)]), Some(Verdict::Ok));
        assert_eq!(verdict(&[Ok(true), Err("refused")]), Some(Verdict::Warning));
        for seen in [[Ok(true), Ok(true)], [Ok(false), Err("refused")]] {
            assert_eq!(verdict(&seen), Some(Verdict::Fault));
        }
    }
}
