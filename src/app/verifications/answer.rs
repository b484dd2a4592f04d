//! What is answered about the cases that were found. Pure: it sees cases, content and the clock's reading, nothing else.

use super::{Verification, VerificationReason as Reason, VerifiedDrug, VerifiedProcedure};
use crate::domain::content::Content;
use crate::domain::roster::Person;
use crate::domain::vocabulary::{CaseStatus, DrugStatus, Service};
use crate::rules::coverage::Standing;
use crate::store::verifications::{VerifiableCase, VerifiableDrug};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// Yes, or no, each with its reason.
type Verdict = Result<Reason, Reason>;

/// A case that was found, with the content that decided it and the coverage that is left.
#[derive(Debug)]
pub(super) struct Known<'a> {
    case: VerifiableCase,
    content: &'a Content,
    person: Option<Person>,
    /// The last day of the range on which the member is covered; none where not even the first is (SAFE-14).
    covered_through: Option<NaiveDate>,
}

impl<'a> Known<'a> {
    /// Asks the plan's file, as it is today, about the coverage.
    pub fn new(case: VerifiableCase, content: &'a Content) -> Self {
        let person = Person::parse(&case.person);
        let mut known = Self { case, content, person, covered_through: None };
        known.covered_through = known.standing().and_then(|standing| standing.last_day(known.range()));
        known
    }

    /// Which case it is.
    pub const fn case_id(&self) -> Uuid {
        self.case.case_id
    }

    fn range(&self) -> (NaiveDate, NaiveDate) {
        (self.case.valid_from, self.case.valid_through)
    }

    fn standing(&self) -> Option<Standing<'_>> {
        let program = self.content.program(&self.case.program)?;
        Some(Standing { spans: &self.case.spans, person: self.person.as_ref()?, program })
    }

    /// Within the range that was authorized.
    fn is_within(&self, day: NaiveDate) -> bool {
        (self.case.valid_from..=self.case.valid_through).contains(&day)
    }

    /// Covered by the plan that day, as far as its file says today.
    fn is_covered(&self, day: NaiveDate) -> bool {
        self.standing().is_some_and(|standing| standing.covers(day))
    }

    /// The last day: of the authorization, or of the coverage.
    fn last_day(&self) -> Option<NaiveDate> {
        self.covered_through
    }
}

/// What is asked of a case that was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    /// Code of the drug.
    pub hcpcs: Option<&'a str>,
    /// Day of treatment.
    pub date: Option<NaiveDate>,
}

impl Question<'_> {
    /// Which of several cases answers best, lowest first: what may be given that day, then what may be given some day, then what is
    /// still being reviewed; the nearest of these.
    pub fn preference(&self, known: &Known<'_>, day: NaiveDate) -> (u8, u64) {
        let case = &known.case;
        let given = case.order_id.is_some() && self.lines(case).any(|drug| drug.status.may_be_given());
        let rank = match (given, known.is_within(day) && known.is_covered(day)) {
            (true, true) => 0,
            (true, false) => 1,
            (false, _) if case.status == CaseStatus::InProgress => 2,
            (false, true) => 3,
            (false, false) => 4,
        };
        let nearest = day.clamp(case.valid_from, case.valid_through.max(case.valid_from));
        (rank, (day - nearest).num_days().unsigned_abs())
    }

    /// The answer about this case.
    pub fn answer(&self, known: &Known<'_>, now: DateTime<Utc>) -> Verification {
        let case = &known.case;
        let verdict = self.verdict(known);
        let last_day = known.last_day();
        let until = |through: NaiveDate| last_day.map(|last| last.min(through));
        let covered = self.date.map_or(last_day.is_some(), |date| known.is_within(date) && known.is_covered(date));
        let may_be_given = case.order_id.is_some() && covered;
        let line = |drug: &VerifiableDrug| VerifiedDrug {
            line: drug.line,
            hcpcs: drug.hcpcs.clone(),
            name: drug.name.clone(),
            status: drug.status,
            authorized: may_be_given && drug.status.may_be_given(),
            billing_unit: billing_unit(known.content, drug),
            units_approved: drug.units_approved,
            visits_approved: drug.visits_approved,
            valid_from: drug.valid_from.filter(|from| until(*from).is_some_and(|last| *from <= last)),
            valid_through: drug.valid_through.and_then(until).filter(|last| drug.valid_from.is_none_or(|from| from <= *last)),
        };
        let lines: Vec<VerifiedDrug> = self.lines(case).map(line).collect();
        let (drugs, procedures) = match case.service {
            Service::MedicalOncology => (lines, Vec::new()),
            Service::RadiationOncology => (Vec::new(), lines.into_iter().map(VerifiedProcedure::from).collect()),
        };
        let range = last_day.filter(|_| case.order_id.is_some()).map(|last| (case.valid_from, last)).unzip();
        Verification {
            authorized: verdict.is_ok(),
            reason: verdict.unwrap_or_else(|reason| reason),
            message: self.in_words(verdict, known),
            order_id: case.order_id.clone(),
            status: Some(case.status),
            drugs,
            procedures,
            valid_from: range.0,
            valid_through: range.1,
            date: self.date,
            as_of: now,
        }
    }

    fn lines<'c>(&self, case: &'c VerifiableCase) -> impl Iterator<Item = &'c VerifiableDrug> {
        let hcpcs = self.hcpcs.map(str::to_owned);
        case.drugs.iter().filter(move |drug| hcpcs.is_none() || drug.hcpcs == hcpcs)
    }

    fn verdict(&self, known: &Known<'_>) -> Verdict {
        let case = &known.case;
        if case.order_id.is_none() {
            return Err(without_order_id(case.status));
        }
        // a case without drug lines (radiation) is authorized as a whole
        let of_no_line = if self.hcpcs.is_some() { Err(Reason::DrugNotOnOrder) } else { Ok(Reason::Authorized) };
        let verdict = self.lines(case).map(|drug| permission(drug.status)).reduce(better).unwrap_or(of_no_line);
        match (verdict, self.date) {
            (Ok(_), Some(date)) if date >= case.valid_from && !known.is_covered(date) => Err(Reason::CoverageEnded),
            (Ok(_), Some(date)) if !known.is_within(date) => Err(Reason::OutsideValidRange),
            (Ok(_), None) if known.last_day().is_none() => Err(Reason::CoverageEnded),
            (verdict, _) => verdict,
        }
    }

    fn in_words(&self, verdict: Verdict, known: &Known<'_>) -> String {
        let case = &known.case;
        let range = format!("{} through {}", case.valid_from, known.last_day().unwrap_or(case.valid_through));
        let denied_besides = verdict.is_ok() && self.lines(case).any(|drug| permission(drug.status).is_err());
        let besides = if denied_besides { " Not every line may be given: see each." } else { "" };
        match verdict.unwrap_or_else(|reason| reason) {
            Reason::Authorized => format!("Authorized: valid {range}.{besides}"),
            Reason::ClinicalReviewNotRequired => format!(
                "This program does not review what was asked about; it may be given under the Order ID, {range}. Another entity may have \
                 rules of its own.{besides}"
            ),
            Reason::OutsideValidRange => format!("Not authorized on that day: the authorization is valid {range}."),
            Reason::CoverageEnded => match known.last_day() {
                Some(last) => format!(
                    "Not authorized on that day: the program does not cover this member then, and an authorization ends with the \
                     coverage. This one is valid {} through {last}.",
                    case.valid_from
                ),
                None => "Not authorized any more: the program does not cover this member in the time authorized, and an authorization \
                         ends with the coverage."
                    .to_owned(),
            },
            Reason::DrugNotOnOrder => self.not_on_order(known),
            Reason::OtherEntityDecides => {
                "Not covered by this authorization: another entity decides about it. The summary of the order says whom to contact."
                    .to_owned()
            }
            Reason::InProgress => "Not authorized so far: the order is being reviewed and has no Order ID yet.".to_owned(),
            Reason::NonAuthorized => "Not authorized.".to_owned(),
            Reason::Cancelled => "Not authorized: it was cancelled or withdrawn.".to_owned(),
            Reason::NotFound => not_found_message(),
        }
    }
}

impl Question<'_> {
    /// What is said of a code that no line has; of radiation, whether the program reviews it at all.
    fn not_on_order(&self, known: &Known<'_>) -> String {
        let what = match known.case.service {
            Service::MedicalOncology => "drug",
            Service::RadiationOncology => "procedure",
        };
        let service =
            self.hcpcs.and_then(|code| known.content.radiation.service(code)).filter(|service| !service.needs_authorization);
        let ended = service.and_then(|service| Some((service, service.valid_through?)));
        let day = self.date.unwrap_or(known.case.valid_from);
        match service.filter(|_| known.case.service == Service::RadiationOncology) {
            Some(_) if ended.is_some_and(|(_, last)| day > last) => ended.map_or_else(String::new, |(service, last)| {
                format!(
                    "{} ({}) ended on {last}: it authorizes nothing and cannot be billed for later days.",
                    service.code, service.name
                )
            }),
            Some(service) => format!(
                "The authorization does not contain {} ({}), which this program does not review: with the treatment authorized it needs no \
                 line of its own. Another entity may have rules of its own.",
                service.code, service.name
            ),
            None => format!("The authorization does not contain this {what}: an addition to the treatment is a new order."),
        }
    }
}

/// The one answer to everything that is unknown, mistyped or not the caller's to know (INF-08).
pub(super) fn not_found(date: Option<NaiveDate>, now: DateTime<Utc>) -> Verification {
    Verification {
        authorized: false,
        reason: Reason::NotFound,
        message: not_found_message(),
        order_id: None,
        status: None,
        drugs: Vec::new(),
        procedures: Vec::new(),
        valid_from: None,
        valid_through: None,
        date,
        as_of: now,
    }
}

fn not_found_message() -> String {
    "No authorization was found for what was entered. Check the Order ID, or the member's name, date of birth and member ID."
        .to_owned()
}

/// Whether a drug with this status may be given under an Order ID.
const fn permission(status: DrugStatus) -> Verdict {
    match status {
        DrugStatus::Authorized => Ok(Reason::Authorized),
        DrugStatus::ClinicalReviewNotRequired => Ok(Reason::ClinicalReviewNotRequired),
        DrugStatus::NonAuthorized => Err(Reason::NonAuthorized),
        DrugStatus::OtherImpact | DrugStatus::ReferToHealthPlan => Err(Reason::OtherEntityDecides),
        DrugStatus::VoluntarilyCancelled | DrugStatus::NotReviewedErrorEntry => Err(Reason::Cancelled),
        DrugStatus::InProgress => Err(Reason::InProgress),
    }
}

/// Of two lines the one that says more about the whole: what is authorized, then what may be given, then the first reason why not.
fn better(one: Verdict, other: Verdict) -> Verdict {
    let says_more = match other {
        Ok(Reason::Authorized) => one != other,
        Ok(_) => one.is_err(),
        Err(_) => false,
    };
    if says_more { other } else { one }
}

const fn without_order_id(status: CaseStatus) -> Reason {
    match status {
        CaseStatus::InProgress => Reason::InProgress,
        CaseStatus::NonAuthorized => Reason::NonAuthorized,
        _ => Reason::Cancelled,
    }
}

fn billing_unit(content: &Content, drug: &VerifiableDrug) -> Option<String> {
    let (_, code) = content.drugs.by_code(drug.hcpcs.as_deref()?)?;
    Some(code.billing_unit.as_ref()?.words())
}

#[cfg(test)]
mod tests {
    use super::{Known, Question, Reason};
    use crate::domain::content::{Content, Library};
    use crate::domain::roster::MemberRow;
    use crate::domain::vocabulary::{CaseStatus, DrugStatus, LineOfBusiness, Service};
    use crate::store::verifications::{VerifiableCase, VerifiableDrug};
    use chrono::NaiveDate;
    use std::sync::{Arc, OnceLock};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn content() -> &'static Arc<Content> {
        static LIBRARY: OnceLock<Library> = OnceLock::new();
        LIBRARY.get_or_init(crate::fixtures::library).in_force(day("2026-12-01"))
    }

    fn span(first_name: &str, from: &str, through: Option<&str>, line_of_business: LineOfBusiness) -> MemberRow {
        MemberRow {
            member_id: "1".to_owned(),
            first_name: first_name.to_owned(),
            last_name: "Member".to_owned(),
            birth_date: day("1950-01-15"),
            sex: None,
            line_of_business,
            product: None,
            group_number: None,
            trust: None,
            state: None,
            address: None,
            language: None,
            coverage_from: day(from),
            coverage_through: through.map(day),
        }
    }

    fn known(case: &VerifiableCase) -> Known<'static> {
        Known::new(case.clone(), content())
    }

    fn case(status: CaseStatus, drugs: &[(&str, DrugStatus)]) -> VerifiableCase {
        let (valid_from, valid_through) = (day("2026-12-01"), day("2027-04-27"));
        let drug = |(line, (hcpcs, status)): (u32, &(&str, DrugStatus))| VerifiableDrug {
            line,
            hcpcs: Some((*hcpcs).to_owned()),
            name: "a drug".to_owned(),
            status: *status,
            units_approved: Some(10),
            visits_approved: Some(1),
            valid_from: Some(valid_from),
            valid_through: Some(valid_through),
        };
        VerifiableCase {
            case_id: uuid::Uuid::nil(),
            health_plan: "anthem-blue-medicare-advantage".to_owned(),
            program: "blue-medicare-advantage-ccq".to_owned(),
            content_release: "2026.4".to_owned(),
            person: "1950-01-15 test".to_owned(),
            spans: vec![span("Test", "2020-01-01", None, LineOfBusiness::MedicareAdvantage)],
            status,
            order_id: status.has_order_id().then(|| "A000000000".to_owned()),
            valid_from,
            valid_through,
            visible_to: Vec::new(),
            service: Service::MedicalOncology,
            drugs: (1..).zip(drugs).map(drug).collect(),
        }
    }

    fn verdict(case: &VerifiableCase, hcpcs: Option<&str>, date: Option<&str>) -> Result<Reason, Reason> {
        Question { hcpcs, date: date.map(day) }.verdict(&known(case))
    }

    #[test]
    fn yes_takes_an_order_id_a_line_that_may_be_given_and_a_day_within_the_range() {
        // proves VER-03
        let given = case(
            CaseStatus::MultipleDecisionsRendered,
            &[("J0001", DrugStatus::Authorized), ("J0002", DrugStatus::NonAuthorized), ("J0003", DrugStatus::OtherImpact)],
        );
        assert_eq!(verdict(&given, None, None), Ok(Reason::Authorized));
        assert_eq!(verdict(&given, Some("J0001"), Some("2026-12-01")), Ok(Reason::Authorized));
        assert_eq!(verdict(&given, Some("J0001"), Some("2027-04-27")), Ok(Reason::Authorized));
        assert_eq!(verdict(&given, Some("J0001"), Some("2026-11-30")), Err(Reason::OutsideValidRange));
        assert_eq!(verdict(&given, None, Some("2027-04-28")), Err(Reason::OutsideValidRange));
        assert_eq!(verdict(&given, Some("J0002"), None), Err(Reason::NonAuthorized));
        assert_eq!(verdict(&given, Some("J0003"), None), Err(Reason::OtherEntityDecides));
        assert_eq!(verdict(&given, Some("J9999"), None), Err(Reason::DrugNotOnOrder));
        for (status, reason) in [
            (CaseStatus::InProgress, Reason::InProgress),
            (CaseStatus::NonAuthorized, Reason::NonAuthorized),
            (CaseStatus::ReviewCancelled, Reason::Cancelled),
        ] {
            let without = case(status, &[("J0001", DrugStatus::ClinicalReviewNotRequired)]);
            assert_eq!(verdict(&without, None, None), Err(reason));
            assert_eq!(verdict(&without, Some("J0001"), None), Err(reason));
        }
    }

    #[test]
    fn a_drug_that_needs_no_review_may_be_given_under_the_order_id_and_one_that_others_decide_may_not() {
        // proves VER-02, VER-03, DRG-01, DRG-03
        let mixed = case(
            CaseStatus::Completed,
            &[("J0001", DrugStatus::ReferToHealthPlan), ("J0002", DrugStatus::ClinicalReviewNotRequired)],
        );
        assert_eq!(verdict(&mixed, Some("J0002"), None), Ok(Reason::ClinicalReviewNotRequired));
        assert_eq!(verdict(&mixed, None, None), Ok(Reason::ClinicalReviewNotRequired));
        assert_eq!(verdict(&mixed, Some("J0001"), None), Err(Reason::OtherEntityDecides));
        let elsewhere = case(CaseStatus::Completed, &[("J0001", DrugStatus::OtherImpact)]);
        assert_eq!(verdict(&elsewhere, None, None), Err(Reason::OtherEntityDecides));
        let radiation = case(CaseStatus::Authorized, &[]);
        assert_eq!(verdict(&radiation, None, Some("2026-12-24")), Ok(Reason::Authorized));
        assert_eq!(verdict(&radiation, Some("J0001"), None), Err(Reason::DrugNotOnOrder));
    }

    #[test]
    fn of_several_orders_the_one_that_covers_the_day_answers() {
        // proves VER-03
        let question = Question { hcpcs: Some("J0001"), date: None };
        let now = case(CaseStatus::Authorized, &[("J0001", DrugStatus::Authorized)]);
        let mut next = now.clone();
        (next.valid_from, next.valid_through) = (day("2027-05-01"), day("2027-09-01"));
        let pending = case(CaseStatus::InProgress, &[("J0001", DrugStatus::InProgress)]);
        let best = |on: &str| {
            let cases = [&pending, &next, &now];
            *cases.iter().min_by_key(|case| question.preference(&known(case), day(on))).unwrap()
        };
        assert_eq!(best("2027-01-01"), &now);
        assert_eq!(best("2027-06-01"), &next);
        assert_eq!(best("2027-04-28"), &now, "the nearest, though it is over");
        assert_eq!(best("2030-01-01"), &next);
        assert!(
            question.preference(&known(&pending), day("2027-01-01"))
                < question.preference(&known(&case(CaseStatus::NonAuthorized, &[])), day("2027-01-01"))
        );
    }

    #[test]
    fn an_authorization_ends_with_the_coverage_as_the_plan_has_it_today() {
        // proves SAFE-14, VER-03
        use LineOfBusiness::{Fep, MedicareAdvantage};
        let whole = case(CaseStatus::Authorized, &[("J0001", DrugStatus::Authorized)]);
        let year_end = Some("2026-12-31");
        let table = [
            // what the file has, last day shown, whether 2027-02-01 is covered
            (vec![span("Test", "2020-01-01", None, MedicareAdvantage)], Some("2027-04-27"), true),
            (vec![span("Test", "2020-01-01", year_end, MedicareAdvantage)], Some("2026-12-31"), false),
            (
                vec![
                    span("Test", "2020-01-01", year_end, MedicareAdvantage),
                    span("TEST A.", "2027-01-01", Some("2027-03-31"), MedicareAdvantage),
                ],
                Some("2027-03-31"),
                true,
            ),
            (
                vec![span("Test", "2020-01-01", year_end, MedicareAdvantage), span("Test", "2027-01-01", None, Fep)],
                Some("2026-12-31"),
                false,
            ),
            (
                vec![
                    span("Test", "2020-01-01", year_end, MedicareAdvantage),
                    span("Bernard", "2027-01-01", None, MedicareAdvantage),
                ],
                Some("2026-12-31"),
                false,
            ),
            (vec![span("Test", "2020-01-01", Some("2026-11-30"), MedicareAdvantage)], None, false),
            (vec![span("Bernard", "2020-01-01", None, MedicareAdvantage)], None, false),
            (Vec::new(), None, false),
        ];
        for (spans, last, covered) in table {
            let case = VerifiableCase { spans, ..whole.clone() };
            let answer = |date: Option<&str>| {
                Question { hcpcs: Some("J0001"), date: date.map(day) }.answer(&known(&case), chrono::DateTime::UNIX_EPOCH)
            };
            let as_a_whole = answer(None);
            assert_eq!((as_a_whole.valid_through, as_a_whole.authorized), (last.map(day), last.is_some()), "{case:?}");
            assert_eq!(as_a_whole.drugs[0].valid_through, last.map(day), "{case:?}");
            assert_eq!(as_a_whole.drugs[0].authorized, last.is_some(), "{case:?}");
            let later = answer(Some("2027-02-01"));
            let reason = if covered { Reason::Authorized } else { Reason::CoverageEnded };
            assert_eq!((later.reason, later.authorized, later.drugs[0].authorized), (reason, covered, covered), "{case:?}");
            assert_eq!(answer(Some("2026-11-30")).reason, Reason::OutsideValidRange);
        }
    }
}
