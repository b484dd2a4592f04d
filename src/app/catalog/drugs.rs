//! Drugs: by any of their names and by their codes.

use super::index::{Fit, Hit, NameIndex};
use super::text::fold;
use super::{Search, as_code};
use crate::app::App;
use crate::domain::content::{Benefit, Code, Content, Drug};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Kinds of names: what content calls it, what clinics call it, and what it belongs to, or may belong to.
const OWN: u8 = 0;
const BRAND: u8 = 1;
const CLINICS: u8 = 2;
const CLASS: u8 = 3;
const MAYBE: u8 = 4;

/// Drugs by their names, and in how many regimens each is.
#[derive(Debug)]
pub(super) struct Index {
    names: NameIndex,
    regimens: Vec<usize>,
}

/// A drug, and the code that was meant.
#[derive(Debug, Clone, Copy)]
pub struct FoundDrug<'a> {
    /// The drug.
    pub drug: &'a Arc<Drug>,
    /// The active code whose number or product was typed.
    pub code: Option<&'a Code>,
}

impl<'a> FoundDrug<'a> {
    /// The codes, in the order in which they are offered.
    pub fn codes(&self) -> Vec<&'a Code> {
        codes_in_order(self.drug, self.code)
    }
}

/// The codes of a drug: the one that was typed, then what is billed under the drug's own name, then products by a maker's name; what is
/// swallowed after what is given. A claim under another maker's code is refused (VER-05).
pub fn codes_in_order<'a>(drug: &'a Drug, typed: Option<&Code>) -> Vec<&'a Code> {
    let mut codes: Vec<&Code> = drug.codes.iter().collect();
    codes.sort_by_key(|code| {
        let is_named = code.product.is_some() || code.biosimilar_name.is_some();
        (Some(*code) != typed, code.medicare_part_b_oral || code.benefit == Benefit::Pharmacy, is_named)
    });
    codes
}

/// Drugs by brand, generic name, synonym, abbreviation or class, or by the beginning of a code; a code that ended finds the drug it stood
/// for. Other forms of a drug that was named come after it.
pub fn search<'a>(app: &App, content: &'a Content, typed: Option<&str>) -> Search<FoundDrug<'a>> {
    let all = content.drugs.all();
    let Some(typed) = typed else {
        return Search::all(all.iter().map(|drug| FoundDrug { drug, code: None }).collect());
    };
    if let Some(code) = as_code(typed) {
        let found = by_code(content, &code);
        if !found.is_empty() {
            return Search::all(found);
        }
    }
    let indexes = app.catalog.of(content);
    let Index { names: index, regimens } = indexes.drugs.get_or_init(|| index(content));
    let mut found = index.search(typed);
    // a class that only begins so is meant by nobody who names a drug
    if found.hits.iter().any(|hit| hit.kind < CLASS) {
        found.hits.retain(|hit| hit.kind < CLASS || hit.fit <= Fit::SameWords);
    }
    let product = fold(found.searched_for.as_deref().unwrap_or(typed));
    let mut numbers = Vec::new();
    let (mut named, others): (Vec<Hit>, Vec<Hit>) = found.hits.iter().partition(|hit| hit.fit <= Fit::SameWords);
    named.sort_by_key(|hit| {
        let generic = all.get(hit.item).map_or(usize::MAX, |drug| drug.generic.len());
        // of a class, what is given most comes first
        let given = if hit.kind < CLASS { 0 } else { regimens.get(hit.item).copied().unwrap_or_default() };
        (hit.fit, hit.kind, Reverse(given), generic, hit.item)
    });
    numbers.extend(named.iter().map(|hit| hit.item));
    for hit in named.iter().filter(|hit| hit.kind < CLASS) {
        let forms = all.get(hit.item).map(|drug| index.search(&drug.generic).hits).unwrap_or_default();
        numbers.extend(forms.iter().filter(|form| form.fit <= Fit::Words && form.kind == OWN).map(|form| form.item));
    }
    numbers.extend(others.iter().map(|hit| hit.item));
    let mut seen = HashSet::new();
    let items = numbers.into_iter().filter(|number| seen.insert(*number)).filter_map(|number| all.get(number));
    let items = items.map(|drug| FoundDrug { drug, code: product_of(drug, &product) }).collect();
    Search { items, searched_for: found.searched_for }
}

/// The code under which a drug is billed that is given so: of several products the one without a name of its own; none where no product is
/// given by this route.
pub fn code_by_route<'a>(content: &'a Content, generic: &str, route: &str) -> Option<&'a Code> {
    let drug = content.drugs.named(generic)?;
    let route = content.dosing.said(route).route();
    let dosing = content.dosing.of(&drug.generic);
    let fits = |code: &&Code| match (route, dosing) {
        (Some(route), Some(dosing)) => dosing.products_for(Some(&code.hcpcs)).any(|product| product.routes().has(route)),
        _ => true,
    };
    let is_plain = |code: &&Code| code.product.is_none() && code.biosimilar_name.is_none();
    let mut fitting = drug.codes.iter().filter(fits);
    fitting.clone().find(is_plain).or_else(|| fitting.next())
}

fn by_code<'a>(content: &'a Content, code: &str) -> Vec<FoundDrug<'a>> {
    let ended = content.drugs.ended_codes().filter(|ended| ended.hcpcs.starts_with(code));
    let ended: Vec<&str> = ended.map(|ended| ended.generic.as_str()).collect();
    let found = content.drugs.all().iter().filter_map(|drug| {
        let codes = drug.codes.iter().filter(|known| known.hcpcs.starts_with(code));
        let code = codes.min_by(|left, right| left.hcpcs.cmp(&right.hcpcs));
        (code.is_some() || ended.contains(&drug.generic.as_str())).then_some(FoundDrug { drug, code })
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|found| found.code.map(|code| code.hcpcs.as_str()));
    found
}

/// The code of the product that was typed. Whoever begins to type the drug's own name, or a brand that no product has for itself, means the
/// drug: "trastuzumab" is no biosimilar of it, and "herc" not yet another maker's.
fn product_of<'a>(drug: &'a Drug, typed: &str) -> Option<&'a Code> {
    let products = || drug.codes.iter().flat_map(|code| [&code.product, &code.biosimilar_name]).flatten();
    let is_whole = products().any(|name| fold(name) == typed);
    let begins = |name: &String| fold(name).starts_with(typed);
    let own_brand = |brand: &&String| products().all(|product| fold(product) != fold(brand));
    if !is_whole && (begins(&drug.generic) || drug.brands.iter().filter(own_brand).any(begins)) {
        return None;
    }
    let is_it = |name: &&String| typed.len() > 2 && fold(name).starts_with(typed);
    drug.codes.iter().find(|code| [&code.product, &code.biosimilar_name].into_iter().flatten().any(|name| is_it(&name)))
}

fn index(content: &Content) -> Index {
    let mut clinics: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut together: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut of_class: HashMap<&str, Vec<(&str, u8)>> = HashMap::new();
    let narrow: HashSet<&str> = content.drugs.all().iter().map(|drug| drug.subclass.as_str()).collect();
    // codes belong to releases, which `by_code` heeds
    for (name, therapy) in content.therapies.names().filter(|(name, _)| as_code(name).is_none()) {
        match (therapy.drugs.as_slice(), therapy.classes.as_slice()) {
            ([only], []) if !therapy.others => clinics.entry(&only.generic).or_default().push(name),
            ([], classes) => {
                // a PARP inhibitor is a targeted drug, too: the class that says more is meant
                let says_more = classes.iter().any(|class| narrow.contains(class.as_str()));
                let meant = classes.iter().filter(|class| !says_more || narrow.contains(class.as_str()));
                let meant = meant.map(|class| (class, CLASS)).chain(therapy.may_be_classes.iter().map(|class| (class, MAYBE)));
                for (class, kind) in meant {
                    of_class.entry(class).or_default().push((name, kind));
                }
            }
            (drugs, _) => {
                for drug in drugs {
                    together.entry(&drug.generic).or_default().push(name);
                }
            }
        }
    }
    let names = content.drugs.all().iter().map(|drug| {
        let mut names = vec![(drug.generic.clone(), OWN)];
        names.extend(drug.synonyms.iter().map(|name| (name.clone(), BRAND)));
        names.extend(drug.brands.iter().map(|name| (name.clone(), BRAND)));
        let products = drug.codes.iter().flat_map(|code| [&code.product, &code.biosimilar_name]).flatten();
        names.extend(products.map(|name| (name.clone(), BRAND)));
        let said = clinics.get(drug.generic.as_str()).into_iter().flatten();
        names.extend(said.map(|name| ((*name).to_owned(), CLINICS)));
        let said = together.get(drug.generic.as_str()).into_iter().flatten();
        names.extend(said.map(|name| ((*name).to_owned(), CLASS)));
        for class in [&drug.class, &drug.subclass] {
            names.push((class.clone(), CLASS));
            let said = of_class.get(class.as_str()).into_iter().flatten();
            names.extend(said.map(|(name, kind)| ((*name).to_owned(), *kind)));
        }
        names
    });
    let mut having: HashMap<&str, usize> = HashMap::new();
    let ingredients = content.regimens.iter().flat_map(|one| &one.required_ingredients);
    for ingredient in ingredients {
        *having.entry(ingredient).or_default() += 1;
    }
    let regimens = |drug: &Arc<Drug>| match drug.ingredients.as_slice() {
        [only] => having.get(only.as_str()).copied().unwrap_or_default(),
        _ => 0,
    };
    Index { names: NameIndex::new(names, &BTreeMap::new()), regimens: content.drugs.all().iter().map(regimens).collect() }
}
