//! A form that changes an order: read against the order as it is stored, with what the change would do to it.

use super::super::failure::Failure;
use super::super::faults::Faults;
use super::super::fields::Fields;
use super::super::here::Portal;
use super::super::typed::{self, Century};
use super::super::visitor::Visitor;
use super::form::SAME_DAY;
use super::merge::merge;
use super::panel::{self, Foresight, Link};
use super::read::{self, NEXT_LINE, Read};
use super::{Looked, about, again, asked, suggest};
use crate::app::orders::{self, Editable};
use crate::app::{Error, Expected, catalog};
use crate::documents::words;
use crate::domain::order::OrderRequest;
use crate::domain::vocabulary::Service;
use serde_json::Value;
use uuid::Uuid;

/// What is said where somebody else was faster.
pub(super) const CHANGED: &str = "The case changed since you opened this form, and nothing was done. What you entered stands below: look at what \
                                  differs, and send it again if it still holds.";

/// A form that was read against the order that it changes.
pub(super) struct Change {
    pub looked: Looked,
    /// The order with the change, or why there is none.
    pub order: Result<OrderRequest, Vec<Link>>,
}

/// The order as it stands.
pub(super) struct Stored {
    pub case_id: Uuid,
    pub version: i64,
    /// The order as JSON.
    pub request: Value,
    /// The form as it is opened.
    pub fields: Fields,
    /// The form has no place for all of it.
    pub is_short: bool,
}

impl Stored {
    /// Reads the form of an order that may be changed.
    pub async fn of(portal: &Portal, visitor: &Visitor, case_id: Uuid, editable: Editable) -> Result<Self, Failure> {
        let Editable { version, request } = editable;
        let order: OrderRequest =
            serde_json::from_value(request.clone()).map_err(|error| Failure::internal(&format!("a stored order: {error}")))?;
        if order.service != Some(Service::MedicalOncology) {
            return Err(Failure::not_found());
        }
        let again::Again { fields, is_short } = again::as_it_stands(&order, catalog::content(&portal.app, None));
        let mut fields = fields.in_one_line();
        suggest::complete(&portal.app, visitor, &mut fields).await?;
        let last = order.drugs().map(|(.., drug)| drug.line).max().unwrap_or_default();
        fields.set(NEXT_LINE, last.saturating_add(1).to_string());
        Ok(Self { case_id, version, request, fields, is_short })
    }

    /// Reads a form against it. A form that was drawn from an older state of the case is told nothing but that.
    pub async fn change(&self, portal: &Portal, visitor: &Visitor, fields: Fields, is_fresh: bool) -> Result<Change, Failure> {
        let app = &portal.app;
        let content = catalog::content(app, None);
        let mut fields = fields.in_one_line();
        suggest::complete(app, visitor, &mut fields).await?;
        fields.set(NEXT_LINE, self.fields.owned(NEXT_LINE).unwrap_or_default());
        let today = app.clock.now().date_naive();
        let was = read::read(&self.fields, content, today);
        let mut read = read::read(&fields, content, today);
        // what stands as it stood is not asked about anew
        read.faults.retain(|field| was.faults.of(field).is_none() || fields.text(field) != self.fields.text(field));
        let undated = days(&was.order, &read.order, &read, &fields);
        for (field, message) in undated {
            read.faults.add(field, message);
        }
        let (read, order) = self.merged(portal, &was, read);
        let foresight = match &order {
            Err(_) => Foresight::Nothing,
            Ok(_) if !is_fresh => Foresight::NotNow(CHANGED.to_owned()),
            Ok(order) => match orders::foresee(app, &visitor.caller, self.case_id, self.version, order).await {
                Ok(foreseen) => Foresight::Decided(Box::new(foreseen)),
                Err(Error::Refused(refusal)) => Foresight::Refused(refusal),
                Err(Error::Conflict { detail } | Error::Forbidden { detail }) => Foresight::NotNow(in_words(&detail)),
                Err(other) => return Err(other.into()),
            },
        };
        let outlook = match &foresight {
            Foresight::Decided(foreseen) => Some(&foreseen.outlook),
            _ => None,
        };
        let asked = asked::asked(&fields, outlook, content);
        let about = about(&fields, outlook);
        let panel = panel::of_change(&read, foresight, about, &asked, content);
        Ok(Change { looked: Looked { fields, read, asked, panel }, order })
    }

    /// The order with the change, where the form is understood.
    fn merged(&self, portal: &Portal, was: &Read, read: Read) -> (Read, Result<OrderRequest, Vec<Link>>) {
        if !read.faults.is_empty() {
            let links = panel::of_faults(&read.faults);
            return (read, Err(links));
        }
        let mut order = self.request.clone();
        merge(&mut order, was, &read);
        let mut read = read.of_order(&order);
        match (portal.read_order)(&order) {
            Ok(order) => (read, Ok(order)),
            Err(faults) => {
                let links = panel::links(&read, &faults);
                for fault in faults {
                    let field = read.field_of(&fault.pointer);
                    read.faults.add(field, fault.message);
                }
                (read, Err(links))
            }
        }
    }
}

/// Corrected results whose day is still the one of the result before: nobody said that it holds.
fn days(was: &Value, is: &Value, read: &Read, fields: &Fields) -> Vec<(String, String)> {
    let mut asked = Vec::new();
    for kind in ["biomarkers", "assessments"] {
        let at = format!("/clinical/{kind}");
        let list = |order: &Value| order.pointer(&at).and_then(Value::as_array).cloned().unwrap_or_default();
        let before = list(was);
        for (place, now) in list(is).iter().enumerate() {
            let Some(before) = before.iter().find(|before| before["name"] == now["name"]) else { continue };
            let field = read.field_of(&format!("{at}/{place}"));
            let same = format!("{field}/{SAME_DAY}");
            let is_same_day = now["on"].is_string() && now["on"] == before["on"];
            if is_same_day && now["result"] != before["result"] && fields.text(&same).is_none() {
                let day =
                    now["on"].as_str().and_then(|day| typed::day(day, Century::This)).map(words::short_day).unwrap_or_default();
                let text = format!(
                    "{day} is the day of the result that stood here: enter the day of the new one, or say that it is the same"
                );
                asked.push((same, text));
            }
        }
    }
    asked
}

/// The panel of a change, as somebody types.
pub(super) async fn live(portal: &Portal, visitor: &Visitor, case_id: Uuid, fields: Fields) -> Result<Looked, Failure> {
    match orders::editable(&portal.app, &visitor.caller, case_id, &Expected::Any).await {
        Ok(editable) => {
            let is_fresh = super::super::answer::seen(&fields).admits(editable.version);
            let stored = Stored::of(portal, visitor, case_id, editable).await?;
            Ok(stored.change(portal, visitor, fields, is_fresh).await?.looked)
        }
        // decided since: the form changes nothing any more
        Err(Error::Conflict { detail }) => {
            let content = catalog::content(&portal.app, None);
            let mut read = read::read(&fields, content, portal.app.clock.now().date_naive());
            read.faults = Faults::default();
            let (asked, about) = (asked::asked(&fields, None, content), about(&fields, None));
            let panel = panel::of_change(&read, Foresight::NotNow(in_words(&detail)), about, &asked, content);
            Ok(Looked { fields, read, asked, panel })
        }
        Err(other) => Err(other.into()),
    }
}

fn in_words(detail: &str) -> String {
    words::sentence(&words::without_ids(detail))
}
