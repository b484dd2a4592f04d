//! Coverage requirements (COV-01…04): rows of `coverage/`, compiled to a table for each health plan and service. A row that nothing reaches, two
//! rows that answer the same question, and a product that the source names for a service and no row answers, are errors.

use super::codes::text_of;
use super::coverage_codes::{CODES, read_codes};
use super::coverage_drugs::{DrugKind, replaced_by};
use super::coverage_rows::{Bounds, Row, RowDraft, When, groups, matching, points, ranges};
use super::coverage_words::{WORDS, Words};
use super::document::{Document, Place};
use super::programs;
use super::releases::Releases;
use super::report::{Report, did_you_mean};
use super::source::Source;
use crate::domain::content::{
    CoverageAlso, CoverageCodes, CoverageDimension, CoverageGuide, CoverageInput, CoverageProduct, CoverageRow, CoverageService,
    CoverageTable, CoverageValue, CoverageWords, DrugCatalog, HowToRequest, MoreNames, Program,
};
use crate::domain::quick::HashMap;
use crate::domain::vocabulary::{
    CoverageAdmission, CoverageRequest, CoverageRequirement, CoverageSetting, HabilitationBenefit, LineOfBusiness, Service,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

const FOLDER: &str = "coverage";
const PLANS: &str = "coverage/plans.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlansHeader {
    provenance: String,
    #[serde(default, rename = "verify")]
    _verify: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanEntry {
    health_plan: String,
    unanswered: String,
    /// Told of a service that was given already, where no row says what can be done then.
    afterwards_unsaid: String,
    ask: Vec<String>,
    source: String,
    /// Whom to ask about some services instead.
    #[serde(default)]
    ask_about: Vec<AskAbout>,
}

/// Whom to ask about services that no row answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskAbout {
    services: Vec<String>,
    ask: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactEntry {
    id: String,
    means: String,
    name: String,
    phone: Option<String>,
    fax: Option<String>,
    url: Option<String>,
    hours: Option<String>,
    instructions: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductEntry {
    id: String,
    name: String,
    lines_of_business: Vec<LineOfBusiness>,
    words: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    health_plan: String,
    document: String,
    provenance: String,
    #[serde(default, rename = "verify")]
    _verify: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceEntry {
    id: String,
    name: String,
    #[serde(default)]
    words: Vec<String>,
    /// Groups of words (`words.toml`) that may stand beside its name.
    #[serde(default)]
    beside: Vec<String>,
    /// Groups of words that are not passed over beside its name.
    #[serde(default)]
    not_beside: Vec<String>,
    /// Groups of words that are not passed over in what it is for.
    #[serde(default)]
    not_for: Vec<String>,
    /// What it is in a setting.
    #[serde(default)]
    in_setting: BTreeMap<CoverageSetting, String>,
    /// When it may be meant beside others.
    also: Option<AlsoEntry>,
    /// Drugs of `drugs/` that it is the service of.
    #[serde(default)]
    drugs: Vec<DrugKind>,
    /// True where it is the service of the codes of `radiation/services.toml`.
    #[serde(default)]
    procedures: bool,
    #[serde(default)]
    named: Named,
}

/// Words that make a service possible where the question is about one of others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlsoEntry {
    of: Vec<String>,
    words: Vec<String>,
}

/// What a source names for a service, so that a row has to answer it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    #[serde(default)]
    line_of_business: Vec<LineOfBusiness>,
    #[serde(default)]
    product: Vec<String>,
}

/// Everything read, before it is put together release by release.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    plans: Vec<PlanEntry>,
    contacts: HashMap<String, HowToRequest>,
    products: Vec<CoverageProduct>,
    words: Words,
    codes: CoverageCodes,
    services: Vec<CoverageService>,
    /// Names of drugs and codes of procedures, by service.
    drugs: Vec<MoreNames>,
    /// Codes that ended, with what to use.
    ended: Vec<(String, String)>,
    named: Vec<(Named, (String, usize))>,
    rows: Vec<RowDraft>,
}

/// Reads the folder.
pub(super) fn read(
    source: &Source,
    (programs, drugs, procedures): (&[programs::Draft], &DrugCatalog, &[String]),
    releases: &Releases,
    report: &mut Report,
) -> Drafts {
    let mut drafts = Drafts::default();
    let ended =
        drugs.ended_codes().map(|code| (code.hcpcs.clone(), format!("{}: this code ended; {}", code.hcpcs, code.instead())));
    drafts.ended = ended.collect();
    let files = source.files(FOLDER, "toml");
    if files.is_empty() {
        return drafts;
    }
    read_plans(source, programs, &mut drafts, report);
    drafts.words = Words::read(source, |input| drafts.words_of(input), report);
    let others: Vec<&String> = files.iter().filter(|file| ![PLANS, WORDS, CODES].contains(&file.as_str())).collect();
    let texts: Vec<_> = others.iter().filter_map(|file| Some((file.as_str(), text_of(source, file, report)?))).collect();
    let documents: Vec<_> = texts.iter().filter_map(|(file, text)| Some((*file, Document::parse(file, text, report)?))).collect();
    for (file, document) in &documents {
        read_services(file, document, (drugs, procedures), &mut drafts, report);
    }
    drafts.codes = read_codes(source, &drafts.services, report);
    for (_, document) in &documents {
        read_rows(document, releases, programs, &mut drafts, report);
    }
    drafts.check(releases, report);
    drafts
}

fn read_plans(source: &Source, programs: &[programs::Draft], drafts: &mut Drafts, report: &mut Report) {
    let Some(text) = text_of(source, PLANS, report) else { return };
    let Some(document) = Document::parse(PLANS, &text, report) else { return };
    if document
        .header::<PlansHeader>(&["plan", "contact", "product"], report)
        .is_some_and(|header| header.provenance.trim().is_empty())
    {
        document.root().key("provenance").error(report, "say where the numbers come from", None);
    }
    for (entry, place) in document.entries::<ContactEntry>("contact", report) {
        if drafts.contacts.contains_key(&entry.id) {
            place.key("id").error(report, format!("contact `{}` is here twice", entry.id), None);
        }
        let contact = HowToRequest {
            means: entry.means,
            name: entry.name,
            phone: entry.phone,
            fax: entry.fax,
            url: entry.url,
            hours: entry.hours,
            instructions: entry.instructions,
        };
        drafts.contacts.insert(entry.id, contact);
    }
    for (entry, _) in document.entries::<ProductEntry>("product", report) {
        let ProductEntry { id, name, lines_of_business, words } = entry;
        drafts.products.push(CoverageProduct { id, name, words, lines_of_business });
    }
    for (entry, place) in document.entries::<PlanEntry>("plan", report) {
        let known = programs.iter().filter_map(programs::Draft::latest).any(|program| program.health_plan == entry.health_plan);
        if !known {
            place.key("health_plan").error(report, format!("no program is of the plan `{}`", entry.health_plan), None);
        }
        check_contacts(&entry.ask, place, &drafts.contacts, report);
        for about in &entry.ask_about {
            check_contacts(&about.ask, place, &drafts.contacts, report);
        }
        drafts.plans.push(entry);
    }
}

fn check_contacts(ask: &[String], place: Place<'_, '_>, contacts: &HashMap<String, HowToRequest>, report: &mut Report) {
    for (index, id) in ask.iter().enumerate().filter(|(_, id)| !contacts.contains_key(*id)) {
        let suggestion = did_you_mean(id, contacts.keys().map(String::as_str));
        place.key("ask").at(index).error(report, format!("there is no contact `{id}` in {PLANS}"), suggestion);
    }
}

fn read_services(
    file: &str,
    document: &Document<'_>,
    (drugs, procedures): (&DrugCatalog, &[String]),
    drafts: &mut Drafts,
    report: &mut Report,
) {
    let family = file.trim_start_matches("coverage/").trim_end_matches(".toml");
    for (entry, place) in document.entries::<ServiceEntry>("service", report) {
        if drafts.services.iter().any(|service| service.id == entry.id) {
            place.key("id").error(report, format!("service `{}` is here twice", entry.id), None);
        }
        check_products(&entry.named.product, place.key("named").key("product"), drafts, report);
        let beside = drafts.words.all_of(&entry.beside, place.key("beside"), report);
        let not_beside = drafts.words.all_of(&entry.not_beside, place.key("not_beside"), report);
        let not_for = drafts.words.all_of(&entry.not_for, place.key("not_for"), report);
        let mut names: Vec<String> = Vec::new();
        for drug in drugs.all().iter().filter(|drug| !drug.is_unclassified()) {
            names.extend(entry.drugs.iter().flat_map(|kind| kind.names_of(drug)));
        }
        names.extend(drugs.ended_codes().filter(|code| replaced_by(code, &entry.drugs, drugs)).map(|code| code.hcpcs.clone()));
        if entry.procedures {
            names.extend_from_slice(procedures);
        }
        drafts.drugs.push((drafts.services.len(), names));
        drafts.named.push((entry.named, place.position()));
        let in_setting = entry.in_setting.into_iter().map(|(setting, id)| (setting.to_string(), id)).collect();
        let also = entry.also.map(|AlsoEntry { of, words }| CoverageAlso { of, words });
        let (id, name, words, family) = (entry.id, entry.name, entry.words, family.to_owned());
        drafts.services.push(CoverageService { id, name, words, family, beside, not_beside, not_for, in_setting, also });
    }
}

fn check_products(products: &[String], place: Place<'_, '_>, drafts: &Drafts, report: &mut Report) {
    for (index, id) in products.iter().enumerate() {
        if !drafts.products.iter().any(|product| product.id == *id) {
            let suggestion = did_you_mean(id, drafts.products.iter().map(|product| product.id.as_str()));
            place.at(index).error(report, format!("there is no product `{id}` in {PLANS}"), suggestion);
        }
    }
}

fn read_rows(
    document: &Document<'_>,
    releases: &Releases,
    programs: &[programs::Draft],
    drafts: &mut Drafts,
    report: &mut Report,
) {
    let Some(header) = document.header::<Header>(&["service", "row"], report) else { return };
    if header.provenance.trim().is_empty() {
        document.root().key("provenance").error(report, "say where the answers come from", None);
    }
    if !drafts.plans.iter().any(|plan| plan.health_plan == header.health_plan) {
        document.root().key("health_plan").error(report, format!("{PLANS} has no plan `{}`", header.health_plan), None);
    }
    for (row, place) in document.entries::<Row>("row", report) {
        for (index, id) in row.services.iter().enumerate() {
            if !drafts.services.iter().any(|service| service.id == *id) {
                let suggestion = did_you_mean(id, drafts.services.iter().map(|service| service.id.as_str()));
                place.key("services").at(index).error(report, format!("there is no service `{id}`"), suggestion);
            }
        }
        check_contacts(&row.ask, place, &drafts.contacts, report);
        check_products(&row.when.product, place.key("when").key("product"), drafts, report);
        check_program(&row, &header, programs, place, report);
        if row.exclusion.is_none() && row.message.as_ref().is_none_or(|message| message.trim().is_empty()) {
            place.error(report, "say the answer in a sentence: message = \"...\"", None);
        }
        if row.lines.trim().is_empty() {
            place.key("lines").error(report, "name the passage that it rests on", None);
        }
        let life = releases.lifetime(row.introduced.as_deref(), row.retired.as_deref(), place, report);
        let (health_plan, document) = (header.health_plan.clone(), header.document.clone());
        drafts.rows.push(RowDraft { row, health_plan, document, position: place.position(), life });
    }
}

/// What a row says of the plan's cancer program has to be in the program's own file.
fn check_program(row: &Row, header: &Header, programs: &[programs::Draft], place: Place<'_, '_>, report: &mut Report) {
    let versions: Vec<&Arc<Program>> =
        programs.iter().flat_map(programs::Draft::versions).filter(|program| program.health_plan == header.health_plan).collect();
    let Some(program) = versions.last() else { return };
    if let Some(id) = &row.exclusion
        && !program.exclusions.iter().any(|exclusion| exclusion.exclusion == *id)
    {
        let known = program.exclusions.iter().map(|exclusion| exclusion.exclusion.as_str());
        place.key("exclusion").error(
            report,
            format!("program `{}` has no exclusion `{id}`", program.id),
            did_you_mean(id, known),
        );
    }
    // a program that manages nothing leads to no order
    let managed: Vec<Service> = versions.iter().flat_map(|program| program.services.iter().copied()).collect();
    let unmanaged = |service: &Service| !managed.is_empty() && !managed.contains(service);
    for (index, service) in row.order.iter().enumerate().filter(|(_, service)| unmanaged(service)) {
        place.key("order").at(index).error(report, format!("program `{}` does not manage {service}", program.id), None);
    }
}

impl Drafts {
    /// The guide of a release.
    pub fn version(&self, release: usize, programs: &[Arc<Program>]) -> CoverageGuide {
        let tables = self.plans.iter().map(|plan| {
            let program = programs.iter().find(|program| program.health_plan == plan.health_plan);
            let tables = (0..self.services.len()).map(|service| self.table(plan, service, release, program));
            (plan.health_plan.clone(), tables.collect())
        });
        let tables = tables.collect();
        let Words { lists, phrases, .. } = &self.words;
        let codes = (self.codes.clone(), self.ended.as_slice());
        let words = CoverageWords::new((&self.services, &self.drugs), &self.products, phrases, lists, codes);
        let unsaid = self.plans.iter().map(|plan| (plan.health_plan.clone(), plan.afterwards_unsaid.clone())).collect();
        CoverageGuide::new(self.services.clone(), self.products.clone(), words, (tables, unsaid))
    }

    fn rows_of<'d>(&'d self, plan: &'d str, service: usize, release: usize) -> Vec<&'d RowDraft> {
        let id = self.services.get(service).map(|service| service.id.as_str()).unwrap_or_default();
        let answers = |draft: &&RowDraft| {
            draft.health_plan == plan && draft.row.services.iter().any(|named| named == id) && draft.life.covers(release)
        };
        self.rows.iter().filter(answers).collect()
    }

    fn table(&self, plan: &PlanEntry, service: usize, release: usize, program: Option<&Arc<Program>>) -> CoverageTable {
        let rows = self.rows_of(&plan.health_plan, service, release);
        let dimensions = self.dimensions(&rows);
        let unanswered = u16::try_from(rows.len()).unwrap_or(u16::MAX);
        let cells = points(&dimensions).map(|point| {
            self.can_be(&point)
                .then(|| matching(&rows, &point).first().map_or(unanswered, |index| u16::try_from(*index).unwrap_or(u16::MAX)))
        });
        let mut answers: Vec<Arc<CoverageRow>> = rows.iter().map(|draft| Arc::new(self.answer(draft, plan, program))).collect();
        answers.push(Arc::new(self.unanswered(plan, service, program)));
        CoverageTable { cells: cells.collect(), dimensions, rows: answers }
    }

    /// The inputs that rows speak of. A line of business goes with a product and the other way round, so that what one tells of the other counts.
    fn dimensions(&self, rows: &[&RowDraft]) -> Vec<CoverageDimension> {
        let numbers =
            |least: i64, of: fn(&When) -> Option<Bounds>| ranges(least, rows.iter().filter_map(|draft| of(&draft.row.when)));
        CoverageInput::ALL
            .into_iter()
            .filter(|input| rows.iter().any(|draft| draft.row.speaks_of(*input)))
            .map(|input| {
                let values = match input {
                    CoverageInput::Group => groups(rows).into_iter().map(CoverageValue::Word).collect(),
                    CoverageInput::Age => numbers(0, |when| when.age),
                    CoverageInput::VisitNumber => numbers(1, |when| when.visit_number),
                    CoverageInput::VisitLimit => numbers(0, |when| when.visit_limit),
                    CoverageInput::Date => ranges(i64::MIN, rows.iter().map(|draft| draft.row.days())),
                    word => self.words_of(word).into_iter().map(CoverageValue::Word).collect(),
                };
                CoverageDimension { input, values }
            })
            .collect()
    }

    /// The words that an input can have, `0` where it is a number; none where they are named by rows.
    fn words_of(&self, input: CoverageInput) -> Vec<String> {
        let text = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect();
        match input {
            CoverageInput::LineOfBusiness => LineOfBusiness::ALL.iter().map(ToString::to_string).collect(),
            CoverageInput::Product => self.products.iter().map(|product| product.id.clone()).collect(),
            CoverageInput::Setting => CoverageSetting::ALL.iter().map(ToString::to_string).collect(),
            CoverageInput::AdmittedFrom => CoverageAdmission::ALL.iter().map(ToString::to_string).collect(),
            CoverageInput::Request => CoverageRequest::ALL.iter().map(ToString::to_string).collect(),
            CoverageInput::Benefits => HabilitationBenefit::ALL.iter().map(ToString::to_string).collect(),
            CoverageInput::OutOfNetworkBenefits | CoverageInput::ProviderInNetwork => text(&["true", "false"]),
            CoverageInput::Age | CoverageInput::VisitNumber | CoverageInput::VisitLimit => text(&["0"]),
            CoverageInput::Group | CoverageInput::Date => Vec::new(),
        }
    }

    /// False for a line of business that does not have the product.
    fn can_be(&self, point: &[(CoverageInput, &CoverageValue)]) -> bool {
        let word = |input| {
            point.iter().find(|(known, _)| *known == input).and_then(|(_, value)| match value {
                CoverageValue::Word(word) => Some(word.as_str()),
                CoverageValue::Range(..) => None,
            })
        };
        let (line, product) = (word(CoverageInput::LineOfBusiness), word(CoverageInput::Product));
        let (Some(line), Some(product)) = (line, product) else { return true };
        let sold = |known: &CoverageProduct| known.lines_of_business.iter().any(|known| known.as_str() == line);
        self.products.iter().find(|known| known.id == product).is_none_or(sold)
    }

    fn answer(&self, draft: &RowDraft, plan: &PlanEntry, program: Option<&Arc<Program>>) -> CoverageRow {
        let row = &draft.row;
        let managed = |service: &&Service| program.is_some_and(|program| program.services.contains(service));
        let orders: Vec<Service> = row.order.iter().filter(managed).copied().collect();
        let exclusion = row.exclusion.as_ref().and_then(|id| {
            let known = program.into_iter().flat_map(|program| &program.exclusions);
            known.into_iter().find(|exclusion| exclusion.exclusion == *id && row.is_about(&exclusion.when))
        });
        let mut how_to_request: Vec<HowToRequest> = Vec::new();
        if !orders.is_empty() {
            how_to_request.push(own_orders());
        }
        how_to_request.extend(exclusion.map(|exclusion| HowToRequest::from(&exclusion.redirect)));
        how_to_request.extend(row.ask.iter().filter_map(|id| self.contacts.get(id).cloned()));
        let message = row.message.clone().or_else(|| exclusion.map(|exclusion| exclusion.message.clone())).unwrap_or_default();
        let mut have_ready = row.have_ready.clone();
        have_ready.extend(orders.iter().flat_map(|service| required(program, *service)));
        have_ready.dedup();
        let without = program.filter(|_| !orders.is_empty()).map(|program| program.without_authorization.clone());
        CoverageRow {
            requirement: row.requirement,
            within_hours: row.within_hours,
            administered_by: row.administered_by.clone().unwrap_or_else(|| decided_by(row, plan, program)),
            how_to_request,
            limits: row.limits.clone(),
            validity: row.validity.clone(),
            figures: row.figures.clone(),
            conditions: row.conditions.clone(),
            have_ready,
            if_not_done: row.if_not_done.clone().or(without),
            afterwards: row.afterwards.clone(),
            message,
            source: passage(&draft.document, &row.lines),
            exclusion: row.exclusion.clone(),
            orders,
        }
    }

    fn unanswered(&self, plan: &PlanEntry, service: usize, program: Option<&Arc<Program>>) -> CoverageRow {
        let id = self.services.get(service).map(|service| service.id.as_str()).unwrap_or_default();
        let about = plan.ask_about.iter().find(|about| about.services.iter().any(|named| named == id));
        let ask = about.map_or(&plan.ask, |about| &about.ask);
        CoverageRow {
            requirement: CoverageRequirement::CheckBenefits,
            within_hours: None,
            administered_by: program.map_or_else(|| plan.health_plan.clone(), |program| program.health_plan_name.clone()),
            how_to_request: ask.iter().filter_map(|id| self.contacts.get(id).cloned()).collect(),
            limits: None,
            validity: None,
            figures: BTreeMap::new(),
            conditions: Vec::new(),
            have_ready: Vec::new(),
            if_not_done: None,
            afterwards: None,
            message: plan.unanswered.clone(),
            source: plan.source.clone(),
            exclusion: None,
            orders: Vec::new(),
        }
    }

    /// Rows that nothing reaches, rows that overlap, and what a source names and no row answers; in the newest release that has them.
    fn check(&self, releases: &Releases, report: &mut Report) {
        for (release, _) in releases.iter() {
            for plan in &self.plans {
                for (service, known) in self.services.iter().enumerate() {
                    let rows = self.rows_of(&plan.health_plan, service, release);
                    self.check_rows(&rows, known, report);
                }
            }
        }
        self.check_named(report);
        let Some((newest, _)) = releases.iter().last() else { return };
        for (service, (named, (file, line))) in self.named.iter().enumerate() {
            for missing in self.unnamed(service, named, newest) {
                let id = self.services.get(service).map(|service| service.id.as_str()).unwrap_or_default();
                report.error(file, *line, format!("the source names {missing} for `{id}`, and no row answers it"), None);
            }
        }
    }

    /// The services that services name.
    fn check_named(&self, report: &mut Report) {
        for (service, (_, (file, line))) in self.services.iter().zip(&self.named) {
            let named = service.in_setting.values().chain(service.also.iter().flat_map(|also| &also.of));
            for id in named.filter(|id| !self.services.iter().any(|service| service.id == **id)) {
                let suggestion = did_you_mean(id, self.services.iter().map(|service| service.id.as_str()));
                report.error(file, *line, format!("`{}` names the service `{id}`, which is not there", service.id), suggestion);
            }
        }
    }

    fn check_rows(&self, rows: &[&RowDraft], service: &CoverageService, report: &mut Report) {
        let dimensions = self.dimensions(rows);
        let mut reached = vec![false; rows.len()];
        for point in points(&dimensions).filter(|point| self.can_be(point)) {
            let found = matching(rows, &point);
            if let Some(first) = found.first()
                && let Some(row) = reached.get_mut(*first)
            {
                *row = true;
            }
            let class = |index: &usize| rows.get(*index).is_some_and(|draft| draft.row.exception);
            let same: Vec<&usize> = found.iter().filter(|index| Some(class(index)) == found.first().map(class)).collect();
            if let [first, second, ..] = same.as_slice()
                && let (Some(first), Some(second)) = (rows.get(**first), rows.get(**second))
            {
                let (file, line) = &second.position;
                let other = format!("{}:{}", first.position.0, first.position.1);
                report.error(
                    file,
                    *line,
                    format!("answers the same question about `{}` as the row at {other}", service.id),
                    None,
                );
            }
        }
        for (draft, _) in rows.iter().zip(reached).filter(|(_, reached)| !reached) {
            let (file, line) = &draft.position;
            report.error(file, *line, format!("no question about `{}` reaches this row", service.id), None);
        }
    }

    /// What a source names for a service and no row of any plan answers.
    fn unnamed(&self, service: usize, named: &Named, release: usize) -> Vec<String> {
        let rows: Vec<&RowDraft> = self.plans.iter().flat_map(|plan| self.rows_of(&plan.health_plan, service, release)).collect();
        let lines = named.line_of_business.iter().map(|line| (CoverageInput::LineOfBusiness, line.as_str()));
        let products = named.product.iter().map(|product| (CoverageInput::Product, product.as_str()));
        let answered = |input: CoverageInput, word: &str| {
            rows.iter().any(|draft| draft.row.when.holds(input, &CoverageValue::Word(word.to_owned())))
        };
        lines.chain(products).filter(|(input, word)| !answered(*input, word)).map(|(_, word)| format!("`{word}`")).collect()
    }
}

/// `S3 line 19`, `S3 lines 14, 48-50`; the document alone where all of it is meant.
fn passage(document: &str, lines: &str) -> String {
    match lines {
        "whole" => document.to_owned(),
        one if one.bytes().all(|byte| byte.is_ascii_digit()) => format!("{document} line {one}"),
        several => format!("{document} lines {several}"),
    }
}

fn own_orders() -> HowToRequest {
    HowToRequest {
        means: "service".to_owned(),
        name: "This service".to_owned(),
        phone: None,
        fax: None,
        url: Some("/v1/orders".to_owned()),
        hours: None,
        instructions: Some("Send an order; it is decided in the same request.".to_owned()),
    }
}

/// The items that the program's orders must have, by name.
fn required(program: Option<&Arc<Program>>, service: Service) -> Vec<String> {
    let Some(program) = program else { return Vec::new() };
    let must = program.required.get(&service).into_iter().flatten();
    let mut names: Vec<String> = must.map(|item| item.name.clone()).collect();
    match service {
        Service::MedicalOncology => names.extend(program.clinical.iter().map(|item| item.name.clone())),
        Service::RadiationOncology => {
            names.extend(program.radiation.iter().flat_map(|rules| &rules.items).map(|item| item.name.clone()));
        }
    }
    names
}

fn decided_by(row: &Row, plan: &PlanEntry, program: Option<&Arc<Program>>) -> String {
    match program {
        Some(program) if !row.order.is_empty() => program.name.clone(),
        Some(program) => program.health_plan_name.clone(),
        None => plan.health_plan.clone(),
    }
}
