//! Order entry: one page, six sections, and beside them what would become of the order as it stands. Without script the same panel comes
//! with a press of "Show"; nothing is stored before it is sent.

mod again;
mod asked;
mod cells;
mod change;
mod changes;
pub(super) mod drafts;
mod edit;
mod favourites;
mod fill;
mod form;
mod grid;
mod labels;
mod merge;
mod panel;
mod paste;
mod read;
mod renew;
mod suggest;

use super::failure::Failure;
use super::faults::Faults;
use super::fields::Fields;
use super::here::Portal;
use super::pages::{ORDERING, Pages, Who, only_read};
use super::plans;
use super::refusal;
use super::shell::{Shell, page, random_key};
use super::visitor::Visitor;
use crate::app::orders::{self, Filter, Outlook};
use crate::app::{self, App, Idempotent, catalog};
use crate::documents::words;
use crate::domain::case::Case;
use crate::domain::content::{Content, Regimen};
use crate::domain::order::OrderRequest;
use crate::domain::refusal::Refusal;
use crate::domain::vocabulary::{CallerRole, Service};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use form::{Offer, Sections};
use panel::{Link, Panel};
use read::Read;
use renew::Queue;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use uuid::Uuid;

pub(super) fn pages(pages: Pages) -> Pages {
    let pages = pages.get_and_post("/orders/new", Who::SignedIn(ORDERING), show, send);
    let pages = pages.get("/cases/{case_id}/again", Who::SignedIn(ORDERING), show_again);
    let pages = renew::pages(edit::pages(pages));
    let pages = drafts::pages(pages.ask("/orders/new/panel", Who::SignedIn(ORDERING), live));
    suggest::pages(pages)
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
    shell: Shell,
    /// Under this key one press makes one order, however often it arrives.
    key: String,
    /// Under this id it is saved while it is typed.
    draft: Uuid,
    regimen: String,
    regimen_id: String,
    /// What was filled in, and what was not.
    filled_in: Option<&'static str>,
    sections: Sections,
    /// Treatments that the practice keeps.
    favourites: Vec<favourites::Offered>,
    panel: Panel,
    /// What became of each line that was pasted.
    pasted: Vec<paste::Line>,
    /// What kept the order from being sent.
    refused: Vec<Link>,
    is_refused: bool,
    /// The order that is changed; none where it is a new one.
    editing: Option<edit::Editing>,
    /// Where it stands among several that are ordered again.
    in_row: Option<renew::InRow>,
}

/// What a press of a button did to the form.
#[derive(Default)]
struct Pressed {
    /// Regimens that a name may mean.
    offers: Vec<Offer>,
    /// What became of each line that was pasted.
    pasted: Vec<paste::Line>,
    /// What was filled in, and what was not.
    filled_in: Option<&'static str>,
    /// Why nothing was done.
    refused: Vec<Link>,
}

#[derive(Template)]
#[template(path = "order_panel.html")]
struct PanelPart {
    panel: Panel,
    asked: Vec<super::inputs::Input>,
}

/// A form that was read, with what can be said of it.
struct Looked {
    fields: Fields,
    read: Read,
    asked: Vec<String>,
    panel: Panel,
}

/// A new order; provider, place and contact are those of the last one.
async fn show(State(portal): State<Portal>, visitor: Visitor) -> Result<Response, Failure> {
    let fields = usual(&portal.app, &visitor).await?;
    let looked = look(&portal, &visitor, fields).await?;
    page(&drawn(&portal.app, &visitor, looked, Pressed::default()).await?)
}

/// What an order made anew from an earlier one says.
const AGAIN: &str = "Member, providers, diagnosis, stage, results and drugs stand as in the earlier order: correct what has changed. The day, and what \
                     changes with time, is asked anew.";
const SHORT: &str = "Not everything of the earlier order has a place in this form: compare it before you send. The day, and what changes with time, is \
                     asked anew.";

/// What is said where rows were added to those of an order that is changed.
const ADDED: &str = "Drugs that were missing are added in rows of their own. Whatever was entered stands as it was: empty the row of a drug that is not \
                     given any more, and compare cycles and doses.";
const FULL: &str = "Not all drugs have a row: the form is full. Whatever was entered stands as it was: empty the row of a drug that is not given any \
                    more.";

/// A new order that begins as an earlier one.
async fn show_again(
    State(portal): State<Portal>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let app = &portal.app;
    let seen = orders::get(app, &visitor.caller, super::case::id(&case_id)?).await?;
    let case: Case = orders::view::read_back(&seen.body)?;
    if case.request.service == Some(Service::RadiationOncology) {
        return Err(Failure::not_found());
    }
    let queue = Queue::of_address(query.as_deref().unwrap_or_default());
    let again::Again { fields, is_short } = again::again(&case.request, catalog::content(app, None));
    let looked = look(&portal, &visitor, fields).await?;
    let filled_in = Some(if is_short { SHORT } else { AGAIN });
    let drawn = drawn(app, &visitor, looked, Pressed { filled_in, ..Pressed::default() }).await?;
    page(&OrderPage { in_row: renew::in_row(app, &visitor, &queue).await?, ..drawn })
}

/// The panel and the results that are asked for, as somebody types.
async fn live(State(portal): State<Portal>, visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    let (looked, faults) = match fields.owned("case") {
        Some(case_id) => {
            let looked = change::live(&portal, &visitor, super::case::id(&case_id)?, fields).await?;
            let faults = looked.read.faults.clone();
            (looked, faults)
        }
        None => (look(&portal, &visitor, fields).await?, Faults::default()),
    };
    let content = catalog::content(&portal.app, None);
    let sections = form::sections(&looked.fields, &faults, &[], content, &looked.asked);
    page(&PanelPart { panel: looked.panel, asked: sections.asked })
}

/// Does what a button asks for that fills the form in, or that keeps what stands in it.
async fn fill_in(app: &App, visitor: &Visitor, fields: &mut Fields, is_change: bool) -> Result<Pressed, Failure> {
    let entered = is_change.then(|| fields.clone());
    let mut filled = press(app, visitor, fields).await?;
    // lines that stand in an order that is changed are not put in the place of others
    if let Some(entered) = entered.filter(|entered| fill::differ(entered, fields)) {
        let all = fill::keep_entered(fields, &entered, catalog::content(app, None));
        filled.filled_in = Some(if all { ADDED } else { FULL });
        for name in ["/treatment/regimen_id", "regimen"] {
            if fields.text(name).is_none() {
                fields.set(name, entered.owned(name).unwrap_or_default());
            }
        }
    }
    Ok(filled)
}

async fn press(app: &App, visitor: &Visitor, fields: &mut Fields) -> Result<Pressed, Failure> {
    let mut filled = Pressed::default();
    if let Some(id) = fields.owned("fill") {
        let content = catalog::content(app, None);
        let regimen = content.regimen(&id).ok_or_else(Failure::not_found)?;
        fill::fill(fields, regimen, content);
    } else if fields.text("do") == Some("fill") {
        filled.offers = fill_named(app, fields);
    } else if fields.text("do") == Some("paste") {
        let text = fields.owned("pasted").unwrap_or_default();
        filled.pasted = paste::paste(fields, &text, catalog::content(app, None));
    } else if let Some(id) = fields.owned("favourite") {
        favourites::fill(app, visitor, fields, &id).await?;
    } else if let Some(id) = fields.owned("forget") {
        favourites::forget(app, visitor, &id).await?;
    } else if fields.text("do") == Some("favour") {
        filled.refused.extend(favourites::keep(app, visitor, fields).await?);
        filled.filled_in =
            filled.refused.is_empty().then_some("Kept as a favourite of the practice: its drugs, and nothing about the patient.");
    }
    Ok(filled)
}

async fn send(State(portal): State<Portal>, visitor: Visitor, mut fields: Fields) -> Result<Response, Failure> {
    let app = &portal.app;
    let mut filled = fill_in(app, &visitor, &mut fields, false).await?;
    let wanted = fields.text("do") == Some("send");
    let looked = look(&portal, &visitor, fields).await?;
    if !wanted {
        return page(&drawn(app, &visitor, looked, filled).await?).map(only_read);
    }
    match submit(&portal, &visitor, &looked).await? {
        Ok(case_id) => {
            if let Some(draft_id) = drafts::id_of(&looked.fields) {
                app::drafts::discard(app, &visitor.caller, draft_id).await?;
            }
            Ok(Redirect::to(&Queue::of_form(&looked.fields).next(Some(case_id))).into_response())
        }
        Err(why) => {
            filled.refused = why;
            page(&drawn(app, &visitor, looked, filled).await?).map(only_read)
        }
    }
}

/// Sends the order; what keeps it from being taken comes with its fields.
async fn submit(portal: &Portal, visitor: &Visitor, looked: &Looked) -> Result<Result<Uuid, Vec<Link>>, Failure> {
    if !looked.read.faults.is_empty() {
        return Ok(Err(panel::of_faults(&looked.read.faults)));
    }
    let order: OrderRequest = match (portal.read_order)(&looked.read.order) {
        Ok(order) => order,
        Err(faults) => return Ok(Err(panel::links(&looked.read, &faults))),
    };
    let key = looked.fields.text("key").filter(|key| key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_graphic()));
    let fingerprint = Sha256::digest(format!("POST /orders/new {}", looked.read.order).as_bytes()).into();
    let idempotent = key.map(|key| Idempotent { key: key.to_owned(), fingerprint });
    match orders::submit(&portal.app, &visitor.caller, &order, idempotent.as_ref()).await {
        Ok(placed) => Ok(Ok(placed.case_id)),
        Err(app::Error::IdempotencyKeyReused) => {
            let text = "This form was sent before, with other answers, and made an order then. Look at your orders before you send another one.";
            Ok(Err(vec![Link { field: "main".to_owned(), text: text.to_owned() }]))
        }
        Err(other) => refusal_links(&looked.read, other).map(Err),
    }
}

/// Why an order is not taken, with its fields; what is no refusal of it is passed on.
fn refusal_links(read: &Read, error: app::Error) -> Result<Vec<Link>, Failure> {
    let of_all = |text: String| vec![Link { field: "main".to_owned(), text }];
    match error {
        app::Error::Refused(refusal) => Ok(match *refusal {
            Refusal::Validation(faults) | Refusal::MissingRequired(faults) | Refusal::NotOfThisService(faults) => {
                panel::links(read, &faults)
            }
            other => {
                let words = refusal::in_words(other);
                let text = [Some(format!("{}. {}", words.title, words.text)), words.contact];
                of_all(text.into_iter().flatten().collect::<Vec<_>>().join(" "))
            }
        }),
        app::Error::Conflict { detail } | app::Error::Forbidden { detail } => {
            Ok(of_all(words::sentence(&words::without_ids(&detail))))
        }
        other => Err(other.into()),
    }
}

/// Reads the form of a new order, and asks what would become of it.
async fn look(portal: &Portal, visitor: &Visitor, mut fields: Fields) -> Result<Looked, Failure> {
    let app = &portal.app;
    let content = catalog::content(app, None);
    suggest::complete(app, visitor, &mut fields).await?;
    let mut read = read::read(&fields, content, app.clock.now().date_naive());
    let mut drafted = None;
    if read.faults.is_empty() {
        match (portal.read_order)(&read.order) {
            Ok(order) => drafted = Some(orders::preview_draft(app, &visitor.caller, &order).await?),
            Err(faults) => {
                for fault in faults {
                    let field = read.field_of(&fault.pointer);
                    read.faults.add(field, fault.message);
                }
            }
        }
    }
    let outlook = drafted.as_ref().and_then(|drafted| drafted.outlook.as_ref().ok()?.as_deref());
    let asked = asked::asked(&fields, outlook, content);
    let about = about(&fields, outlook);
    let panel = panel::panel(&read, drafted, about, &asked, content);
    Ok(Looked { fields, read, asked, panel })
}

/// Member and regimen, in a line that stays in sight.
fn about(fields: &Fields, outlook: Option<&Outlook>) -> String {
    let name =
        [fields.text("/member/first_name"), fields.text("/member/last_name")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let matched = outlook.and_then(|outlook| outlook.summary.pathway.pathway.regimen_name.clone());
    let regimen = matched.or_else(|| fields.owned("regimen"));
    [Some(name).filter(|name| !name.is_empty()), regimen].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

async fn drawn(app: &App, visitor: &Visitor, looked: Looked, filled: Pressed) -> Result<OrderPage, Failure> {
    let content = catalog::content(app, None);
    let plans = plans::of(app, &visitor.caller, looked.fields.text("/member/health_plan"));
    let mut sections = form::sections(&looked.fields, &looked.read.faults, &plans, content, &looked.asked);
    sections.regimens = filled.offers;
    let in_row = renew::in_row(app, visitor, &Queue::of_form(&looked.fields)).await?;
    let sent_before = looked.fields.owned("key").filter(|_| !filled.refused.is_empty());
    Ok(OrderPage {
        shell: Shell::new(app, Some(visitor), "/orders/new"),
        favourites: favourites::offered(app, visitor).await?,
        key: sent_before.unwrap_or_else(|| random_key(app)),
        draft: drafts::id_of(&looked.fields).unwrap_or_else(|| app.ids.uuid(app.clock.now())),
        regimen: looked.fields.owned("regimen").unwrap_or_default(),
        regimen_id: looked.fields.owned("/treatment/regimen_id").unwrap_or_default(),
        filled_in: filled.filled_in,
        pasted: filled.pasted,
        sections,
        panel: looked.panel,
        is_refused: !filled.refused.is_empty(),
        refused: filled.refused,
        editing: None,
        in_row,
    })
}

/// Fills in the regimen that was named, or answers with those that may be meant.
fn fill_named(app: &App, fields: &mut Fields) -> Vec<Offer> {
    let content: &Arc<Content> = catalog::content(app, None);
    let Some(typed) = fields.owned("regimen") else { return Vec::new() };
    let by_code = || {
        let code = fields.text("/diagnosis/icd10").and_then(|typed| cells::diagnosis(typed, content))?;
        cells::only_cancer(&code, content)
    };
    let cancer = fields.owned("/clinical/cancer_type").or_else(by_code);
    match fill::find(app, content, &typed, cancer.as_deref()) {
        fill::Found::One(regimen) => {
            fill::fill(fields, regimen, content);
            Vec::new()
        }
        fill::Found::Several(found) => {
            let name = |key: &str| content.cancer(key).map_or_else(|| key.to_owned(), |cancer| cancer.name.clone());
            let offer = |regimen: &Arc<Regimen>| Offer {
                id: regimen.id.clone(),
                name: regimen.name.clone(),
                cancer: name(&regimen.cancer),
            };
            found.into_iter().map(offer).collect()
        }
    }
}

/// Plan, providers, place and contact of the practice's last order; nothing about a patient. Whoever sends orders for several practices
/// begins with nothing: the last one may be another practice's.
async fn usual(app: &App, visitor: &Visitor) -> Result<Fields, Failure> {
    if visitor.caller.role != CallerRole::OrderingProvider {
        return Ok(Fields::default());
    }
    let last = orders::list(app, &visitor.caller, &Filter::default(), None, 1).await?;
    let case = last.first().map(|seen| orders::view::read_back::<Case>(&seen.body)).transpose()?;
    Ok(case.map(|case| again::usual(&case.request)).unwrap_or_default())
}
