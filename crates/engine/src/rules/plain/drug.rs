//! Drugs, classes, and words about the disease in plain English.

use super::names::modality_name;
use super::{Speaker, listed, spaced};
use crate::domain::criteria::{Partner, WordFact};
use crate::domain::vocabulary::Modality;

/// Codes that are named one by one.
const FEW: usize = 4;

impl Speaker<'_> {
    /// Drugs and classes: `carboplatin or a taxane`.
    pub(super) fn partners(&self, partners: &[Partner], joint: &str) -> String {
        let name = |partner: &Partner| match partner {
            Partner::Generic(generic) => generic.clone(),
            Partner::Class(class) => {
                self.content.plain.classes.get(class).cloned().unwrap_or_else(|| format!("a drug of the class {}", spaced(class)))
            }
        };
        let mut names: Vec<String> = Vec::new();
        for partner in partners {
            let name = name(partner);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        listed(&names, joint)
    }

    /// What is said about the disease and the patient in words.
    pub(super) fn word(&self, fact: WordFact, any_of: &[String], denied: bool) -> String {
        let is = if denied { "is not" } else { "is" };
        let words = |name: &dyn Fn(&String) -> String| listed(&any_of.iter().map(name).collect::<Vec<_>>(), "or");
        match fact {
            WordFact::Cancer => {
                let name = |key: &String| match self.content.cancer(key) {
                    Some(cancer) => self.content.plain.cancers.get(key).cloned().unwrap_or_else(|| lower(&cancer.name)),
                    None if key == "any_solid" => "a solid tumor".to_owned(),
                    None => spaced(key),
                };
                format!("the cancer {is} {}", words(&name))
            }
            WordFact::Pathology => format!("the type of tumor {is} {}", words(&|word| spaced(word))),
            WordFact::Stage | WordFact::Substage => format!("the stage {is} {}", words(&Clone::clone)),
            WordFact::TStatus => format!("the primary tumor (T of TNM) {is} {}", words(&|word| word.to_uppercase())),
            WordFact::TFound => format!("the primary tumor (T of TNM) {is} {}", words(&|word| spaced(word))),
            WordFact::NStatus => format!("the lymph nodes (N of TNM) {is} {}", words(&|word| word.to_uppercase())),
            WordFact::MStatus => format!("distant spread (M of TNM) {is} {}", words(&|word| word.to_uppercase())),
            WordFact::Setting => self.settings(any_of, denied),
            WordFact::Goal => {
                let goal = |word: &String| match word.as_str() {
                    "curative" => "to cure".to_owned(),
                    "palliative" => "to hold the cancer back or to ease it".to_owned(),
                    other => spaced(other),
                };
                format!("the goal of the treatment {is} {}", words(&goal))
            }
            WordFact::RegimenFnRisk => {
                format!("the treatment's risk of fever with low white blood cells {is} {}", words(&Clone::clone))
            }
            WordFact::RegimenEmetogenicity => {
                format!("the treatment's risk of nausea and vomiting {is} {}", words(&Clone::clone))
            }
            WordFact::LineOfBusiness => format!("the member's coverage {is} {}", words(&|word| spaced(word))),
            WordFact::Sex => format!("the patient {is} {}", words(&Clone::clone)),
            WordFact::Diagnosis => self.diagnosis(any_of, denied),
            WordFact::Response => {
                let verb = if denied { "was not" } else { "was" };
                format!("the last response to the drug {verb} {}", words(&|word| spaced(word)))
            }
            WordFact::Toxicity => {
                let wanted = any_of.iter().any(|word| word == "acceptable") != denied;
                let words = if wanted { "acceptable" } else { "not acceptable" };
                format!("the side effects of the drug are {words}")
            }
            WordFact::Site | WordFact::Target | WordFact::Technique | WordFact::Modality => self.radiation(fact, any_of, denied),
            WordFact::Product | WordFact::Route | WordFact::PlaceOfService => self.way(fact, any_of, denied),
        }
    }

    /// Words of radiation treatment.
    fn radiation(&self, fact: WordFact, any_of: &[String], denied: bool) -> String {
        let known = &self.content.radiation;
        let what = match fact {
            WordFact::Site => "the site treated",
            WordFact::Target => "the target",
            WordFact::Technique => "the technique",
            _ => "the radiation",
        };
        let name = |key: &String| match fact {
            WordFact::Site => known.site(key).map(|site| lower(&site.name)),
            WordFact::Target => {
                known.targets.iter().find(|target| target.term.key == *key).map(|target| lower(&target.term.name))
            }
            WordFact::Technique => known.techniques.iter().find(|term| term.key == *key).map(|term| lower(&term.name)),
            _ => Modality::parse(key).map(|modality| modality_name(modality).to_owned()),
        };
        let names: Vec<String> = any_of.iter().map(|key| name(key).unwrap_or_else(|| spaced(key))).collect();
        let is = if denied { "is not" } else { "is" };
        format!("{what} {is} {}", listed(&names, "or"))
    }

    fn settings(&self, any_of: &[String], denied: bool) -> String {
        let plain = |word: &String| self.content.plain.settings.get(word).cloned();
        let said: Option<Vec<String>> = any_of.iter().map(plain).collect();
        match said {
            Some(mut said) if !denied => {
                said.dedup();
                listed(&said, "or")
            }
            _ => {
                let is = if denied { "is not" } else { "is" };
                let words: Vec<String> = any_of.iter().map(|word| spaced(word)).collect();
                format!("the disease {is} {}", listed(&words, "or"))
            }
        }
    }

    fn diagnosis(&self, any_of: &[String], denied: bool) -> String {
        let verb = if denied { "is none of" } else { "is among" };
        if let [code] = any_of
            && let Some(known) = self.content.diagnoses.get(code)
        {
            let is = if denied { "is not" } else { "is" };
            // what stands in brackets in the classification is a short form
            let title = known.title.split(" [").next().unwrap_or_default();
            return format!("the diagnosis {is} {code} ({title})");
        }
        format!("the diagnosis code {verb} those that the policy names (beginning with {})", listed(any_of, "or"))
    }

    /// The product, the way it is given and the place.
    pub(super) fn way(&self, fact: WordFact, any_of: &[String], denied: bool) -> String {
        let is = if denied { "is not" } else { "is" };
        match fact {
            WordFact::Product => {
                let mut generics: Vec<String> = Vec::new();
                for drug in any_of.iter().filter_map(|code| self.content.drugs.by_code(code)).map(|(drug, _)| &drug.generic) {
                    if !generics.contains(drug) {
                        generics.push(drug.clone());
                    }
                }
                let codes = if any_of.len() <= FEW { format!(" ({})", any_of.join(", ")) } else { String::new() };
                format!("the product {is} {}{codes}", listed(&generics, "or"))
            }
            WordFact::Route => {
                let name = |key: &String| {
                    let known = self.content.dosing.routes.iter().find(|route| route.key == *key);
                    known.map_or_else(|| spaced(key), |route| route.name.clone())
                };
                let names: Vec<String> = any_of.iter().map(name).collect();
                let not = if denied { "not " } else { "" };
                format!("the way it is given is {not}{}", listed(&names, "or"))
            }
            _ => {
                let name = |code: &String| {
                    let known = self.content.places_of_service.get(code);
                    known.map_or_else(|| code.clone(), |place| lower(&place.name))
                };
                let names: Vec<String> = any_of.iter().map(name).collect();
                format!("the place of treatment {is} {}", listed(&names, "or"))
            }
        }
    }
}

/// Within a sentence: `Breast cancer` is `breast cancer`, `Hodgkin lymphoma` and `B-cell` stay.
pub(super) fn lower(name: &str) -> String {
    let names = ["Hodgkin", "Merkel", "Castleman", "Burkitt", "Waldenström", "Kaposi"];
    if names.iter().any(|proper| name.starts_with(proper)) {
        return name.to_owned();
    }
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
