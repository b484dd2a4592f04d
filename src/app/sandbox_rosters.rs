//! The demonstration rosters of a sandbox. Everybody in them is made up: the files are in `content/sandbox`.

use super::accesses::Accessed;
use super::rosters::{Line, Row, replace};
use super::{App, Caller, Error, Result};
use crate::domain::roster::{MemberRow, ProviderRow};
use crate::domain::vocabulary::CallerRole;
use crate::store;
use futures_util::stream;
use serde::de::DeserializeOwned;

/// Health plan, member file, provider file.
const FILES: [(&str, &str, &str); 3] = [
    (
        "anthem-blue-medicare-advantage",
        include_str!("../../content/sandbox/anthem-blue-medicare-advantage/members.ndjson"),
        include_str!("../../content/sandbox/anthem-blue-medicare-advantage/providers.ndjson"),
    ),
    (
        "bcbs-massachusetts",
        include_str!("../../content/sandbox/bcbs-massachusetts/members.ndjson"),
        include_str!("../../content/sandbox/bcbs-massachusetts/providers.ndjson"),
    ),
    (
        "bcbs-michigan",
        include_str!("../../content/sandbox/bcbs-michigan/members.ndjson"),
        include_str!("../../content/sandbox/bcbs-michigan/providers.ndjson"),
    ),
];

/// Loads each demonstration file whose plan has sent none of its kind: a start that was cut off goes on where it was. Plans that content does
/// not know are passed over.
pub async fn load_missing(app: &App) -> Result<()> {
    let caller = Caller {
        role: CallerRole::Administrator,
        subject: "service".to_owned(),
        tax_ids: Vec::new(),
        health_plan: None,
        token_id: None,
        scopes: None,
        accessed: Accessed::default(),
    };
    let content = app.library.in_force(app.clock.now().date_naive());
    for (plan, members, providers) in FILES.iter().filter(|(plan, ..)| content.program_of_plan(plan).is_some()) {
        load::<MemberRow>(app, &caller, plan, members).await?;
        load::<ProviderRow>(app, &caller, plan, providers).await?;
    }
    Ok(())
}

async fn load<R: Row + DeserializeOwned>(app: &App, caller: &Caller, plan: &str, file: &str) -> Result<()> {
    if store::rosters::was_sent(&mut *app.pool.acquire().await?, plan, R::ROSTER).await? {
        return Ok(());
    }
    let read = |(number, text): (u64, &str)| {
        serde_json::from_str(text)
            .map(|row| Line::<R> { number, row: Ok(row) })
            .map_err(|error| Error::Internal(format!("demonstration roster of {plan}, line {number}: {error}")))
    };
    let lines: Vec<std::result::Result<Line<R>, Error>> = (1..).zip(file.lines()).map(read).collect();
    replace(app, caller, plan, stream::iter(lines), true).await?;
    Ok(())
}
