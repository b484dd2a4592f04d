//! File descriptors: how many the process may have. Each connection takes one, and so does each connection to the database.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than anybody needs; where the system allows any number, some programs go through all that they may have.
const ENOUGH: u64 = 65_536;

/// Connections of callers, where nobody says how many.
pub const USUAL_CONNECTIONS: u32 = 8_192;

/// Has the system grant as many as it may, and says how many it grants.
pub fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let granted = current.unwrap_or(ENOUGH);
    let wanted = maximum.unwrap_or(ENOUGH).min(ENOUGH);
    if wanted <= granted {
        return granted;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }) {
        Ok(()) => wanted,
        Err(error) => {
            tracing::warn!(%error, granted, "the limit of open files stays as it is");
            granted
        }
    }
}

/// How many connections of callers there may be beside everything else that the process opens.
pub fn connections(asked: Option<u32>, descriptors: u64, to_the_database: u32) -> usize {
    /// For files, the listener, pipes, and whoever is told that it is full.
    const SPARE: u64 = 192;
    let free = descriptors.saturating_sub(SPARE + u64::from(to_the_database)).max(16);
    let wanted = asked.unwrap_or(USUAL_CONNECTIONS);
    let most = u64::from(wanted).min(free);
    if most < u64::from(asked.unwrap_or(0)) {
        tracing::warn!(asked = wanted, most, descriptors, "fewer connections than asked for: the limit of open files is low");
    }
    usize::try_from(most).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::connections;

    #[test]
    fn connections_leave_descriptors_for_everything_else() {
        assert_eq!(connections(None, 65_536, 30), 8_192);
        assert_eq!(connections(Some(20_000), 65_536, 30), 20_000);
        assert_eq!(connections(Some(20_000), 1_024, 30), 802);
        assert_eq!(connections(None, 256, 30), 34);
        assert_eq!(connections(None, 64, 30), 16);
    }
}
