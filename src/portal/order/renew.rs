//! Several orders that end soon, ordered again one after the other: each opens as an order made anew, and sending it opens the next.

use super::super::failure::Failure;
use super::super::fields::Fields;
use super::super::pages::{PRACTICE, Pages, Who};
use super::super::visitor::Visitor;
use super::super::{case, my_orders};
use crate::app::{App, orders};
use crate::documents::words;
use crate::domain::case::Case;
use crate::domain::vocabulary::Service;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use uuid::Uuid;

/// Orders that are ordered again at once.
const MOST: usize = 25;

pub(super) fn pages(pages: Pages) -> Pages {
    pages.ask("/orders/renew", Who::SignedIn(PRACTICE), begin)
}

/// Those that are still to come, and the order that was just made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Queue {
    pub then: Vec<Uuid>,
    pub made: Option<Uuid>,
}

/// What the form says of it.
#[derive(Debug, Clone)]
pub(super) struct InRow {
    /// The others, as the form carries them along.
    pub then: String,
    /// How many come after this one.
    pub left: usize,
    /// Where one goes on without ordering this one.
    pub without: String,
    /// The order that was just made, in words, and its case.
    pub made: Option<(String, Uuid)>,
}

impl Queue {
    /// From an address: it names cases by their ids, and says nothing about anybody.
    pub fn of_address(query: &str) -> Self {
        let mut queue = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "then" => queue.then = ids(&value),
                "made" => queue.made = value.parse().ok(),
                _ => {}
            }
        }
        queue
    }

    /// From a form.
    pub fn of_form(fields: &Fields) -> Self {
        Self { then: fields.text("then").map(ids).unwrap_or_default(), made: None }
    }

    /// Where one goes on: with the next order, or to that which was made last.
    pub fn next(&self, made: Option<Uuid>) -> String {
        let made_too = made.map(|made| format!("&made={made}")).unwrap_or_default();
        match (self.then.split_first(), made) {
            (Some((next, rest)), _) => format!("/cases/{next}/again?then={}{made_too}", joined(rest)),
            (None, Some(made)) => format!("/cases/{made}"),
            (None, None) => "/orders?tab=ending".to_owned(),
        }
    }
}

fn ids(text: &str) -> Vec<Uuid> {
    text.split(',').filter_map(|id| id.parse().ok()).take(MOST).collect()
}

fn joined(ids: &[Uuid]) -> String {
    ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(",")
}

/// What the form says where it is one of several.
pub(super) async fn in_row(app: &App, visitor: &Visitor, queue: &Queue) -> Result<Option<InRow>, Failure> {
    if queue.then.is_empty() && queue.made.is_none() {
        return Ok(None);
    }
    let made = match queue.made {
        Some(case_id) => Some((outcome(app, visitor, case_id).await?, case_id)),
        None => None,
    };
    Ok(Some(InRow { then: joined(&queue.then), left: queue.then.len(), without: queue.next(None), made }))
}

/// What became of the order that was made last.
async fn outcome(app: &App, visitor: &Visitor, case_id: Uuid) -> Result<String, Failure> {
    let case: Case = orders::view::read_back(&orders::get(app, &visitor.caller, case_id).await?.body)?;
    let number = case.order_id.or(case.case_number).unwrap_or_else(|| case_id.to_string());
    Ok(format!("{}, {number}", words::case_status(case.status)))
}

/// Opens the first of those that were picked.
async fn begin(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    let mut then = Vec::new();
    for text in fields.all("case").take(MOST) {
        let case_id = case::id(text)?;
        let order: Case = orders::view::read_back(&orders::get(&app, &visitor.caller, case_id).await?.body)?;
        // the form takes orders of drugs
        if order.request.service == Some(Service::MedicalOncology) && !then.contains(&case_id) {
            then.push(case_id);
        }
    }
    if then.is_empty() {
        let told = "Pick the orders that are to be ordered again, in the first column; courses of radiation are ordered anew by phone or \
                    through the practice's own system.";
        return my_orders::refused(&app, &visitor, &fields, told).await;
    }
    Ok(Redirect::to(&Queue { then, made: None }.next(None)).into_response())
}

#[cfg(test)]
mod tests {
    use super::Queue;
    use uuid::Uuid;

    #[test]
    fn one_follows_the_other_and_the_last_leads_to_what_was_made() {
        let [first, second, made] = [1, 2, 3].map(Uuid::from_u128);
        let queue = Queue { then: vec![first, second], made: None };
        let address = queue.next(Some(made));
        assert_eq!(address, format!("/cases/{first}/again?then={second}&made={made}"));
        let query = address.split_once('?').unwrap().1;
        let queue = Queue::of_address(query);
        assert_eq!(queue, Queue { then: vec![second], made: Some(made) });
        assert_eq!(queue.next(None), format!("/cases/{second}/again?then="));
        assert_eq!(Queue::of_address("then=&x=1").next(Some(made)), format!("/cases/{made}"));
        assert_eq!(Queue::of_address("then=nonsense").next(None), "/orders?tab=ending");
    }
}
