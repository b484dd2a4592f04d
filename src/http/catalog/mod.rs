//! Catalogues of the content, searchable as they are typed: drugs, diagnoses, regimens, Pathways, biomarkers, cancer types, radiation.

mod drugs;
mod radiation;
mod regimens;
mod words;

use super::paging::{self, DEFAULT_LIMIT};
use super::problem::Problem;
use super::state::HttpState;
use crate::app::catalog;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().merge(drugs::routes()).merge(radiation::routes()).merge(regimens::routes()).merge(words::routes())
}

/// What to search for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// What was typed so far: the beginning of a name or of a code; misspellings are forgiven where nothing fits. Everything without it.
    #[param(max_length = 100)]
    q: Option<String>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// A page of what a search found, best first.
#[derive(Debug, Serialize, ToSchema)]
struct SearchPage<T> {
    /// The items.
    items: Vec<T>,
    /// Send it as `?cursor=` for the next page; null on the last one.
    next_cursor: Option<String>,
    /// What was searched for where nothing is called what was typed: misspelt words set right, and what is not understood left out.
    searched_for: Option<String>,
}

/// The page of everything found that the cursor leads to.
fn page<T, U>(
    found: catalog::Search<T>,
    limit: Option<u32>,
    cursor: Option<&str>,
    body: impl FnMut(T) -> U,
) -> Result<SearchPage<U>, Problem> {
    let limit = usize::try_from(limit.unwrap_or(DEFAULT_LIMIT)).unwrap_or(usize::MAX);
    let begin = paging::decode::<usize>(cursor)?.unwrap_or(0);
    let end = begin.saturating_add(limit);
    let next_cursor = (found.items.len() > end).then(|| paging::encode(&end));
    let items = found.items.into_iter().skip(begin).take(limit).map(body).collect();
    Ok(SearchPage { items, next_cursor, searched_for: found.searched_for })
}
