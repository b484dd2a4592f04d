//! Other radiation of the same member.

use super::Treated;
use crate::domain::case::Notice;
use crate::domain::content::Content;
use crate::domain::order::OrderRequest;
use crate::domain::vocabulary::{CaseStatus, NoticeCode, Service};
use crate::rules::facts::RelatedCase;
use chrono::NaiveDate;

const SITE: &str = "site:";
const SIDE: &str = "side:";

/// What a course is filed under: its site, and its side where it is known.
pub fn course_words(order: &OrderRequest, content: &Content) -> Vec<String> {
    order.radiation.as_ref().map(|entered| words(&Treated::read(order, entered, content))).unwrap_or_default()
}

pub(super) fn words(treated: &Treated<'_>) -> Vec<String> {
    let of_site = [SITE, treated.site_key().unwrap_or("unknown")].concat();
    std::iter::once(of_site).chain(treated.side.map(|side| [SIDE, side.as_str()].concat())).collect()
}

/// Cases of the same site and side whose ranges meet this one's. A site that nobody understood may be any, and so may a side.
pub(super) fn find(treated: &Treated<'_>, related: &[RelatedCase], range: (NaiveDate, NaiveDate)) -> Vec<Notice> {
    let own = words(treated);
    let is_similar = |case: &&RelatedCase| {
        case.service == Service::RadiationOncology
            && !matches!(case.status, CaseStatus::NonAuthorized | CaseStatus::ReviewCancelled)
            && !case.treatment_ingredients.is_empty()
            && case.valid_from <= range.1
            && range.0 <= case.valid_through
            && may_be_same(&own, &case.treatment_ingredients)
    };
    let notice = |case: &RelatedCase| {
        // what another practice treats, and when, is not told with this one's case
        let told = if case.is_theirs {
            let words = case.treatment_ingredients.iter().map(|word| word.replace(['_', ':'], " "));
            let words = words.collect::<Vec<_>>().join(", ");
            format!("radiation of this member ({words}) is on file from {} to {}", case.valid_from, case.valid_through)
        } else {
            "other radiation of this member is on file for these days".to_owned()
        };
        let text = format!("{told}; a nurse checks whether this is a duplicate (DUP-01)");
        Notice::new(NoticeCode::DuplicateOrder, &text, Some(case.case_id))
    };
    related.iter().filter(is_similar).map(notice).collect()
}

fn may_be_same(own: &[String], other: &[String]) -> bool {
    fn of<'w>(words: &'w [String], kind: &str) -> Option<&'w str> {
        words.iter().find_map(|word| word.strip_prefix(kind))
    }
    let may = |kind: &str, open: &str| match (of(own, kind), of(other, kind)) {
        (Some(own), Some(other)) => own == other || own == open || other == open,
        _ => true,
    };
    may(SITE, "unknown") && may(SIDE, "both")
}
