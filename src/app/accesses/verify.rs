//! Checking the chains: every edit, removal and change of order is found, and where.

use super::chain::{BEGINNING, hash};
use crate::app::Result;
use crate::store;
use crate::store::accesses::{Access, Head};
use crate::store::attachments::hex;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use uuid::Uuid;

/// Seals read at once.
const PAGE: i64 = 1_000;
/// A record without a seal is a moment old at most.
const MOMENT: TimeDelta = TimeDelta::minutes(5);

/// Where a chain ended once, as the log says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Anchor {
    /// Health plan.
    pub health_plan: String,
    /// Number of the seal.
    pub seq: i64,
    /// Its hash, in hexadecimal digits.
    pub hash: String,
}

impl Anchor {
    /// Of where a chain ends now.
    pub fn of(head: &Head) -> Self {
        Self { health_plan: head.health_plan.clone(), seq: head.seq, hash: hex(&head.hash) }
    }
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Health plan.
    pub health_plan: String,
    /// In words.
    pub what: String,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.health_plan, self.what)
    }
}

/// Checks every chain against its records, its head and these anchors. Answers with the number of sound records, and where it breaks.
pub async fn verify(conn: &mut PgConnection, anchors: &[Anchor], now: DateTime<Utc>) -> Result<(u64, Vec<Break>)> {
    let heads = store::accesses::heads(conn).await?;
    let mut plans = store::accesses::plans(conn).await?;
    plans.extend(anchors.iter().map(|anchor| anchor.health_plan.clone()));
    plans.sort_unstable();
    plans.dedup();
    let (mut sound, mut breaks) = (0, Vec::new());
    for health_plan in plans {
        let head = heads.iter().find(|head| head.health_plan == health_plan);
        let mut chain = Chain {
            health_plan: &health_plan,
            seq: 0,
            hash: BEGINNING.to_vec(),
            sound: 0,
            anchors: BTreeMap::new(),
            breaks: Vec::new(),
        };
        for anchor in anchors.iter().filter(|anchor| anchor.health_plan == health_plan) {
            chain.anchors.entry(anchor.seq).or_default().push(&anchor.hash);
        }
        chain.follow(conn).await?;
        chain.ends(head);
        let left = store::accesses::without_seal(conn, &health_plan, now - MOMENT).await?;
        if left > 0 {
            chain.breaks_with(format!(
                "{left} records have no seal, and wait for none or are older than {} minutes",
                MOMENT.num_minutes()
            ));
        }
        sound += chain.sound;
        breaks.append(&mut chain.breaks);
    }
    Ok((sound, breaks))
}

struct Chain<'a> {
    health_plan: &'a str,
    seq: i64,
    hash: Vec<u8>,
    /// Records that are as they were sealed.
    sound: u64,
    /// The hashes with which each seal was anchored.
    anchors: BTreeMap<i64, Vec<&'a str>>,
    breaks: Vec<Break>,
}

impl Chain<'_> {
    fn breaks_with(&mut self, what: String) {
        self.breaks.push(Break { health_plan: self.health_plan.to_owned(), what });
    }

    /// Goes along the chain until it ends. After a break it goes on from the seal as it is there.
    async fn follow(&mut self, conn: &mut PgConnection) -> Result<()> {
        loop {
            let seals = store::accesses::seals_after(conn, self.health_plan, self.seq, PAGE).await?;
            if seals.is_empty() {
                return Ok(());
            }
            let ids: Vec<Uuid> = seals.iter().map(|seal| seal.access_id).collect();
            let records = store::accesses::find(conn, &ids).await?;
            let records: HashMap<Uuid, Access> = records.into_iter().map(|record| (record.access_id, record)).collect();
            for seal in seals {
                let next = self.seq + 1;
                if seal.seq != next {
                    self.breaks_with(format!("seal {next} is missing; the next one is {}", seal.seq));
                }
                let (id, seq) = (seal.access_id, seal.seq);
                match records.get(&id) {
                    None if store::accesses::is_there(conn, id).await? => {
                        self.breaks_with(format!("record {id}, number {seq}, is not readable"));
                    }
                    None => self.breaks_with(format!("record {id}, number {seq}, is missing")),
                    Some(record) if record.health_plan != self.health_plan => {
                        self.breaks_with(format!("record {id}, number {seq}, is another plan's"));
                    }
                    Some(record) if seq == next && hash(&self.hash, seq, record) != seal.hash => {
                        self.breaks_with(format!(
                            "record {id}, number {seq}, is not the one that was sealed, or its seal is not"
                        ));
                    }
                    Some(_) => self.sound += u64::from(seq == next),
                }
                (self.seq, self.hash) = (seq, seal.hash);
                let hash = hex(&self.hash);
                if self.anchors.get(&seq).is_some_and(|anchored| anchored.iter().any(|anchored| *anchored != hash)) {
                    self.breaks_with(format!("seal {seq} is not the one that was anchored"));
                }
            }
        }
    }

    /// Compares where it ended with where it is said to end.
    fn ends(&mut self, head: Option<&Head>) {
        let head_seq = head.map_or(0, |head| head.seq);
        let anchored = self.anchors.last_key_value().map_or(0, |(seq, _)| *seq);
        let last = self.seq;
        if last != head_seq || head.is_some_and(|head| head.hash != self.hash) {
            self.breaks_with(format!("the chain ends with seal {last}, and its head says {head_seq}"));
        }
        if last < anchored {
            self.breaks_with(format!("the chain ends with seal {last}, and {anchored} was anchored"));
        }
    }
}
