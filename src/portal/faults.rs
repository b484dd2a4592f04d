//! What is wrong with a form, told above it with a link to each field, and at the field. Fields are named by the JSON pointers of what
//! they fill, so that a fault finds its field.

use crate::app;
use crate::domain::refusal::{Fault, Refusal};

/// Faults of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Faults(Vec<OfField>);

/// A fault and its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OfField {
    /// The field's name and id.
    pub field: String,
    /// What is wrong and how to mend it, after the field's label.
    pub message: String,
}

impl Faults {
    /// Adds one, once.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        let one = OfField { field: field.into(), message: message.into() };
        if !self.0.contains(&one) {
            self.0.push(one);
        }
    }

    /// Keeps those of these fields.
    pub fn retain(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.0.retain(|fault| is_kept(&fault.field));
    }

    /// True where nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, OfField> {
        self.0.iter()
    }

    /// What is wrong with a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|fault| fault.field == field).map(|fault| fault.message.as_str())
    }
}

/// The faults of what was sent; any other error is passed on.
pub(super) fn of_error(error: app::Error) -> Result<Vec<Fault>, app::Error> {
    let app::Error::Refused(refusal) = error else { return Err(error) };
    match *refusal {
        Refusal::Validation(faults) | Refusal::MissingRequired(faults) | Refusal::NotOfThisService(faults) => Ok(faults),
        other => Err(app::Error::Refused(Box::new(other))),
    }
}
