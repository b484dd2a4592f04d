use super::{Authorization, Before, Billed, ClaimLine, Mismatch, OrderedCode, check};
use crate::domain::vocabulary::DrugStatus;
use proptest::prelude::{Strategy, any, prop_assert, proptest};

fn drug(hcpcs: &str, status: DrugStatus, counted: Option<(u64, u32, u64)>, phase: usize) -> OrderedCode {
    let day = |text: &str| Some(text.parse().unwrap());
    OrderedCode {
        hcpcs: Some(hcpcs.to_owned()),
        name: hcpcs.to_lowercase(),
        status,
        units_approved: counted.map(|(units, ..)| units),
        visits_approved: counted.map(|(_, visits, _)| visits),
        units_per_visit: counted.map(|(.., per_visit)| per_visit),
        days: vec![(phase, 1)],
        valid_from: day("2026-12-01"),
        valid_through: day("2027-04-27"),
    }
}

fn order(drugs: &[OrderedCode]) -> Authorization<'_> {
    Authorization { drugs, ordering_npi: "1234567893", servicing_npi: Some("1245319599"), ends_with_coverage: false }
}

const fn given(given: u64) -> Billed {
    Billed { given, discarded: 0 }
}

#[test]
fn a_line_matches_or_is_told_why_not() {
    // proves VER-05, SAFE-13
    let drugs = [
        drug("J9355", DrugStatus::Authorized, Some((273, 6, 58)), 0),
        drug("J9355", DrugStatus::Authorized, Some((473, 11, 43)), 1),
        drug("J9171", DrugStatus::ClinicalReviewNotRequired, None, 0),
        drug("J2506", DrugStatus::VoluntarilyCancelled, None, 0),
    ];
    let order = order(&drugs);
    let table = [
        // code, units, billed before in all and that day, day, biller, outcome, left
        ("J9355", 58, (0, 0), "2026-12-01", "1245319599", None, Some(688)),
        ("j9355", 58, (688, 0), "2027-04-27", "1234567893", None, Some(0)),
        ("J9355", 59, (0, 0), "2026-12-01", "1234567893", Some(Mismatch::UnitsExceedVisit), Some(746)),
        ("J9355", 1, (58, 58), "2026-12-01", "1234567893", Some(Mismatch::UnitsExceedVisit), Some(688)),
        ("J9355", 58, (689, 0), "2027-04-27", "1234567893", Some(Mismatch::UnitsExceeded), Some(57)),
        ("J9355", 747, (0, 0), "2027-04-27", "1234567893", Some(Mismatch::UnitsExceeded), Some(746)),
        ("J9355", u64::MAX, (1, 1), "2027-04-27", "1234567893", Some(Mismatch::UnitsExceeded), Some(745)),
        ("J9171", 1, (0, 0), "2027-01-01", "1234567893", Some(Mismatch::UnitsNotCounted), None),
        ("J9355", 1, (0, 0), "2026-11-30", "1234567893", Some(Mismatch::OutsideDates), Some(746)),
        ("J9355", 1, (0, 0), "2027-04-28", "1234567893", Some(Mismatch::OutsideDates), Some(746)),
        ("J9355", 1, (0, 0), "2027-01-01", "1999999034", Some(Mismatch::ProviderNotOnOrder), Some(746)),
        ("J2506", 1, (0, 0), "2027-01-01", "1234567893", Some(Mismatch::NotAuthorized), None),
        ("J9999", 1, (0, 0), "2027-01-01", "1234567893", Some(Mismatch::CodeNotAuthorized), None),
    ];
    for (hcpcs, units, (in_all, that_day), day, billing_npi, mismatch, left) in table {
        let line = ClaimLine { hcpcs, billed: given(units), service_date: day.parse().unwrap(), billing_npi, covered: true };
        let before = Before { in_all: given(in_all), that_day: given(that_day) };
        let checked = check(&line, Some(&order), &before);
        assert_eq!((checked.mismatch, checked.units_remaining), (mismatch, left), "{line:?} {}", checked.message);
        assert_eq!(check(&line, None, &before).mismatch, Some(Mismatch::UnknownOrder));
    }
}

#[test]
fn discarded_units_are_counted_beside_those_given() {
    // proves SAFE-13, VER-05
    let drugs = [drug("J9171", DrugStatus::Authorized, Some((544, 4, 136)), 0)];
    let order = order(&drugs);
    let discarded = |discarded| Billed { given: 0, discarded };
    let both = |given, discarded| Billed { given, discarded };
    for (billed, in_all, that_day, mismatch) in [
        (discarded(24), given(136), given(136), None),
        (both(136, 24), given(408), given(0), None),
        (discarded(24), given(544), given(136), None), // nothing is left to give, and this uses nothing up
        (discarded(136), given(136), given(136), None),
        (discarded(137), given(136), given(136), Some(Mismatch::UnitsExceedVisit)),
        (discarded(1), both(136, 136), both(136, 136), Some(Mismatch::UnitsExceedVisit)),
        (discarded(24), given(136), given(0), Some(Mismatch::UnitsExceedVisit)),
        (discarded(1), both(4, 544), both(1, 0), Some(Mismatch::UnitsExceeded)),
        (both(137, 24), given(0), given(0), Some(Mismatch::UnitsExceedVisit)),
    ] {
        let line = ClaimLine {
            hcpcs: "J9171",
            billed,
            service_date: "2026-12-07".parse().unwrap(),
            billing_npi: "1234567893",
            covered: true,
        };
        let checked = check(&line, Some(&order), &Before { in_all, that_day });
        assert_eq!(checked.mismatch, mismatch, "{billed:?} after {in_all:?}: {}", checked.message);
        let left = 544 - in_all.given - if mismatch.is_none() { billed.given } else { 0 };
        assert_eq!(checked.units_remaining, Some(left));
    }
}

#[test]
fn a_code_of_several_lines_or_drugs_is_said_to_be_one() {
    // proves SAFE-13, VER-05
    let line = |units| ClaimLine {
        hcpcs: "J9999",
        billed: given(units),
        service_date: "2026-12-07".parse().unwrap(),
        billing_npi: "1234567893",
        covered: true,
    };
    let mut drugs =
        [drug("J9999", DrugStatus::Authorized, Some((10, 2, 5)), 0), drug("J9999", DrugStatus::Authorized, Some((6, 2, 3)), 0)];
    drugs[0].name = "alphamab".to_owned();
    drugs[1].name = "betamab".to_owned();
    let checked = check(&line(8), Some(&order(&drugs)), &Before::default());
    assert_eq!((checked.mismatch, checked.units_remaining), (None, Some(8)), "both on one day");
    assert!(checked.message.contains("alphamab and betamab"), "{}", checked.message);
    drugs[1].status = DrugStatus::NonAuthorized;
    let checked = check(&line(6), Some(&order(&drugs)), &Before::default());
    assert_eq!(checked.mismatch, Some(Mismatch::UnitsExceedVisit));
    assert!(checked.message.contains("betamab (not approved)"), "{}", checked.message);
    // where the units of one of them are unknown, so are those of the code
    drugs[1] = OrderedCode { status: DrugStatus::Authorized, units_approved: None, ..drugs[1].clone() };
    assert_eq!(check(&line(1), Some(&order(&drugs)), &Before::default()).mismatch, Some(Mismatch::UnitsNotCounted));
}

#[test]
fn after_the_coverage_the_authorization_has_ended() {
    // proves SAFE-14, VER-05
    let drugs = [drug("J9171", DrugStatus::Authorized, Some((544, 4, 136)), 0)];
    let cut = Authorization { ends_with_coverage: true, ..order(&drugs) };
    for (day, mismatch) in
        [("2027-04-27", None), ("2027-04-28", Some(Mismatch::CoverageEnded)), ("2026-11-30", Some(Mismatch::OutsideDates))]
    {
        let line = ClaimLine {
            hcpcs: "J9171",
            billed: given(1),
            service_date: day.parse().unwrap(),
            billing_npi: "1234567893",
            covered: true,
        };
        assert_eq!(check(&line, Some(&cut), &Before::default()).mismatch, mismatch, "{day}");
    }
}

fn lines() -> impl Strategy<Value = Vec<(u64, u64, u64)>> {
    proptest::collection::vec((0..150_u64, 0..150_u64, 0..20_u64), 0..80)
}

proptest! {
    #[test]
    fn whatever_is_billed_in_whatever_order_nothing_exceeds_what_was_approved(lines in lines(), per_visit in any::<bool>()) {
        // proves VER-05, SAFE-13
        let mut drugs = [drug("J9171", DrugStatus::Authorized, Some((544, 4, 136)), 0)];
        if !per_visit {
            drugs[0].units_per_visit = None;
        }
        let order = order(&drugs);
        let mut matched: Vec<(Billed, u64)> = Vec::new();
        let sum = |matched: &[(Billed, u64)], day: Option<u64>| {
            matched.iter().filter(|(_, on)| day.is_none_or(|day| day == *on)).fold(Billed::default(), |sum, (one, _)| Billed {
                given: sum.given + one.given,
                discarded: sum.discarded + one.discarded,
            })
        };
        for (given, discarded, day) in lines {
            let billed = Billed { given, discarded };
            let service_date = "2026-12-01".parse::<chrono::NaiveDate>().unwrap() + chrono::Days::new(day);
            let line = ClaimLine { hcpcs: "J9171", billed, service_date, billing_npi: "1234567893", covered: true };
            let before = Before { in_all: sum(&matched, None), that_day: sum(&matched, Some(day)) };
            if check(&line, Some(&order), &before).mismatch.is_none() {
                matched.push((billed, day));
            }
            let (in_all, that_day) = (sum(&matched, None), sum(&matched, Some(day)));
            prop_assert!(in_all.given <= 544 && in_all.discarded <= 544 && that_day.given <= 136 && that_day.discarded <= 136);
            prop_assert!(that_day.discarded == 0 || that_day.given > 0);
        }
    }
}

#[test]
fn what_nobody_reviewed_is_not_said_to_be_authorized_nor_to_be_left_uncounted() {
    // proves VER-05, R-51
    let drugs = [
        drug("77427", DrugStatus::ClinicalReviewNotRequired, Some((4, 16, 1)), 0),
        drug("77336", DrugStatus::ClinicalReviewNotRequired, None, 0),
        drug("77407", DrugStatus::Authorized, Some((16, 16, 1)), 0),
        drug("77373", DrugStatus::Authorized, None, 0),
    ];
    let order = order(&drugs);
    for (hcpcs, mismatch, says, hides) in [
        ("77427", None, "77427 needed no clinical review here", "authorized"),
        ("77336", Some(Mismatch::UnitsNotCounted), "nobody approved a number of its units", "were not counted"),
        ("77407", None, "are those authorized", "no clinical review"),
        ("77373", Some(Mismatch::UnitsNotCounted), "were not counted on this order", "no clinical review"),
    ] {
        let day = "2026-12-01".parse().unwrap();
        let line = ClaimLine { hcpcs, billed: given(1), service_date: day, billing_npi: "1245319599", covered: true };
        let checked = check(&line, Some(&order), &Before::default());
        assert_eq!(checked.mismatch, mismatch, "{hcpcs}");
        assert!(checked.message.contains(says) && !checked.message.contains(hides), "{hcpcs}: {}", checked.message);
    }
}
