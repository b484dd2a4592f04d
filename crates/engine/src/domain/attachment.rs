//! Clinical documents that come with a case (INF-07).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum MediaType {
    /// PDF.
    #[serde(rename = "application/pdf")]
    Pdf,
    /// PNG picture.
    #[serde(rename = "image/png")]
    Png,
    /// JPEG picture.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// TIFF pictures, as fax servers write them.
    #[serde(rename = "image/tiff")]
    Tiff,
    /// Plain text.
    #[serde(rename = "text/plain")]
    PlainText,
    /// An HL7 CDA document (XML).
    #[serde(rename = "application/xml")]
    Cda,
}

impl MediaType {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Pdf, Self::Png, Self::Jpeg, Self::Tiff, Self::PlainText, Self::Cda];

    /// The name used in headers, JSON, SQL and content.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Tiff => "image/tiff",
            Self::PlainText => "text/plain",
            Self::Cda => "application/xml",
        }
    }

    /// The type that a `Content-Type` without its parameters names.
    pub fn parse(essence: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|one| one.as_str().eq_ignore_ascii_case(essence));
        known.or_else(|| match essence.to_ascii_lowercase().as_str() {
            "image/jpg" | "image/pjpeg" => Some(Self::Jpeg),
            "image/tif" => Some(Self::Tiff),
            "text/xml" | "application/hl7-v3+xml" => Some(Self::Cda),
            _ => None,
        })
    }

    /// What the names of such files end in.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Tiff => "tif",
            Self::PlainText => "txt",
            Self::Cda => "xml",
        }
    }
}

/// What a document came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The review of a case in progress.
    Review,
    /// The reconsideration of a denial.
    Reconsideration,
}

impl Purpose {
    /// The word used in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Reconsideration => "reconsideration",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Review, Self::Reconsideration].into_iter().find(|one| one.as_str() == word)
    }
}

/// What the installation's virus scanner said of a document that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scan {
    /// Nothing was found.
    Clean,
    /// The installation has no scanner: open the document with care.
    NotConfigured,
}

impl Scan {
    /// The word used in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::NotConfigured => "not_configured",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Clean, Self::NotConfigured].into_iter().find(|one| one.as_str() == word)
    }
}

/// A document of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Attachment {
    /// Identifies it; sorts by time of arrival.
    pub attachment_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// Its name, without any path.
    pub file_name: String,
    /// What it is.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// What the sender says it is.
    pub description: Option<String>,
    /// What it came for.
    pub purpose: Purpose,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// Who sent it.
    pub received_from: String,
    /// As what.
    pub received_as: String,
    /// What the virus scanner said.
    pub scan: Scan,
}
