//! Documents that are attached: read from resources, checked, and handed to the use case that keeps documents of a case.

use super::element::{list, resource_type, text};
use super::fingerprint;
use super::outcome::{Failure, Issue};
use super::read::attachments::Number;
use crate::app::attachments::{self, Arrived, Spool, file_name};
use crate::app::{App, Caller, Idempotent};
use crate::domain::attachment::MediaType;
use crate::domain::content::AttachmentRules;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Characters of a description at most.
const DESCRIPTION_AT_MOST: usize = 1_000;

/// A document as a resource has it.
#[derive(Debug)]
pub struct Document {
    path: String,
    declared: String,
    title: Option<String>,
    description: Option<String>,
    bytes: Vec<u8>,
}

impl Document {
    /// The documents of a `DocumentReference` or `Binary`; an issue for each that has no bytes.
    pub fn read(resource: &Value, path: &str, issues: &mut Vec<Issue>) -> Vec<Self> {
        if resource_type(resource) == "Binary" {
            return Self::of(resource, path, None, issues).into_iter().collect();
        }
        let described = text(resource, "description").or_else(|| resource.get("type").and_then(|kind| text(kind, "text")));
        let contents = list(resource, "content");
        if contents.is_empty() {
            issues.push(Issue::at("required", format!("{path}.content"), "the reference has no document"));
        }
        let of = |(index, content): (usize, &Value)| {
            let path = format!("{path}.content[{index}].attachment");
            Self::of(content.get("attachment").unwrap_or(&Value::Null), &path, described, issues)
        };
        contents.iter().enumerate().filter_map(of).collect()
    }

    fn of(holder: &Value, path: &str, described: Option<&str>, issues: &mut Vec<Issue>) -> Option<Self> {
        let mut refuse = |code, at: &str, words: &str| issues.push(Issue::at(code, format!("{path}.{at}"), words));
        if holder.get("url").is_some() {
            refuse("not-supported", "url", "addresses are not called: send the document itself in `data`");
            return None;
        }
        let Some(data) = text(holder, "data") else {
            refuse("required", "data", "send the document itself in `data`, as base64");
            return None;
        };
        let Ok(bytes) = STANDARD.decode(data.split_ascii_whitespace().collect::<String>()) else {
            refuse("value", "data", "this is no base64");
            return None;
        };
        let short = |text: &str| text.chars().take(DESCRIPTION_AT_MOST).collect();
        let declared = text(holder, "contentType").unwrap_or_default().split(';').next().unwrap_or_default();
        Some(Self {
            path: path.to_owned(),
            declared: declared.trim().to_ascii_lowercase(),
            title: text(holder, "title").map(str::to_owned),
            description: described.map(short),
            bytes,
        })
    }

    /// What it is, where documents may be that.
    fn media_type(&self, recognized: Option<MediaType>, rules: &AttachmentRules) -> Result<MediaType, Issue> {
        let declared = match self.declared.as_str() {
            "" | "application/octet-stream" => recognized,
            declared => MediaType::parse(declared),
        };
        declared.filter(|known| rules.media_types.contains(known)).ok_or_else(|| {
            let types: Vec<&str> = rules.media_types.iter().map(|known| known.as_str()).collect();
            Issue::at("not-supported", format!("{}.contentType", self.path), format!("a document is one of {}", types.join(", ")))
        })
    }

    async fn arrive(self, rules: &AttachmentRules) -> Result<Arrived, Failure> {
        let fault = |code, words: String| Failure::bad(vec![Issue::at(code, format!("{}.data", self.path), words)]);
        if self.bytes.is_empty() || self.bytes.len() as u64 > rules.maximum_bytes() {
            return Err(fault("value", format!("a document has 1 byte to {} MiB", rules.maximum_mib)));
        }
        let mut spool = Spool::begin().await?;
        spool.write(&self.bytes).await?;
        let spooled = spool.finish().await?;
        let media_type = self.media_type(spooled.recognized(), rules).map_err(|issue| Failure::bad(vec![issue]))?;
        if let Some(words) = spooled.contradicts(media_type) {
            return Err(fault("value", words));
        }
        Ok(Arrived {
            spooled,
            file_name: file_name(self.title.as_deref(), media_type),
            media_type,
            description: self.description,
        })
    }
}

/// Stores documents of a case, each once for the number by which it was asked for.
pub async fn store(
    app: &App,
    caller: &Caller,
    case_id: Uuid,
    tracking: &Number,
    documents: Vec<Document>,
) -> Result<(), Failure> {
    if documents.is_empty() {
        return Ok(());
    }
    let rules = attachments::admit(app, caller, case_id, true).await?;
    let _place = attachments::place(app, caller).await?;
    // all of them are looked at before one is stored
    let mut arrived = Vec::new();
    for document in documents {
        arrived.push(document.arrive(&rules).await?);
    }
    for document in arrived {
        let Number { system, value } = tracking;
        let fingerprint: [u8; 32] = Sha256::new().chain_update(case_id).chain_update(document.spooled.sha256).finalize().into();
        let number = format!("{value}|{case_id}|{}", STANDARD.encode(document.spooled.sha256));
        let key = Idempotent { key: fingerprint::key(&format!("attachment|{system}"), &number), fingerprint };
        attachments::store(app, caller, case_id, document, Some(&key)).await?;
    }
    Ok(())
}
