//! Whose rights a statement has. What practices and plans read is read in transactions that have taken theirs on: there the database itself
//! shows no row beyond them, whatever a statement leaves out (`grants.sql`, docs/access.md). They end with the transaction, so that no
//! connection keeps them. Everything else has the rights of the service.

use super::{Result, pool, together::array_literal};
use sqlx::{PgPool, PgTransaction};
use std::fmt::Write as _;

/// How far somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Every case.
    All,
    /// Cases of one plan.
    Plan(String),
    /// Cases that name one of these parties.
    Parties(Vec<String>),
}

impl Sight {
    /// Begins a transaction that only reads, and sees so far.
    pub async fn begin_in(&self, pool: &PgPool) -> Result<PgTransaction<'static>> {
        pool::open(pool, &self.opening(None)).await
    }

    /// The same for who verifies these orders: parties see them, too, where they are authorized.
    pub async fn begin_verifying(&self, pool: &PgPool, order_ids: &[String]) -> Result<PgTransaction<'static>> {
        pool::open(pool, &self.opening(Some(order_ids))).await
    }

    /// One message to the server, with its values in digits: nothing in them is read as SQL.
    fn opening(&self, verifies: Option<&[String]>) -> String {
        let (kind, whose) = match (self, verifies) {
            (Self::All, _) => return "begin read only".to_owned(),
            (Self::Plan(plan), _) => ("plan", plan.clone()),
            (Self::Parties(parties), None) => ("practice", array_literal(parties)),
            (Self::Parties(parties), Some(_)) => ("verifier", array_literal(parties)),
        };
        acting_for(kind, &whose, verifies.unwrap_or_default())
    }
}

/// Begins a transaction that reads what is one caller's own, and nothing else.
pub async fn begin_own(pool: &PgPool, owner: &str) -> Result<PgTransaction<'static>> {
    pool::open(pool, &acting_for("writer", owner, &[])).await
}

fn acting_for(kind: &str, whose: &str, order_ids: &[String]) -> String {
    format!("begin read only; select act_for('{kind}', {}, {})", text(whose), text(&array_literal(order_ids)))
}

/// A text as SQL, whatever stands in it.
fn text(value: &str) -> String {
    let mut sql = String::from("convert_from(decode('");
    for byte in value.bytes() {
        // writing to a String does not fail
        let _ = write!(sql, "{byte:02x}");
    }
    sql.push_str("', 'hex'), 'UTF8')");
    sql
}

#[cfg(test)]
mod tests {
    use super::{Sight, text};

    #[test]
    fn values_are_never_read_as_sql() {
        assert_eq!(text("o'1"), "convert_from(decode('6f2731', 'hex'), 'UTF8')");
        let opening = Sight::Parties(vec!["u'); reset role; --".to_owned()]).opening(None);
        assert!(!opening.contains("reset") && opening.matches('\'').count() == 14, "{opening}");
        assert_eq!(Sight::All.opening(None), "begin read only");
    }
}
