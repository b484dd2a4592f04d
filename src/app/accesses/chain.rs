//! What a seal is: the hash of a record and of the seal before it.

use crate::store::accesses::Access;
use sha2::{Digest as _, Sha256};

/// The hash before the first record of a plan.
pub const BEGINNING: [u8; 32] = [0; 32];

/// The hash of this record as the one with this number in its plan's chain, after the seal with that hash. Each part goes in with its length,
/// so that no two records read alike.
pub fn hash(before: &[u8], seq: i64, access: &Access) -> Vec<u8> {
    let mut hash = Sha256::new();
    let mut add = |part: Option<&[u8]>| {
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        hash.update(length.to_be_bytes());
        hash.update(part.unwrap_or_default());
    };
    add(Some(before));
    add(Some(&seq.to_be_bytes()));
    add(Some(access.access_id.as_bytes()));
    add(Some(&access.at.timestamp_micros().to_be_bytes()));
    add(Some(access.health_plan.as_bytes()));
    add(access.member_id.as_deref().map(str::as_bytes));
    add(access.case_id.as_ref().map(|id| id.as_bytes().as_slice()));
    add(Some(access.actor_subject.as_bytes()));
    add(Some(access.actor_role.as_bytes()));
    add(Some(&(access.tax_ids.len() as u64).to_be_bytes()));
    for tax_id in &access.tax_ids {
        add(Some(tax_id.as_bytes()));
    }
    add(access.token_id.as_ref().map(|id| id.as_bytes().as_slice()));
    for part in [&access.action, &access.operation, &access.purpose, &access.request_id] {
        add(Some(part.as_bytes()));
    }
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::{BEGINNING, hash};
    use crate::store::accesses::Access;
    use std::collections::BTreeSet;
    use uuid::Uuid;

    fn access() -> Access {
        Access {
            access_id: Uuid::from_u128(1),
            at: "2026-11-20T15:00:00Z".parse().unwrap(),
            health_plan: "plan".to_owned(),
            member_id: Some("M1".to_owned()),
            case_id: None,
            actor_subject: "somebody".to_owned(),
            actor_role: "nurse".to_owned(),
            tax_ids: vec!["900000001".to_owned()],
            token_id: None,
            action: "read".to_owned(),
            operation: "GET /v1/orders/{case_id}".to_owned(),
            purpose: "utilization_review".to_owned(),
            request_id: "r".to_owned(),
        }
    }

    #[test]
    fn whatever_is_changed_changes_the_hash() {
        let changes: [fn(&mut Access); 14] = [
            |_| {},
            |one| one.access_id = Uuid::from_u128(2),
            |one| one.at += chrono::TimeDelta::microseconds(1),
            |one| one.health_plan.push('x'),
            |one| one.member_id = None,
            |one| one.member_id = Some(String::new()),
            |one| one.case_id = Some(Uuid::from_u128(1)),
            |one| one.actor_subject.push('x'),
            |one| one.actor_role.clear(),
            |one| one.tax_ids.clear(),
            |one| one.token_id = Some(Uuid::nil()),
            |one| one.action = "write".to_owned(),
            |one| {
                // the same letters in other fields
                one.operation.push('u');
                one.purpose.remove(0);
            },
            |one| one.request_id.push('x'),
        ];
        let hashes: BTreeSet<Vec<u8>> = changes
            .iter()
            .map(|change| {
                let mut one = access();
                change(&mut one);
                hash(&BEGINNING, 1, &one)
            })
            .collect();
        assert_eq!(hashes.len(), changes.len());
        assert_ne!(hash(&BEGINNING, 1, &access()), hash(&BEGINNING, 2, &access()));
        assert_ne!(hash(&BEGINNING, 1, &access()), hash(&[1; 32], 1, &access()));
    }
}
