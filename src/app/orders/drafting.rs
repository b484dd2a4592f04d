//! What can already be said of an order that is still being typed.

use super::draft::Draft;
use super::facts::Question;
use super::submit::note_member;
use super::view;
use crate::app::{App, Caller, Error, Result};
use crate::documents::Summary;
use crate::domain::case::{Case, Finding};
use crate::domain::content::Content;
use crate::domain::order::{MemberIdentity, OrderRequest};
use crate::domain::refusal::{Fault, Refusal};
pub use crate::rules::by_code::{Coded, Need};
use crate::rules::{by_code, decide_draft};
use crate::store::facts::{Known, MemberCase};
use uuid::Uuid;

/// An order on its way, and what would become of it.
#[derive(Debug, Clone)]
pub struct Drafted {
    /// Name of the program that decides; none while the health plan is not known.
    pub program: Option<String>,
    /// Required items that are not there yet.
    pub missing: Vec<Fault>,
    /// What would be decided were those there, where that can be told; or why it would not be taken.
    pub outlook: std::result::Result<Option<Box<Outlook>>, Refusal>,
}

/// What would be decided.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// In words.
    pub summary: Summary,
    /// Every rule that was asked.
    pub findings: Vec<Finding>,
}

/// Decides a draft as far as it goes and stores nothing, not even the enquiry. What is missing is listed beside the decision that can
/// already be given; submitting asks for all of it.
pub async fn preview_draft(app: &App, caller: &Caller, order: &OrderRequest) -> Result<Drafted> {
    let question = Question::of_order(order, caller);
    let now = app.clock.now();
    let mut known = app.busy.facts.ask(question.asked(None, None)).await?;
    if let Some(of_one) = question.narrowed(&mut known) {
        known = app.busy.facts.ask(of_one.asked(None, None)).await?;
    }
    note_member(caller, order, &known);
    let facts = question.facts(order, caller, caller, now, &known);
    let content = app.library.in_force(now.date_naive());
    let drafted = decide_draft(&facts, content, now);
    let outlook = match drafted.outlook {
        Ok(Some(decision)) => {
            let case = Draft::new(Uuid::nil(), decision, &facts, caller, now).case;
            Ok(Some(Box::new(outlook(content, case, &known.cases, caller)?)))
        }
        Ok(None) => Ok(None),
        Err(refusal) => Err(refusal),
    };
    let program = drafted.program.as_deref().and_then(|id| content.program(id)).map(|program| program.name.clone());
    Ok(Drafted { program, missing: drafted.missing, outlook })
}

/// What is known of a member, looked up once for several questions about what they need.
#[derive(Debug)]
pub struct MemberFacts {
    question: Question,
    known: Known,
}

impl MemberFacts {
    /// Looks it up.
    pub async fn find(app: &App, member: &MemberIdentity) -> Result<Self> {
        let question = Question::of_member(member);
        let mut known = app.busy.facts.ask(question.asked(None, None)).await?;
        if let Some(of_one) = question.narrowed(&mut known) {
            known = app.busy.facts.ask(of_one.asked(None, None)).await?;
        }
        Ok(Self { question, known })
    }

    /// What each of these lines needs by its code alone, for the service, day and diagnosis of an order for this member that has no more than
    /// that; or why the program does not take it. Stores nothing.
    pub fn needs(
        &self,
        app: &App,
        caller: &Caller,
        order: &OrderRequest,
        lines: &[Coded<'_>],
    ) -> std::result::Result<Vec<Need>, Refusal> {
        let now = app.clock.now();
        note_member(caller, order, &self.known);
        let facts = self.question.facts(order, caller, caller, now, &self.known);
        by_code::needs(&facts, lines, app.library.in_force(now.date_naive()))
    }
}

fn outlook(content: &Content, mut case: Case, cases: &[MemberCase], caller: &Caller) -> Result<Outlook> {
    view::restrict(&mut case, caller, &view::within_sight(cases, caller));
    let program = content.program(&case.program).ok_or_else(|| Error::Internal(format!("no program {}", case.program)))?;
    let findings = std::mem::take(&mut case.findings);
    Ok(Outlook { summary: Summary::of(case, content, program, None), findings })
}
