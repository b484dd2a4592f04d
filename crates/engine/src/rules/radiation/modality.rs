//! Whether the modality is supported for the site (R-10…14), and whether guidance is indicated.

use super::ground::Ground;
use crate::domain::content::radiation::{ModalityIndication, Support};
use crate::domain::vocabulary::{Modality, Truth};
use crate::rules::criteria::Asked;
use std::sync::Arc;

/// The row that answers, with what the rows before it asked and nobody answered.
#[derive(Debug)]
pub(super) struct Answered<'a> {
    pub row: &'a Arc<ModalityIndication>,
    pub open: Vec<Asked>,
}

/// The first row whose `when` is met; one that is unknown is passed over. None means the guidance line.
pub(super) fn of<'a>(modality: Option<Modality>, ground: &Ground<'a>) -> Option<Answered<'a>> {
    let site = ground.treated.site_key();
    let mut open: Vec<Asked> = Vec::new();
    let is_of =
        |row: &&Arc<ModalityIndication>| row.modality == modality && row.site.as_deref().is_none_or(|of| Some(of) == site);
    for row in ground.catalog().indications.iter().filter(is_of) {
        let truth = row.when.as_ref().map_or(Truth::Met, |when| ground.judge(&when.criterion));
        match (truth, &row.when) {
            (Truth::Met, _) => return Some(Answered { row, open }),
            (Truth::Unknown, Some(when)) if modality.is_some() && row.support != Support::NotSupported => {
                for asked in ground.open(&when.criterion, Truth::Unknown) {
                    if !open.iter().any(|known| known.name == asked.name) {
                        open.push(asked);
                    }
                }
            }
            _ => {}
        }
    }
    None
}

/// True where the guidance line goes with the order. What is unknown asks nothing here.
pub(super) fn is_guided(ground: &Ground<'_>) -> bool {
    of(None, ground).is_some_and(|answered| answered.row.support == Support::Supported)
}
