//! What content knows of giving a drug: doses, routes, caps, containers, step-up (SAFE-05…08, SAFE-13).

use crate::domain::quick::HashMap;

/// What kind of amount a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Milligrams.
    Mass,
    /// International or product units.
    Units,
    /// Millicuries.
    Radioactivity,
    /// Containers or treatments.
    Count,
    /// Millilitres.
    Volume,
    /// Milliequivalents.
    Equivalents,
}

impl Kind {
    /// The unit that amounts of this kind are worked out in.
    pub const fn base(self) -> &'static str {
        match self {
            Self::Mass => "mg",
            Self::Units => "units",
            Self::Radioactivity => "mci",
            Self::Count => "each",
            Self::Volume => "ml",
            Self::Equivalents => "meq",
        }
    }
}

/// What a dose is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Per {
    /// An administration.
    Flat,
    /// Body surface.
    SquareMetre,
    /// Body weight.
    Kilogram,
    /// Clearance: target area under the curve.
    Auc,
}

/// What a dose is an amount of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Basis {
    /// Kind of amount.
    pub kind: Kind,
    /// Counted by.
    pub per: Per,
}

/// Every unit with its kind and how much of the base unit it is.
const UNITS: [(&str, Kind, f64); 10] = [
    ("mg", Kind::Mass, 1.0),
    ("mcg", Kind::Mass, 0.001),
    ("g", Kind::Mass, 1000.0),
    ("units", Kind::Units, 1.0),
    ("million_units", Kind::Units, 1e6),
    ("mci", Kind::Radioactivity, 1.0),
    ("uci", Kind::Radioactivity, 0.001),
    ("each", Kind::Count, 1.0),
    ("ml", Kind::Volume, 1.0),
    ("meq", Kind::Equivalents, 1.0),
];

impl Basis {
    /// Every unit's word.
    pub fn words() -> impl Iterator<Item = &'static str> {
        UNITS.iter().map(|(word, ..)| *word).chain(["mg/m2", "mg/kg", "mcg/kg", "mcg/m2", "units/m2", "units/kg", "auc"])
    }

    /// A unit such as `mg/m2`, with how much of the base unit it is.
    pub fn parse(unit: &str) -> Option<(Self, f64)> {
        if unit == "auc" {
            return Some((Self { kind: Kind::Mass, per: Per::Auc }, 1.0));
        }
        let (unit, per) = match unit.split_once('/') {
            None => (unit, Per::Flat),
            Some((unit, "m2")) => (unit, Per::SquareMetre),
            Some((unit, "kg")) => (unit, Per::Kilogram),
            Some(_) => return None,
        };
        let (_, kind, factor) = UNITS.iter().find(|(word, ..)| *word == unit)?;
        Some((Self { kind: *kind, per }, *factor))
    }

    /// As people write it, in base units: `mg/m2`.
    pub const fn word(self) -> (&'static str, &'static str) {
        match self.per {
            Per::Flat => (self.kind.base(), ""),
            Per::SquareMetre => (self.kind.base(), "/m2"),
            Per::Kilogram => (self.kind.base(), "/kg"),
            Per::Auc => ("auc", ""),
        }
    }
}

/// An amount in base units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount {
    /// Of what.
    pub basis: Basis,
    /// How much.
    pub amount: f64,
}

/// A set of routes, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Routes(pub u32);

impl Routes {
    /// True where it has the route.
    pub const fn has(self, route: RouteId) -> bool {
        self.0 & (1 << route.0) != 0
    }

    /// The only route, where there is just one.
    pub fn only(self) -> Option<RouteId> {
        self.0.is_power_of_two().then(|| RouteId(u8::try_from(self.0.trailing_zeros()).unwrap_or(0)))
    }

    /// Every route in it.
    pub fn iter(self) -> impl Iterator<Item = RouteId> {
        (0..32).map(RouteId).filter(move |route| self.has(*route))
    }
}

/// A route's place in content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(pub u8);

/// A way of giving a drug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Short key such as `iv`.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// True where it reaches one place of the body only.
    pub local: bool,
}

/// One basis of a drug's dose by some routes.
#[derive(Debug, Clone, PartialEq)]
pub struct DoseRule {
    /// Routes that it holds for.
    pub routes: Routes,
    /// Routes that are never used.
    pub never: Routes,
    /// What the dose counts.
    pub basis: Basis,
    /// Least and most that is usual.
    pub usual: (f64, f64),
    /// Beyond this a person looks (SAFE-06).
    pub outer: f64,
    /// The same where the matched regimen itself stays below it.
    pub narrow: Option<f64>,
    /// Most in one administration, for an adult of any size.
    pub most: Option<Amount>,
    /// Most on a day, all lines of the ingredient together.
    pub per_day: Option<Amount>,
    /// Most within so many days in a row.
    pub per_interval: Option<(Amount, u32)>,
}

/// Which weight a dose per kilogram means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightBasis {
    /// As weighed.
    #[default]
    Actual,
    /// Ideal for height and sex.
    Ideal,
    /// Between ideal and actual.
    AdjustedIdeal,
}

/// How a code counts a drug of several ingredients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// The sum of the ingredients.
    Sum,
    /// The first ingredient.
    First,
}

/// The doses of some products of a drug.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// HCPCS codes; empty for every product without an entry of its own.
    pub codes: Vec<String>,
    /// Sizes of its vials.
    pub vials: Vec<Amount>,
    /// True where what is left in a vial is discarded (JW, JZ); none where it depends.
    pub single_dose: Option<bool>,
    /// What one container holds, for codes that bill containers.
    pub container: Option<Amount>,
    /// Which weight counts.
    pub weight: WeightBasis,
    /// Weight above which the dose stays the same.
    pub weight_cap_kg: Option<f64>,
    /// Body surface above which it does.
    pub bsa_cap_m2: Option<f64>,
    /// Most that a relative dose comes to.
    pub cap: Option<Amount>,
    /// True where its label knows no reduction of the dose.
    pub unreduced: bool,
    /// Bounds.
    pub rules: Vec<DoseRule>,
    /// Where they are from.
    pub source: String,
}

impl Product {
    /// Every route allowed.
    pub fn routes(&self) -> Routes {
        Routes(self.rules.iter().fold(0, |all, rule| all | rule.routes.0))
    }

    /// Routes that are never used, those that some rule allows left out.
    pub fn never(&self) -> Routes {
        Routes(self.rules.iter().fold(0, |all, rule| all | rule.never.0) & !self.routes().0)
    }
}

/// One step of a step-up schedule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Day of treatment, from 1.
    pub day: u32,
    /// Most that is given then.
    pub dose: Amount,
}

/// What content knows of one generic.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dosing {
    /// Products; one without codes stands for those that have no entry.
    pub products: Vec<Product>,
    /// Step-up by day; empty where there is none.
    pub steps: Vec<Step>,
    /// Loading doses, for the first administration only.
    pub loading: Vec<Amount>,
    /// How the code counts its ingredients, with the amounts of each as labels write them.
    pub parts: Option<(Counts, Vec<Vec<f64>>)>,
}

impl Dosing {
    /// What a line with this code may be: its own products, else those without code; all of them without a code.
    pub fn products_for(&self, code: Option<&str>) -> impl Iterator<Item = &Product> {
        let own = code.is_some_and(|code| self.products.iter().any(|product| product.codes.iter().any(|known| known == code)));
        self.products.iter().filter(move |product| match code {
            None => true,
            Some(code) if own => product.codes.iter().any(|known| known == code),
            Some(_) => product.codes.is_empty(),
        })
    }
}

/// The weight that a label means, and the shares by which doses are judged.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DoseShares {
    /// Share of the regimen's dose that a drug without bound may have, in percent.
    pub without_bound_percent: f64,
    /// This much or more of the matched regimen's dose goes to a person.
    pub regimen_above_percent: f64,
    /// So does more of what it gives in four weeks.
    pub regimen_window_percent: f64,
    /// Days over which it is added up.
    pub regimen_window_days: u64,
    /// Less of it, too.
    pub regimen_below_percent: f64,
    /// Less of it than this of a drug whose label knows no reduction, too.
    pub unreduced_below_percent: f64,
    /// More administrations than this share of the most that it gives, too.
    pub regimen_number_percent: f64,
    /// A cytotoxic drug at a shorter interval, and by so much more a day than it gives, too.
    pub regimen_density_percent: f64,
    /// How far whole vials round a dose.
    pub rounding_percent: f64,
    /// How far below the regimen's a reduction is usual.
    pub usual_reduction_percent: f64,
    /// Below this share of the least usual dose a person looks.
    pub far_below_percent: f64,
    /// Days without the drug after which a loading dose is given again.
    pub loading_again_after_days: u32,
}

/// Ideal weight in kilograms from height in centimetres.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct IdealWeight {
    /// Times the height.
    pub per_cm: f64,
    /// Less this, for women.
    pub women: f64,
    /// Less this, for men.
    pub men: f64,
    /// Share of what is above the ideal that counts.
    pub adjusted: f64,
}

/// All of it, with its look-ups.
#[derive(Debug, Clone, Default)]
pub struct DosingCatalog {
    /// By generic.
    pub by_generic: HashMap<String, Dosing>,
    /// Routes.
    pub routes: Vec<Route>,
    /// Words of routes, small letters and digits only.
    pub route_words: HashMap<String, RouteId>,
    /// Words that say nothing about the route.
    pub filler: Vec<String>,
    /// Shares.
    pub shares: DoseShares,
    /// Ideal weight.
    pub ideal_weight: IdealWeight,
}

/// What a route as written says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SaidRoute {
    /// Every route that it mentions.
    pub mentioned: Routes,
    /// True where a word of it is not understood.
    pub unclear: bool,
}

impl SaidRoute {
    /// The route, where it names one and nothing else.
    pub fn route(self) -> Option<RouteId> {
        self.mentioned.only().filter(|_| !self.unclear)
    }
}

impl DosingCatalog {
    /// A generic's doses.
    pub fn of(&self, generic: &str) -> Option<&Dosing> {
        self.by_generic.get(generic)
    }

    /// A route's key, as policies write it.
    pub fn route_key(&self, route: RouteId) -> &str {
        self.routes.get(usize::from(route.0)).map_or("", |route| &route.key)
    }

    /// Its name for people.
    pub fn route_name(&self, route: RouteId) -> &str {
        self.routes.get(usize::from(route.0)).map_or("", |route| &route.name)
    }

    /// True where it reaches one place of the body only.
    pub fn is_local(&self, route: RouteId) -> bool {
        self.routes.get(usize::from(route.0)).is_some_and(|route| route.local)
    }

    /// Names of routes, for people.
    pub fn route_names(&self, routes: Routes) -> String {
        routes.iter().map(|route| self.route_name(route)).collect::<Vec<_>>().join(" or ")
    }

    /// Reads a route as orders write it: `IV`, `i.v. push`, `intra-thecal`, `via Ommaya`.
    pub fn said(&self, text: &str) -> SaidRoute {
        if let Some(route) = self.route_words.get(text) {
            return SaidRoute { mentioned: Routes(1 << route.0), unclear: false };
        }
        let plain = text.to_lowercase().replace('.', "");
        let words: Vec<&str> = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let mut said = SaidRoute { mentioned: Routes::default(), unclear: words.is_empty() };
        let mut at = 0;
        while at < words.len() {
            let longest = (1..=words.len() - at).rev().find_map(|count| {
                let joined: String = words.iter().skip(at).take(count).copied().collect();
                self.route_words.get(&joined).map(|route| (count, *route))
            });
            if let Some((count, route)) = longest {
                said.mentioned.0 |= 1 << route.0;
                at += count;
            } else {
                said.unclear |= !words.get(at).is_some_and(|word| self.is_filler(word));
                at += 1;
            }
        }
        said
    }

    fn is_filler(&self, word: &str) -> bool {
        let letters = word.trim_start_matches(|c: char| c.is_ascii_digit());
        letters.is_empty() || self.filler.iter().any(|known| known == letters)
    }
}

#[cfg(test)]
mod tests {
    use super::{Basis, DosingCatalog, Kind, Per, RouteId, Routes};

    fn catalog() -> DosingCatalog {
        let words = [("iv", 0), ("ivpush", 0), ("it", 1), ("intrathecal", 1), ("ommaya", 1), ("sc", 2), ("subq", 2)];
        DosingCatalog {
            route_words: words.into_iter().map(|(word, id)| (word.to_owned(), RouteId(id))).collect(),
            filler: ["via", "over", "min", "push", "reservoir"].map(str::to_owned).to_vec(),
            ..DosingCatalog::default()
        }
    }

    #[test]
    fn routes_are_read_as_people_write_them() {
        // proves SAFE-08
        let catalog = catalog();
        for (text, id) in [
            ("iv", 0),
            ("IV", 0),
            ("I.V.", 0),
            ("iv push", 0),
            ("IV over 30min", 0),
            ("IT", 1),
            ("i.t.", 1),
            ("intra-thecal", 1),
            ("Intra Thecal", 1),
            ("via Ommaya", 1),
            ("Ommaya reservoir", 1),
            ("sub-q", 2),
            ("Sub Q", 2),
        ] {
            assert_eq!(catalog.said(text).route(), Some(RouteId(id)), "{text}");
        }
        for text in ["", "somehow", "iv somehow", "iv or it", "IV/IT", "…"] {
            assert_eq!(catalog.said(text).route(), None, "{text}");
        }
        assert!(catalog.said("IV/IT").mentioned.has(RouteId(1)));
        assert!(catalog.said("ivy, it").mentioned.has(RouteId(1)));
    }

    #[test]
    fn units_have_a_kind_and_a_basis() {
        // proves SAFE-13
        assert_eq!(Basis::parse("mcg/kg"), Some((Basis { kind: Kind::Mass, per: Per::Kilogram }, 0.001)));
        assert_eq!(Basis::parse("million_units/m2"), Some((Basis { kind: Kind::Units, per: Per::SquareMetre }, 1e6)));
        assert_eq!(Basis::parse("auc"), Some((Basis { kind: Kind::Mass, per: Per::Auc }, 1.0)));
        assert_eq!(Basis::parse("mg/l"), None);
        assert_eq!(Routes(0b100).only(), Some(RouteId(2)));
        assert_eq!(Routes(0b101).only(), None);
    }
}
