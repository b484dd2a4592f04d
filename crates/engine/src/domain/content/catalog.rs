//! Code sets and drugs.

use crate::domain::quick::HashMap;
use crate::domain::text::push_amount;
use std::borrow::Cow;
use std::sync::Arc;

/// Whose benefit pays for a drug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Benefit {
    /// The medical benefit, managed here.
    Medical,
    /// The pharmacy benefit manager's (PRG-12).
    Pharmacy,
    /// Either; treated as medical, because a reviewer should see it.
    Either,
}

/// The amount that one billing unit stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct BillingUnit {
    /// How much, such as 10 for "10 mg".
    pub amount: f64,
    /// Of what, lower case: `mg`, `mcg`, `g`, `units`, `million_units`, `mci`, `uci`, `each`, `ml`, `meq`.
    pub unit: String,
}

impl BillingUnit {
    /// In words, such as `10 mg`.
    pub fn words(&self) -> String {
        let mut words = String::with_capacity(self.unit.len() + 8);
        push_amount(&mut words, self.amount);
        words.push(' ');
        words.push_str(&self.unit);
        words
    }
}

/// One active HCPCS code.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    /// HCPCS Level II code.
    pub hcpcs: String,
    /// CMS short or long descriptor.
    pub descriptor: String,
    /// What one unit bills; none where no source says.
    pub billing_unit: Option<BillingUnit>,
    /// Benefit for most members.
    pub benefit: Benefit,
    /// Covered under Part B for Medicare Advantage members (PRG-12).
    pub medicare_part_b_oral: bool,
    /// Brand or labeler hint, lower case.
    pub product: Option<String>,
    /// Biosimilar name with suffix, where it is one.
    pub biosimilar_name: Option<String>,
    /// CMS payment for one billing unit in US dollars, for relative cost only.
    pub payment_per_unit: Option<f64>,
}

/// A drug: one generic name with its codes.
#[derive(Debug, Clone, PartialEq)]
pub struct Drug {
    /// Generic name.
    pub generic: String,
    /// Names that mean the same drug, lower case.
    pub synonyms: Vec<String>,
    /// Brand names.
    pub brands: Vec<String>,
    /// Ingredients it counts as in a match; itself unless a co-formulation.
    pub ingredients: Vec<String>,
    /// Class such as `chemotherapy`, `supportive_growth_factor`.
    pub class: String,
    /// Subclass such as `platinum`.
    pub subclass: String,
    /// True where content calls it supportive unless a regimen counts it as treatment (REG-13).
    pub supportive: bool,
    /// Benefit where there is no code.
    pub benefit: Benefit,
    /// True where an order outside the set parameters of dose is a deviation, not a warning (DEV-03).
    pub managed_on_dose: bool,
    /// Relative cost of a month of treatment, for REG-09; none where unknown.
    pub relative_cost: Option<f64>,
    /// Codes.
    pub codes: Vec<Code>,
    /// Where this comes from.
    pub provenance: String,
    /// True where a clinician still has to verify it.
    pub verify: bool,
}

impl Drug {
    /// True for an entry that stands for codes without a drug of their own, such as J9999.
    pub fn is_unclassified(&self) -> bool {
        matches!(self.subclass.as_str(), "not_otherwise_classified" | "not_otherwise_specified")
    }
}

/// A code that no longer exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminatedCode {
    /// HCPCS code.
    pub hcpcs: String,
    /// Generic name it stood for.
    pub generic: String,
    /// When it ended, as the source writes it.
    pub ended: Option<String>,
    /// Active codes for the same drug.
    pub replaced_by: Vec<String>,
}

impl TerminatedCode {
    /// What to use in its place, in words.
    pub fn instead(&self) -> String {
        match self.replaced_by.as_slice() {
            [] => "no active code for it is known here".to_owned(),
            codes => format!("use {}", codes.join(" or ")),
        }
    }
}

/// All drugs with their look-ups.
#[derive(Debug, Clone)]
pub struct DrugCatalog {
    drugs: Vec<Arc<Drug>>,
    terminated: HashMap<String, TerminatedCode>,
    by_code: HashMap<String, (usize, usize)>,
    by_name: HashMap<String, usize>,
    /// Brands, lower case; none for a brand that several drugs have.
    by_brand: HashMap<String, Option<usize>>,
}

impl DrugCatalog {
    /// Builds the look-ups. Where two drugs share a code or name the first wins; `content` refuses such files before.
    pub fn new(drugs: Vec<Arc<Drug>>, terminated: Vec<TerminatedCode>) -> Self {
        let mut by_code = HashMap::default();
        let mut by_name = HashMap::default();
        let mut by_brand: HashMap<String, Option<usize>> = HashMap::default();
        for (index, drug) in drugs.iter().enumerate() {
            for (place, code) in drug.codes.iter().enumerate() {
                by_code.entry(code.hcpcs.clone()).or_insert((index, place));
            }
            let names = std::iter::once(&drug.generic).chain(&drug.synonyms);
            for name in names {
                by_name.entry(name.to_lowercase()).or_insert(index);
            }
            for brand in &drug.brands {
                let of = by_brand.entry(brand.to_lowercase()).or_insert(Some(index));
                *of = of.filter(|other| *other == index);
            }
        }
        let terminated = terminated.into_iter().map(|code| (code.hcpcs.clone(), code)).collect();
        Self { drugs, terminated, by_code, by_name, by_brand }
    }

    /// True where it was built of these.
    pub fn is_of(&self, drugs: &[Arc<Drug>], terminated: &[TerminatedCode]) -> bool {
        self.drugs == drugs
            && self.terminated.len() == terminated.len()
            && terminated.iter().all(|code| self.terminated.get(&code.hcpcs) == Some(code))
    }

    /// Every drug.
    pub fn all(&self) -> &[Arc<Drug>] {
        &self.drugs
    }

    /// The drug and code behind a HCPCS code.
    pub fn by_code(&self, hcpcs: &str) -> Option<(&Arc<Drug>, &Code)> {
        let (drug, code) = self.by_code.get(hcpcs)?;
        let drug = self.drugs.get(*drug)?;
        Some((drug, drug.codes.get(*code)?))
    }

    /// A drug by generic name or synonym, ignoring case.
    pub fn by_name(&self, name: &str) -> Option<&Arc<Drug>> {
        self.by_name.get(lower(name).as_ref()).and_then(|index| self.drugs.get(*index))
    }

    /// The drug that an order names: by generic name, synonym or brand, ignoring case. A brand that several drugs have names none.
    pub fn named(&self, name: &str) -> Option<&Arc<Drug>> {
        let name = name.trim();
        let by_brand = || self.by_brand.get(lower(name).as_ref()).copied().flatten().and_then(|index| self.drugs.get(index));
        self.by_name(name).or_else(by_brand)
    }

    /// Every code that ended.
    pub fn ended_codes(&self) -> impl Iterator<Item = &TerminatedCode> {
        self.terminated.values()
    }

    /// A code that ended.
    pub fn terminated(&self, hcpcs: &str) -> Option<&TerminatedCode> {
        self.terminated.get(hcpcs)
    }
}

/// In small letters, as most names are entered.
fn lower(name: &str) -> Cow<'_, str> {
    let is_lower = name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(name) } else { Cow::Owned(name.to_lowercase()) }
}

/// An ICD-10-CM code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// Title.
    pub title: String,
    /// True for leaves, which may be billed.
    pub billable: bool,
    /// True where programs manage it (PRG-11).
    pub oncology: bool,
    /// Of a category: its billable codes where they are few, else the codes of the next level.
    pub narrower: Vec<String>,
}

/// A CMS place of service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOfService {
    /// Name.
    pub name: String,
    /// True for places where a patient is admitted.
    pub inpatient: bool,
}

/// A pathology word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathologyTerm {
    /// Word in snake case.
    pub word: String,
    /// Other words, as people write them.
    pub synonyms: Vec<String>,
    /// The same, folded.
    pub folded: Vec<String>,
    /// Kinds it belongs to, possibly for one cancer only: `("lung_nsclc", "non_squamous")`; an empty cancer means any.
    pub kinds: Vec<(String, String)>,
}
