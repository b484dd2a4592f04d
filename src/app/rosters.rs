//! Loading member and provider files (PRV-05): every row is checked, then the file replaces what it covers, or nothing changes.

use super::accesses::About;
use super::orders::{member_key, provider_key};
use super::places::Place;
use super::{App, Caller, Error, Result, tax_ids};
use crate::domain::names::{is_name, name_key};
use crate::domain::refusal::Fault;
use crate::domain::roster::{MemberRow, ProviderKind, ProviderRow, npi_is_valid};
use crate::rules::calendar::local_day;
use crate::store;
pub use crate::store::rosters::Loaded;
use crate::store::rosters::{Batch, Clash, Roster};
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use futures_util::{Stream, StreamExt as _};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Nobody alive was born before (an assumption, as for orders).
const EARLIEST_BIRTH_YEAR: i32 = 1880;
/// Rows staged at once.
const BATCH: usize = 500;
/// Faults listed at most; a further one says how many lines more are bad.
const LISTED: u16 = 1_000;
/// The guard where none is configured, outside a sandbox.
const DROP_GUARD_PERCENT: u8 = 20;

/// One line of a file: its row, or what is wrong with it.
#[derive(Debug)]
pub struct Line<R> {
    /// From 1.
    pub number: u64,
    /// Pointers of the faults lead into the row.
    pub row: std::result::Result<R, Vec<Fault>>,
}

/// A row of a file.
pub trait Row: Serialize {
    /// Which file.
    const ROSTER: Roster;
    /// What the schema cannot say is wrong with it, on the day of the load.
    fn faults(&self, today: NaiveDate) -> Vec<Fault>;
    /// Adds the columns of its own.
    fn add_to(&self, batch: &mut Batch);
}

/// Where a plan's day has begun, its file may tell of who was born on it.
fn day_of_load(app: &App, health_plan: &str, now: DateTime<Utc>) -> NaiveDate {
    let program = app.library.in_force(now.date_naive()).program_of_plan(health_plan);
    program.map_or(now.date_naive(), |program| local_day(now, program.time_zone))
}

/// Replaces a plan's file. `E` is whatever reading the stream may fail with.
pub async fn replace<R, E>(
    app: &App,
    caller: &Caller,
    health_plan: &str,
    lines: impl Stream<Item = std::result::Result<Line<R>, E>>,
    allow_drop: bool,
) -> std::result::Result<Loaded, E>
where
    R: Row,
    E: From<Error>,
{
    let fail = |error: sqlx::Error| E::from(Error::from(error));
    let now = app.clock.now();
    let known = app.library.in_force(now.date_naive()).program_of_plan(health_plan).is_some();
    if !known || !caller.serves_plan(health_plan) {
        return Err(Error::NotFound.into());
    }
    caller.accessed.add(About::Plan(health_plan.to_owned()));
    let today = day_of_load(app, health_plan, now);
    let _place = place(app, health_plan).await?;
    let mut transaction = app.pool.begin().await.map_err(fail)?;
    store::rosters::begin(&mut transaction, health_plan, R::ROSTER).await.map_err(Error::from)?;
    let mut faults = Faults::default();
    let mut chunks = std::pin::pin!(lines.chunks(BATCH));
    while let Some(chunk) = chunks.next().await {
        let mut batch = Batch::default();
        for line in chunk {
            add(&mut batch, line?, today, &mut faults)?;
        }
        store::rosters::stage(&mut transaction, &batch).await.map_err(Error::from)?;
    }
    let clashes = store::rosters::clashes(&mut transaction, i64::from(LISTED)).await.map_err(Error::from)?;
    faults.add_clashes(&clashes, R::ROSTER);
    faults.into_result()?;
    let loaded = store::rosters::compare(&mut transaction, health_plan, R::ROSTER).await.map_err(Error::from)?;
    check_drop(app, loaded, allow_drop)?;
    store::rosters::replace(&mut transaction, health_plan, R::ROSTER).await.map_err(Error::from)?;
    let id = app.ids.uuid(now);
    let file = (health_plan, R::ROSTER);
    store::rosters::record(&mut transaction, id, file, &caller.subject, now, loaded).await.map_err(Error::from)?;
    transaction.commit().await.map_err(fail)?;
    Ok(loaded)
}

/// A place for a file under way; waits a while for one. A file holds its connection for as long as it takes to arrive, and what else the
/// service does needs some, too. One plan's file does not keep another's.
async fn place(app: &App, health_plan: &str) -> Result<Place> {
    let otherwise = "another roster of this plan, or as many of others as may be, are being loaded already";
    app.roster_loads.take(health_plan, app.settings.request_timeout, otherwise).await
}

fn add<R: Row>(batch: &mut Batch, line: Line<R>, today: NaiveDate, faults: &mut Faults) -> Result<()> {
    let row = match line.row {
        Ok(row) => row,
        Err(found) => {
            faults.add(line.number, found);
            return Ok(());
        }
    };
    let found = row.faults(today);
    if !found.is_empty() {
        faults.add(line.number, found);
    }
    let document = serde_json::to_string(&row).map_err(|error| Error::Internal(format!("row does not serialize: {error}")))?;
    batch.line.push(i64::try_from(line.number).unwrap_or(i64::MAX));
    batch.row_hash.push(Sha256::digest(&document).iter().take(16).copied().collect());
    batch.document.push(document);
    row.add_to(batch);
    Ok(())
}

/// Refuses a file that looks truncated.
fn check_drop(app: &App, loaded: Loaded, allow_drop: bool) -> Result<()> {
    let default = (!app.settings.sandbox).then_some(DROP_GUARD_PERCENT);
    let Some(percent) = app.settings.roster_drop_guard_percent.or(default).filter(|_| !allow_drop) else { return Ok(()) };
    if loaded.removed.saturating_mul(100) > loaded.before.saturating_mul(i64::from(percent)) {
        return Err(Error::RosterDropGuard { removed: loaded.removed, before: loaded.before, percent });
    }
    Ok(())
}

/// The faults of a file: the first thousand, and how many lines more.
#[derive(Debug, Default)]
struct Faults {
    listed: Vec<Fault>,
    unlisted_lines: u64,
}

impl Faults {
    fn add(&mut self, line: u64, found: Vec<Fault>) {
        if self.listed.len() >= usize::from(LISTED) {
            self.unlisted_lines += 1;
            return;
        }
        self.listed.extend(found.into_iter().map(|fault| Fault { pointer: format!("/lines/{line}{}", fault.pointer), ..fault }));
    }

    fn add_clashes(&mut self, clashes: &[Clash], roster: Roster) {
        for clash in clashes {
            let (pointer, code, what) = match (roster, clash.same_key) {
                (Roster::Providers, _) => ("/npi", "duplicate", "is on line"),
                (Roster::Members, true) => ("/coverage_from", "duplicate", "this member's coverage from this day is on line"),
                (Roster::Members, false) => {
                    ("/coverage_from", "overlapping-coverage", "the span overlaps the one of this member on line")
                }
            };
            let line = u64::try_from(clash.line).unwrap_or_default();
            self.add(line, vec![Fault::new(pointer, code, format!("{what} {}", clash.earlier))]);
        }
    }

    fn into_result(mut self) -> Result<()> {
        if self.listed.is_empty() {
            return Ok(());
        }
        if self.unlisted_lines > 0 {
            let message = format!("{} further lines are bad and not listed", self.unlisted_lines);
            self.listed.push(Fault::new("/lines", "more-faults", message));
        }
        Err(Error::BadLines(self.listed))
    }
}

impl Row for MemberRow {
    const ROSTER: Roster = Roster::Members;

    fn faults(&self, today: NaiveDate) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.member_id.trim() != self.member_id || self.member_id.is_empty() {
            faults.push(Fault::new("/member_id", "malformed", "begins or ends with a space, or is empty"));
        }
        blank(&mut faults, "/first_name", &self.first_name);
        blank(&mut faults, "/last_name", &self.last_name);
        if self.coverage_through.is_some_and(|through| through < self.coverage_from) {
            faults.push(Fault::new("/coverage_through", "out-of-range", "is before coverage_from"));
        }
        if self.birth_date > today || self.birth_date.year() < EARLIEST_BIRTH_YEAR {
            let message = format!("{} is not a possible date of birth", self.birth_date);
            faults.push(Fault::new("/birth_date", "out-of-range", message));
        } else if self.coverage_through.is_some_and(|through| through < self.birth_date) {
            faults.push(Fault::new("/birth_date", "out-of-range", "is after the end of coverage"));
        }
        faults
    }

    fn add_to(&self, batch: &mut Batch) {
        batch.id.push(self.member_id.clone());
        batch.coverage_from.push(Some(self.coverage_from));
        batch.coverage_through.push(self.coverage_through);
        batch.birth_date.push(Some(self.birth_date));
        batch.folded_name.push(member_key(self));
        batch.kind.push(None);
        batch.tax_ids.push(None);
        batch.in_network.push(None);
    }
}

impl Row for ProviderRow {
    const ROSTER: Roster = Roster::Providers;

    fn faults(&self, _: NaiveDate) -> Vec<Fault> {
        let mut faults = Vec::new();
        if !npi_is_valid(&self.npi) {
            faults.push(Fault::new("/npi", "malformed", "the check digit is wrong"));
        }
        let names = match self.kind {
            ProviderKind::Individual => vec![("/first_name", &self.first_name), ("/last_name", &self.last_name)],
            ProviderKind::Facility => vec![("/name", &self.name)],
        };
        for (pointer, name) in names {
            blank(&mut faults, pointer, name.as_deref().unwrap_or_default());
        }
        faults.extend(tax_ids::faults(&self.tax_ids));
        faults
    }

    fn add_to(&self, batch: &mut Batch) {
        batch.id.push(self.npi.clone());
        batch.coverage_from.push(None);
        batch.coverage_through.push(None);
        batch.birth_date.push(None);
        batch.folded_name.push(provider_key(self));
        batch.kind.push(Some(self.kind.as_str()));
        batch.tax_ids.push(Some(self.tax_ids.join(" ")));
        batch.in_network.push(Some(self.in_network));
    }
}

fn blank(faults: &mut Vec<Fault>, pointer: &str, text: &str) {
    if text.trim().is_empty() {
        faults.push(Fault::new(pointer, "missing", "is required"));
    } else if !(is_name(text) || pointer == "/name" && !name_key(text).is_empty()) {
        faults.push(Fault::new(pointer, "malformed", "is no name: there is no letter in it"));
    }
}
