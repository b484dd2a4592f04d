//! Changes of what is there. Who changes a case may have to wait for somebody who holds it, or its member, and keeps a connection meanwhile. So
//! at most half of the connections are theirs, and at most a quarter one caller's: the others read and order on.

use super::places::Place;
use super::{App, Result};
use sqlx::{PgConnection, PgTransaction};
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// The longest that anybody waits for a place, as orders wait for their member: with what a connection may take, less than a request may.
const PATIENCE: Duration = Duration::from_secs(6);

/// A change that was begun. What is not committed is undone.
#[derive(Debug)]
pub struct Change {
    transaction: PgTransaction<'static>,
    _place: Place,
}

/// Begins a change of this caller.
pub async fn begin(app: &App, who: &str) -> Result<Change> {
    let place = app.changing.take(who, PATIENCE, "other changes wait for somebody who holds a case or a member").await?;
    Ok(Change { transaction: app.pool.begin().await?, _place: place })
}

impl Change {
    /// Makes it so.
    pub async fn commit(self) -> Result<()> {
        Ok(self.transaction.commit().await?)
    }
}

impl Deref for Change {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}
