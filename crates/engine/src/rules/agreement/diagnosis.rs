//! The diagnosis code against the cancer type and the regimen (SAFE-11).

use super::{Side, both};
use crate::domain::case::{Deviation, Notice};
use crate::domain::content::{Cancer, CodeKind, Content};
use crate::domain::order::OrderRequest;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, NoticeCode, Truth};
use crate::rules::concern::{Concern, Pends};
use crate::rules::drugs::Shared;

pub(super) fn concerns(shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let Some(code) = shared.patient.icd10 else { return };
    let told = shared.patient.cancer().and_then(|key| shared.content.cancer(key));
    if let Some(cancer) = told.filter(|cancer| !cancer.agrees_with(code)) {
        let kinds = &shared.content.agreement.code_kinds;
        let kind = kinds.iter().find(|kind| kind.codes.iter().any(|prefix| code.starts_with(prefix.as_str())));
        // drugs against side effects may be ordered under the code of the metastasis or side effect that they are for
        if kind.is_none() || shared.plan.iter().any(|line| !line.is_supportive_by_content()) {
            found.push(of_cancer(code, cancer, kind, shared));
        }
        return;
    }
    let regimen = shared.matched.map(|matched| matched.regimen);
    if let Some(regimen) =
        regimen.filter(|regimen| !regimen.icd10_prefixes.iter().any(|prefix| code.starts_with(prefix.as_str())))
    {
        let side = Side::new(["regimen ", &regimen.name].concat(), "/treatment/phases", regimen.id.clone());
        let message = format!(
            "diagnosis {} is not among the codes of {} ({}), which are {}: correct the code, or say why it fits",
            titled(code, shared.content),
            regimen.name,
            regimen.id,
            regimen.icd10_prefixes.join(", ")
        );
        found.push(mismatch("regimen", code, regimen.icd10_prefixes.join(", "), &side, message, shared));
    }
}

fn of_cancer(code: &str, cancer: &Cancer, kind: Option<&CodeKind>, shared: &Shared<'_>) -> Concern {
    let codes = cancer.icd10_prefixes.join(", ");
    let why = kind.map_or_else(
        || "correct the diagnosis code or the cancer type".to_owned(),
        |kind| format!("such a code says {}; {}", kind.says, kind.enter),
    );
    let message = format!(
        "diagnosis {} is not among the codes of cancer type {} ({}), which are {codes}: {why}",
        titled(code, shared.content),
        cancer.key,
        cancer.name
    );
    let side = Side::new("cancer type", "/clinical/cancer_type", cancer.key.clone());
    mismatch("cancer-type", code, codes, &side, message, shared)
}

fn mismatch(rule: &str, code: &str, codes: String, other: &Side, message: String, shared: &Shared<'_>) -> Concern {
    let diagnosis = Side::new("diagnosis", "/diagnosis/icd10", code);
    Concern {
        rule: ["agreement/diagnosis/", rule].concat(),
        outcome: Truth::NotMet,
        requirements: &["SAFE-11"],
        source: shared.content.agreement.source.clone(),
        facts: both(other, &diagnosis),
        deviation: Deviation {
            code: DeviationCode::ClinicalMismatch,
            drug_line: None,
            line: None,
            options: Vec::new(),
            field: diagnosis.pointer,
            expected: codes,
            entered: code.to_owned(),
            effect: DeviationEffect::PendsAndOffPathway,
            message,
        },
        pends: Pends::Managed,
        hold: None,
    }
}

fn titled(code: &str, content: &Content) -> String {
    content.diagnoses.get(code).map_or_else(|| code.to_owned(), |known| format!("{code} ({})", known.title))
}

/// A category is decided like its codes, but nobody can bill it.
pub fn not_billable(order: &OrderRequest, content: &Content) -> Option<Notice> {
    let code = order.diagnosis.as_ref()?.icd10.as_deref()?;
    let known = content.diagnoses.get(code).filter(|known| !known.billable)?;
    Some(Notice::new(
        NoticeCode::NotBillableDiagnosis,
        &format!(
            "{code} ({}) is a category and can't be billed: claims need a code below it ({})",
            known.title,
            known.narrower.join(", ")
        ),
        None,
    ))
}
