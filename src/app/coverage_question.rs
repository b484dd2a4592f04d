//! A question about coverage made of its fields and of the words of its service: what is not understood is a fault, what the two tell apart stays
//! open (COV-01).

use super::coverage_requirements::CoverageQuestionBody;
use crate::domain::content::{
    Content, CoverageGuide, CoverageInput, CoverageProduct, CoverageService, CoverageTable, CoverageValue, OTHER_GROUP, Told,
    Understood, day_number,
};
use crate::domain::fold::fold;
use crate::domain::refusal::Fault;
use crate::domain::vocabulary::{CoverageSetting, LineOfBusiness};
use crate::rules::coverage_requirements::CoverageQuestion;
use chrono::NaiveDate;

const ALL: &str = "GET /v1/coverage-requirements/services lists all";

/// What the words of the service and of the product say. An id tells no place where the question does: it is only the usual one.
pub(super) fn heard(guide: &CoverageGuide, asked: &CoverageQuestionBody) -> Understood {
    let mut heard = guide.words.understand(&asked.service);
    if heard.is_id && (asked.setting.is_some() || asked.place_of_service.is_some()) {
        heard.told.retain(|(input, _)| *input != CoverageInput::Setting);
    }
    // "HMO Blue" is a product of commercial members, "FEP Blue Focus" none that is told apart here
    let is_product = asked.product.as_ref().is_some_and(|product| !guide.products_called(product).is_empty());
    if asked.line_of_business.is_none() || !is_product {
        heard.told.extend(lines_of_product(guide, asked));
    }
    heard
}

/// The line of business that the words of the product tell.
fn lines_of_product(guide: &CoverageGuide, asked: &CoverageQuestionBody) -> Vec<(CoverageInput, String)> {
    let Some(product) = &asked.product else { return Vec::new() };
    let heard = guide.words.understand(product);
    // "Medicare supplement" is not Medicare Advantage
    let is_line = |(input, _): &(CoverageInput, String)| *input == CoverageInput::LineOfBusiness && heard.unknown.is_empty();
    heard.told.iter().filter(|told| is_line(told)).cloned().collect()
}

/// The one service that the words mean.
pub(super) fn the_service<'g>(
    guide: &'g CoverageGuide,
    asked: &CoverageQuestionBody,
    heard: &Understood,
    faults: &mut Vec<Fault>,
) -> Option<(usize, &'g CoverageService)> {
    let named = |services: &[&CoverageService]| {
        services.iter().map(|service| format!("{} ({})", service.id, service.name)).collect::<Vec<_>>().join(", ")
    };
    let meant: Vec<&CoverageService> = heard.services.iter().filter_map(|index| guide.services.get(*index)).collect();
    let message = match (meant.as_slice(), heard.unknown.as_slice()) {
        ([one], []) => return heard.services.first().map(|index| (*index, *one)),
        ([one], unknown) => format!(
            "not understood beside {}: `{}`; if that service is meant, ask for `{}` and tell the rest in the other fields; {ALL}; {}",
            one.name,
            unknown.join("`, `"),
            one.id,
            otherwise(guide, asked)
        ),
        ([], _) if guide.words.significant(&asked.service).is_empty() => {
            faults.push(Fault::new("/service", "missing", format!("say which service is meant; {ALL}")));
            return None;
        }
        ([], _) => {
            let nearest = guide.nearest(&asked.service);
            let nearest = if nearest.is_empty() { String::new() } else { format!("nearest: {}; ", named(&nearest)) };
            format!("no service is called so; {nearest}{ALL}; {}", otherwise(guide, asked))
        }
        (several, unknown) => {
            let unknown =
                if unknown.is_empty() { String::new() } else { format!("; not understood: `{}`", unknown.join("`, `")) };
            let read = if heard.read_as.is_empty() { String::new() } else { format!("; {}", heard.read_as.join("; ")) };
            format!("several services are called so, name one: {}{unknown}{read}; {ALL}", named(several))
        }
    };
    faults.push(Fault::new("/service", "not-allowed-value", message));
    None
}

/// Whom to ask about a service that is not known here.
fn otherwise(guide: &CoverageGuide, asked: &CoverageQuestionBody) -> String {
    // the last service is none of those that have a line of their own
    let last = guide.services.len().saturating_sub(1);
    let unanswered = guide.table(&asked.health_plan, last).and_then(|table| table.rows.last());
    let ways = unanswered.into_iter().flat_map(|row| &row.how_to_request).map(|way| {
        let phone = way.phone.as_ref().map(|phone| format!(" {phone}")).unwrap_or_default();
        let what = way.instructions.as_ref().map(|what| format!(" ({})", what.trim_end_matches('.'))).unwrap_or_default();
        format!("{}{phone}{what}", way.name)
    });
    format!("about another service ask the plan: {}", ways.collect::<Vec<_>>().join(", "))
}

/// The products that the question can mean; all where none is named.
pub(super) fn the_products(
    guide: &CoverageGuide,
    asked: &CoverageQuestionBody,
    heard: &Understood,
    faults: &mut Vec<Fault>,
) -> Vec<String> {
    let lines = lines_of(asked, heard);
    let sold = |product: &&CoverageProduct| lines.is_empty() || product.lines_of_business.iter().any(|line| lines.contains(line));
    let ids = |products: Vec<&CoverageProduct>| products.into_iter().map(|product| product.id.clone()).collect::<Vec<_>>();
    let heard_of = |product: &&CoverageProduct| heard.told.contains(&(CoverageInput::Product, product.id.clone()));
    let by_words: Vec<&CoverageProduct> = guide.products.iter().filter(heard_of).collect();
    let by_field = asked.product.as_ref().map(|word| guide.products_called(word));
    let is_line = !lines_of_product(guide, asked).is_empty();
    let by_field = by_field.filter(|products| !(products.is_empty() && is_line));
    if by_field.is_none() && by_words.is_empty() {
        return if lines.is_empty() { Vec::new() } else { ids(guide.products.iter().filter(sold).collect()) };
    }
    let mut meant: Vec<&CoverageProduct> = Vec::new();
    let told = [("/product", by_field), ("/service", Some(by_words).filter(|products| !products.is_empty()))];
    for (pointer, products) in told.into_iter().filter_map(|(pointer, products)| Some((pointer, products?))) {
        let before = meant.len();
        meant.extend(products.iter().copied().filter(sold));
        if meant.len() == before {
            faults.push(Fault::new(pointer, "not-allowed-value", no_product(guide, &products, &lines)));
        }
    }
    ids(meant)
}

fn no_product(guide: &CoverageGuide, named: &[&CoverageProduct], lines: &[LineOfBusiness]) -> String {
    let words = |lines: &[LineOfBusiness]| lines.iter().map(|line| line.as_str()).collect::<Vec<_>>().join(", ");
    let Some(product) = named.first() else {
        let known: Vec<&str> = guide.products.iter().map(|product| product.id.as_str()).collect();
        return format!("is no product known here; use one of {}, or leave it out", known.join(", "));
    };
    format!(
        "{} is no product of {} members but of {}; correct one of the two",
        product.name,
        words(lines),
        words(&product.lines_of_business)
    )
}

/// The lines of business that the field and the words name.
fn lines_of(asked: &CoverageQuestionBody, heard: &Understood) -> Vec<LineOfBusiness> {
    let by_words = heard.told.iter().filter(|(input, _)| *input == CoverageInput::LineOfBusiness);
    let by_words = by_words.filter_map(|(_, value)| LineOfBusiness::parse(value));
    asked.line_of_business.into_iter().chain(by_words).collect()
}

/// The settings that a place of service can be: what is done at a hospital's outpatient department may be a part of observation or of an operation.
pub(super) fn the_places(content: &Content, asked: &CoverageQuestionBody, faults: &mut Vec<Fault>) -> Vec<String> {
    use CoverageSetting::{Emergency, Home, Inpatient, Observation, Office, Outpatient, OutpatientSurgery};
    let Some(code) = &asked.place_of_service else { return Vec::new() };
    let Some(place) = content.places_of_service.get(code.as_str()) else {
        let message = format!("`{code}` is no place of service that is known here; leave it out, or tell the setting");
        faults.push(Fault::new("/place_of_service", "not-allowed-value", message));
        return Vec::new();
    };
    let settings: &[CoverageSetting] = match code.as_str() {
        _ if place.inpatient => &[Inpatient],
        "11" => &[Office],
        "12" => &[Home],
        "19" | "22" => &[Outpatient, Observation, OutpatientSurgery],
        "23" => &[Emergency],
        "24" => &[Outpatient, OutpatientSurgery],
        _ => &[Outpatient],
    };
    settings.iter().map(ToString::to_string).collect()
}

/// The groups that a word can mean in a table that tells groups apart; a number that the table does not know is none of those that it does.
pub(super) fn the_groups(
    guide: &CoverageGuide,
    table: &CoverageTable,
    asked: &CoverageQuestionBody,
    faults: &mut Vec<Fault>,
) -> Vec<String> {
    let Some(word) = &asked.group else { return Vec::new() };
    let dimension = table.dimensions.iter().find(|dimension| dimension.input == CoverageInput::Group);
    let values = dimension.into_iter().flat_map(|dimension| &dimension.values);
    let known: Vec<&String> = values
        .filter_map(|value| match value {
            CoverageValue::Word(word) => Some(word),
            CoverageValue::Range(..) => None,
        })
        .collect();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let key = fold(word);
    let found: Vec<String> = match known.iter().find(|known| fold(known) == key) {
        Some(one) => vec![(*one).clone()],
        None if is_number(&key) => known.iter().filter(|known| !is_number(known)).map(|known| (*known).clone()).collect(),
        None => called(guide, word, &known),
    };
    if found.is_empty() && !known.is_empty() {
        let known: Vec<&str> = known.iter().map(|known| known.as_str()).collect();
        let message = format!("is no group known here; use one of {}, a group number, or `{OTHER_GROUP}`", known.join(", "));
        faults.push(Fault::new("/group", "not-allowed-value", message));
    }
    found
}

/// The groups that go by these words.
fn called(guide: &CoverageGuide, words: &str, known: &[&String]) -> Vec<String> {
    let heard = guide.words.understand(words);
    let told = heard.told.into_iter().filter(|(input, _)| *input == CoverageInput::Group && heard.unknown.is_empty());
    told.map(|(_, group)| group).filter(|group| known.contains(&group)).collect()
}

/// The question: what a field tells and what the words tell are both told, so that where they differ every branch answers.
pub(super) fn question<'a>(
    asked: &'a CoverageQuestionBody,
    heard: &'a Understood,
    (products, groups, places): (&'a [String], &'a [String], &'a [String]),
    day: NaiveDate,
) -> CoverageQuestion<'a> {
    let said = |told: bool| Told::Word(if told { "true" } else { "false" });
    let fields = [
        (CoverageInput::LineOfBusiness, asked.line_of_business.map(|word| Told::Word(word.as_str()))),
        (CoverageInput::Setting, asked.setting.map(|word| Told::Word(word.as_str()))),
        (CoverageInput::AdmittedFrom, asked.admitted_from.map(|word| Told::Word(word.as_str()))),
        (CoverageInput::Age, asked.age.map(|years| Told::Number(years.into()))),
        (CoverageInput::VisitNumber, asked.visit_number.map(|visit| Told::Number(visit.into()))),
        (CoverageInput::VisitLimit, asked.visit_limit.map(|visits| Told::Number(visits.into()))),
        (CoverageInput::OutOfNetworkBenefits, asked.out_of_network_benefits.map(said)),
        (CoverageInput::ProviderInNetwork, asked.provider_in_network.map(said)),
        (CoverageInput::Request, asked.request.map(|word| Told::Word(word.as_str()))),
        (CoverageInput::Benefits, asked.benefits.map(|word| Told::Word(word.as_str()))),
        (CoverageInput::Date, Some(Told::Number(day_number(day)))),
    ];
    let several = [(CoverageInput::Product, products), (CoverageInput::Group, groups), (CoverageInput::Setting, places)];
    let mut question = CoverageQuestion::default();
    for input in CoverageInput::ALL {
        let by_field = fields.iter().filter(|(field, _)| *field == input).filter_map(|(_, told)| *told);
        let by_list = several.iter().filter(|(list, _)| *list == input).flat_map(|(_, words)| words.iter());
        // products are told by their list, where the words have been heard
        let by_words = heard.told.iter().filter(|(told, _)| *told == input && input != CoverageInput::Product);
        let words = by_list.chain(by_words.map(|(_, value)| value)).map(|word| match input {
            CoverageInput::Age | CoverageInput::VisitNumber | CoverageInput::VisitLimit => {
                Told::Number(word.parse().unwrap_or(i64::MAX))
            }
            _ => Told::Word(word),
        });
        let told: Vec<Told<'_>> = by_field.chain(words).collect();
        if !told.is_empty() {
            question.tell(input, told);
        }
    }
    question
}
