//! Lists: `?limit=` and an opaque `?cursor=`, answered with `{items, next_cursor}`.

use super::problem::Problem;
use crate::domain::refusal::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

/// How many items a page has unless the caller says otherwise.
pub const DEFAULT_LIMIT: u32 = 50;

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Send it as `?cursor=` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page from up to `limit + 1` items: the one too many says that there is a next page. `position` is where an item lies.
    pub fn new<P: Serialize>(mut items: Vec<T>, limit: u32, position: impl Fn(&T) -> P) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        Self::of(items, more, position)
    }

    /// A page of these items, where it is known whether there are more.
    pub fn of<P: Serialize>(items: Vec<T>, more: bool, position: impl Fn(&T) -> P) -> Self {
        let next_cursor = if more { items.last().map(|item| encode(&position(item))) } else { None };
        Self { items, next_cursor }
    }

    /// The same page of other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next_cursor: self.next_cursor }
    }
}

/// A position as an opaque text.
pub fn encode<P: Serialize>(position: &P) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).unwrap_or_default())
}

/// Reads a position back; a cursor that was not made here is a fault of the query.
pub fn decode<P: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<P>, Problem> {
    let Some(text) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).map(Some).ok_or_else(|| {
        Problem::validation(vec![Fault::new("?cursor", "malformed", "send `next_cursor` of the page before unchanged")])
    })
}

#[cfg(test)]
mod tests {
    use super::{Page, decode};

    #[test]
    fn a_cursor_leads_to_the_next_page_and_a_forged_one_is_refused() {
        let page = Page::new(vec![1, 2, 3], 2, |item| *item);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(decode::<i32>(page.next_cursor.as_deref()).unwrap(), Some(2));
        assert_eq!(Page::new(vec![1, 2], 2, |item| *item).next_cursor, None);
        assert!(decode::<i32>(Some("%%")).is_err());
        assert!(decode::<i32>(Some("e30")).is_err());
    }
}
