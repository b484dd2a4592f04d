//! Whether the member on the request is the member on the roster (INF-08, PRG-14). Says yes or no, never what the roster holds.

use super::facts::KnownMember;
use crate::domain::order::MemberIdentity;
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::roster::{MemberRow, name_key};

/// The rows of the member meant, once identity agrees.
///
/// # Errors
/// The refusals of the contract: unknown, mismatch, or several members that only the member ID tells apart.
pub fn verify<'a>(identity: &MemberIdentity, known: &'a KnownMember) -> Result<&'a [MemberRow], Refusal> {
    match known {
        KnownMember::NotAsked | KnownMember::NotOnFile => Err(Refusal::MemberNotFound),
        KnownMember::Ambiguous => Err(Refusal::MissingRequired(vec![Fault::new(
            "/member/member_id",
            "missing",
            "more than one member has this name and date of birth: add the member ID from the card (INF-08)",
        )])),
        KnownMember::OnFile(rows) if rows.iter().any(|row| agrees(identity, row)) => Ok(rows),
        KnownMember::OnFile(_) => Err(Refusal::MemberMismatch),
    }
}

fn agrees(identity: &MemberIdentity, row: &MemberRow) -> bool {
    let same = |entered: Option<&String>, on_file: &str| entered.is_some_and(|entered| name_key(entered) == name_key(on_file));
    same(identity.first_name.as_ref(), &row.first_name)
        && same(identity.last_name.as_ref(), &row.last_name)
        && identity.birth_date == Some(row.birth_date)
}
