//! Drugs of `drugs/` as names of the services of `coverage/`: each code is of its own benefit (PRG-12).

use crate::domain::content::{Benefit, Code, Drug, DrugCatalog, TerminatedCode};
use crate::domain::fold::fold;
use serde::Deserialize;

/// Which drugs a service is about, code by code; a name of a drug is one of every code that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DrugKind {
    /// Of the medical benefit, or of either.
    Medical,
    /// Of the pharmacy benefit of every member.
    Pharmacy,
    /// Of the pharmacy benefit of most members, and of the medical benefit of Medicare's (Part B).
    PartBOral,
    /// Supportive drugs of the medical benefit, which are given without cancer, too.
    Supportive,
}

impl DrugKind {
    const fn is_of(self, benefit: Benefit, is_part_b_oral: bool, is_supportive: bool) -> bool {
        let is_medical = matches!(benefit, Benefit::Medical | Benefit::Either);
        match self {
            Self::Medical => is_medical,
            Self::Pharmacy => !is_medical && !is_part_b_oral,
            Self::PartBOral => !is_medical && is_part_b_oral,
            Self::Supportive => is_medical && is_supportive,
        }
    }

    fn is_of_code(self, drug: &Drug, code: &Code) -> bool {
        self.is_of(code.benefit, code.medicare_part_b_oral, drug.supportive)
    }

    /// By any code of the drug; by the drug itself where it has none.
    fn is_of_drug(self, drug: &Drug, codes: &[&Code]) -> bool {
        if codes.is_empty() {
            self.is_of(drug.benefit, false, drug.supportive)
        } else {
            codes.iter().any(|code| self.is_of_code(drug, code))
        }
    }

    /// What a drug and those of its codes are called that are of this kind.
    pub fn names_of(self, drug: &Drug) -> Vec<String> {
        let codes: Vec<&Code> = drug.codes.iter().collect();
        let is_name = |name: &&String| self.is_of_drug(drug, &named_codes(&codes, name));
        let names = std::iter::once(&drug.generic).chain(&drug.synonyms).chain(&drug.brands).filter(is_name);
        let of_kind = codes.iter().filter(|code| self.is_of_code(drug, code)).map(|code| &code.hcpcs);
        names.chain(of_kind).cloned().collect()
    }
}

/// The codes that a name can mean: of a brand with codes of its own these, of a drug by mouth those of the pharmacy benefit, else all.
fn named_codes<'c>(codes: &[&'c Code], name: &str) -> Vec<&'c Code> {
    let of = |keep: &dyn Fn(&Code) -> bool| codes.iter().copied().filter(|code| keep(code)).collect::<Vec<_>>();
    let own = of(&|code| is_product(code, name));
    let oral = if name.ends_with(" oral") { of(&|code| code.benefit == Benefit::Pharmacy) } else { Vec::new() };
    match (own.is_empty(), oral.is_empty()) {
        (false, _) => own,
        (true, false) => oral,
        (true, true) => codes.to_vec(),
    }
}

/// True where a code is this brand's.
fn is_product(code: &Code, brand: &str) -> bool {
    code.product.as_ref().is_some_and(|product| fold(product) == fold(brand))
}

/// True where a code that ended is of these kinds by those that replaced it, or by its drug.
pub(super) fn replaced_by(ended: &TerminatedCode, kinds: &[DrugKind], drugs: &DrugCatalog) -> bool {
    let Some(drug) = drugs.by_name(&ended.generic).filter(|drug| !drug.is_unclassified()) else { return false };
    let codes: Vec<&Code> = ended.replaced_by.iter().filter_map(|code| drugs.by_code(code)).map(|(_, code)| code).collect();
    kinds.iter().any(|kind| kind.is_of_drug(drug, &codes))
}
