//! Whether the member on the request is the member on the roster (INF-08, PRG-14), span by span: a number may have been another person's
//! before (SAFE-14). Says yes or no, never what the roster holds.

use super::facts::KnownMember;
use crate::domain::order::MemberIdentity;
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::roster::MemberRow;
use chrono::NaiveDate;

/// The spans of the person meant, on a day, once identity agrees; never those of another person who had the number.
///
/// # Errors
/// The refusals of the contract: unknown, mismatch, or several members that only the member ID tells apart.
pub fn verify<'a>(identity: &MemberIdentity, known: &'a KnownMember, day: NaiveDate) -> Result<Vec<&'a MemberRow>, Refusal> {
    let rows = match known {
        KnownMember::NotAsked | KnownMember::NotOnFile => return Err(Refusal::MemberNotFound),
        KnownMember::Ambiguous => {
            return Err(Refusal::MissingRequired(vec![Fault::new(
                "/member/member_id",
                "missing",
                "more than one member has this name and date of birth: add the member ID from the card",
            )]));
        }
        KnownMember::OnFile(rows) => rows,
    };
    let agreeing = || rows.iter().filter(|row| agrees(identity, row));
    let meant = agreeing().find(|row| row.covers(day)).or_else(|| agreeing().next()).ok_or(Refusal::MemberMismatch)?.person();
    let spans: Vec<&MemberRow> = rows.iter().filter(|row| row.is_of(&meant)).collect();
    // the person is there that day, but under another surname than was entered
    if spans.iter().any(|row| row.covers(day) && !agrees(identity, row)) {
        return Err(Refusal::MemberMismatch);
    }
    Ok(spans)
}

/// True where the person named is the person of this span.
pub fn agrees(identity: &MemberIdentity, row: &MemberRow) -> bool {
    match (&identity.first_name, &identity.last_name, identity.birth_date) {
        (Some(first), Some(last), Some(birth_date)) => row.is_named(first, last, birth_date),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::verify;
    use crate::domain::order::MemberIdentity;
    use crate::domain::refusal::Refusal;
    use crate::domain::roster::MemberRow;
    use crate::domain::vocabulary::LineOfBusiness;
    use crate::rules::KnownMember;
    use chrono::NaiveDate;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn span((first, last, born): (&str, &str, &str), from: &str, through: Option<&str>) -> MemberRow {
        MemberRow {
            member_id: "REC2".to_owned(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            birth_date: day(born),
            sex: None,
            line_of_business: LineOfBusiness::MedicareAdvantage,
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

    fn named((first, last, born): (&str, &str, &str)) -> MemberIdentity {
        MemberIdentity {
            health_plan: Some("plan".to_owned()),
            member_id: Some("REC2".to_owned()),
            first_name: Some(first.to_owned()),
            last_name: Some(last.to_owned()),
            birth_date: Some(day(born)),
        }
    }

    const ALICE: (&str, &str, &str) = ("Alice", "Old", "1941-02-03");
    const MARRIED: (&str, &str, &str) = ("Alice", "Wed", "1941-02-03");
    const BERNARD: (&str, &str, &str) = ("Bernard", "New", "1979-07-08");

    #[test]
    fn a_person_has_only_the_spans_of_their_own() {
        // proves SAFE-14, INF-08
        let known = KnownMember::OnFile(vec![
            span(ALICE, "2020-01-01", Some("2026-12-31")),
            span(BERNARD, "2027-01-01", Some("2027-06-30")),
            span(MARRIED, "2027-07-01", None),
        ]);
        let spans = |who, on: &str| -> Result<Vec<String>, Refusal> {
            let spans = verify(&named(who), &known, day(on))?;
            Ok(spans.iter().map(|row| row.coverage_from.to_string()).collect())
        };
        let hers = vec!["2020-01-01".to_owned(), "2027-07-01".to_owned()];
        assert_eq!(spans(ALICE, "2026-12-31"), Ok(hers.clone()));
        assert_eq!(spans(ALICE, "2027-02-01"), Ok(hers.clone()), "none of them covers the day");
        assert_eq!(spans(MARRIED, "2027-08-01"), Ok(hers));
        assert_eq!(spans(ALICE, "2027-08-01"), Err(Refusal::MemberMismatch), "she has another name by then");
        assert_eq!(spans(BERNARD, "2027-02-01"), Ok(vec!["2027-01-01".to_owned()]));
        assert_eq!(spans(("Alice", "Old", "1979-07-08"), "2026-12-31"), Err(Refusal::MemberMismatch));
        assert_eq!(spans(("Bernard", "Old", "1979-07-08"), "2027-02-01"), Err(Refusal::MemberMismatch));
    }
}
