//! Clinical documents: when they are taken (INF-07), whether they are what they say, and how they are called.

use super::calendar::local_day;
use super::review::reconsideration::last_day;
use crate::domain::attachment::{MediaType, Purpose};
use crate::domain::case::{Case, PeerToPeer};
use crate::domain::content::Program;
use crate::domain::vocabulary::{CaseStatus, DrugStatus};
use chrono::{DateTime, NaiveDate, Utc};
use unicode_normalization::UnicodeNormalization as _;

/// The longest name of a file, in characters.
pub const NAME_LIMIT: usize = 255;
/// So many of a document's first bytes are looked at to tell what it is.
pub const HEAD: usize = 8 * 1024;

/// Why no document is taken now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    /// No clinician has asked.
    #[error(
        "nothing has been asked for: medical records are needed only when a clinician asks for them (INF-07). Answer what the case lists \
         in `review.asked_for` by changing the order"
    )]
    Nothing,
    /// The case is decided, and not against authorization.
    #[error("the case is {0}, and nothing is asked for: medical records are needed only when a clinician asks for them (INF-07)")]
    Decided(CaseStatus),
    /// The program does not reconsider.
    #[error(
        "{0} has no reconsideration that documents could go with (APP-03); send them with the appeal that the denial letter describes"
    )]
    NoReconsideration(String),
    /// It was reconsidered already.
    #[error("the denial was reconsidered already (APP-02); send documents with the appeal that the denial letter describes")]
    Reconsidered,
    /// The days for it are over.
    #[error(
        "a reconsideration, and documents for it, could be sent until {0} (APP-01, APP-02); send them with the appeal that the denial \
         letter describes"
    )]
    TooLate(NaiveDate),
    /// The case has as many as it may have.
    #[error("a case takes {0} documents, and has them: put further pages into one file, and call")]
    TooMany(u32),
}

impl NotAsked {
    /// The requirement behind it.
    pub const fn requirement(&self) -> &'static str {
        match self {
            Self::Nothing | Self::Decided(_) | Self::TooMany(_) => "INF-07",
            Self::NoReconsideration(_) => "APP-03",
            Self::Reconsidered | Self::TooLate(_) => "APP-02",
        }
    }
}

/// How far the reconsideration of a denial has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconsidered {
    /// Nobody has asked for one.
    NotYet,
    /// A physician is to decide it.
    Open,
    /// It is decided.
    Decided,
}

/// What is known of a case that a document is sent for.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The case.
    pub case: &'a Case,
    /// Its program.
    pub program: &'a Program,
    /// True where a reviewer has asked the practice for information.
    pub asked: bool,
    /// Its reconsideration.
    pub reconsidered: Reconsidered,
    /// How many documents it has.
    pub stored: u32,
}

/// What a document would be taken for. In progress: once a clinician has asked, or has offered the discussion that precedes every adverse
/// determination, because from then on the practice must be able to show whatever speaks for the patient. Denied: for its reconsideration.
///
/// # Errors
/// Why none is taken.
pub fn purpose(standing: &Standing<'_>, now: DateTime<Utc>) -> Result<Purpose, NotAsked> {
    let Standing { case, program, asked, reconsidered, stored } = standing;
    let offered = case.review.as_ref().is_some_and(|review| review.peer_to_peer != PeerToPeer::NotOffered);
    let denied = case.drugs.iter().any(|drug| drug.status == DrugStatus::NonAuthorized);
    let purpose = match case.status {
        CaseStatus::InProgress if *asked || offered => Purpose::Review,
        CaseStatus::InProgress => return Err(NotAsked::Nothing),
        CaseStatus::NonAuthorized | CaseStatus::MultipleDecisionsRendered if denied => {
            reconsideration_open(case, program, *reconsidered, now)?;
            Purpose::Reconsideration
        }
        status => return Err(NotAsked::Decided(status)),
    };
    let most = program.attachments.maximum_per_case;
    if *stored >= most { Err(NotAsked::TooMany(most)) } else { Ok(purpose) }
}

fn reconsideration_open(case: &Case, program: &Program, state: Reconsidered, now: DateTime<Utc>) -> Result<(), NotAsked> {
    match (state, program.reconsideration) {
        (Reconsidered::Open, _) => Ok(()),
        (Reconsidered::Decided, _) => Err(NotAsked::Reconsidered),
        (Reconsidered::NotYet, None) => Err(NotAsked::NoReconsideration(program.name.clone())),
        (Reconsidered::NotYet, Some(rule)) => {
            let last = last_day(case.decided_at.unwrap_or(case.submitted_at), rule.calendar_days, program.time_zone);
            if local_day(now, program.time_zone) > last { Err(NotAsked::TooLate(last)) } else { Ok(()) }
        }
    }
}

/// The type that a document's first bytes give away; none for text, which has no such mark.
pub fn recognize(head: &[u8]) -> Option<MediaType> {
    const MARKS: [(&[u8], MediaType); 5] = [
        (b"%PDF-", MediaType::Pdf),
        (b"\x89PNG\r\n\x1a\n", MediaType::Png),
        (b"\xff\xd8\xff", MediaType::Jpeg),
        (b"II*\0", MediaType::Tiff),
        (b"MM\0*", MediaType::Tiff),
    ];
    MARKS
        .iter()
        .find(|(mark, _)| head.starts_with(mark))
        .map(|(_, media_type)| *media_type)
        .or_else(|| is_cda(head).then_some(MediaType::Cda))
}

/// An XML text whose root is a `ClinicalDocument`, as far as its beginning shows.
fn is_cda(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let named = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    head.starts_with(b"<") && (named(b"<ClinicalDocument") || named(b":ClinicalDocument"))
}

/// What a document looks like, gathered while its bytes go by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looks {
    head: Vec<u8>,
    controls: bool,
}

impl Looks {
    /// Takes the next bytes in.
    pub fn add(&mut self, bytes: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(room));
        // form feeds and line ends belong to text, other control characters do not
        self.controls |= bytes.iter().any(|byte| matches!(byte, 0..=8 | 11 | 14..=31 | 127));
    }

    /// The type that the bytes themselves show.
    pub fn recognized(&self) -> Option<MediaType> {
        recognize(&self.head)
    }

    /// What is wrong with calling it this, with the remedy.
    pub fn contradicts(&self, declared: MediaType) -> Option<String> {
        let found = self.recognized();
        let remedy = |what: &str| format!("the document is sent as {}, but {what}", declared.as_str());
        match declared {
            MediaType::PlainText => match found {
                Some(MediaType::Cda) | None if !self.controls => None,
                Some(found) if found != MediaType::Cda => Some(remedy(&format!("is {}: send it as that", found.as_str()))),
                _ => Some(remedy("is not text: it has control characters. Send the file as what it is, or print it to PDF")),
            },
            declared if found == Some(declared) => None,
            declared => Some(match found {
                Some(found) => remedy(&format!("is {}: send it as that", found.as_str())),
                None if declared == MediaType::Cda => {
                    remedy("has no ClinicalDocument at its beginning: send an HL7 CDA document in UTF-8, or a PDF")
                }
                None => remedy(
                    "does not begin like one: the file is damaged or of another kind. Send it as what it is, or print it to PDF",
                ),
            }),
        }
    }
}

/// The name that a document is kept under: the last part of a path, without control and invisible characters, and never empty.
pub fn file_name(sent: Option<&str>, media_type: MediaType) -> String {
    let last = sent.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|one| !one.is_control() && !is_invisible(*one)).nfc().collect();
    let plain = plain.trim_start_matches(|one: char| one == '.' || one.is_whitespace()).trim_end();
    if plain.is_empty() {
        return format!("document.{}", media_type.extension());
    }
    shortened(plain)
}

/// Characters that make a name look like another one: joiners, direction marks, tags, the byte order mark, and line separators.
const fn is_invisible(one: char) -> bool {
    matches!(one, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// At most [`NAME_LIMIT`] characters, with the extension kept where it is a short one.
fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME_LIMIT {
        return name.to_owned();
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension).filter(|extension| extension.chars().count() <= 10);
    let extension = extension.map(|extension| format!(".{extension}")).unwrap_or_default();
    let room = NAME_LIMIT.saturating_sub(extension.chars().count());
    let stem: String = name.chars().take(room).collect();
    format!("{}{extension}", stem.trim_end())
}

#[cfg(test)]
mod tests {
    use super::{Looks, NAME_LIMIT, file_name};
    use crate::domain::attachment::MediaType;
    use proptest::prelude::*;

    fn looks(bytes: &[u8]) -> Looks {
        let mut looks = Looks::default();
        bytes.chunks(3).for_each(|piece| looks.add(piece));
        looks
    }

    // proves INF-07
    #[test]
    fn a_document_is_what_it_is_called_or_refused() {
        let cda = b"<?xml version=\"1.0\"?>\n<ClinicalDocument xmlns=\"urn:hl7-org:v3\"/>".as_slice();
        let cases: [(&[u8], MediaType, bool); 14] = [
            (b"%PDF-1.7\n...", MediaType::Pdf, true),
            (b"MZ\x90\0", MediaType::Pdf, false),
            (b"%PDF-1.7\n...", MediaType::Png, false),
            (b"\x89PNG\r\n\x1a\n\0\0", MediaType::Png, true),
            (b"\xff\xd8\xff\xe0\0", MediaType::Jpeg, true),
            (b"II*\0\x08", MediaType::Tiff, true),
            (b"MM\0*\0", MediaType::Tiff, true),
            (b"RIFF", MediaType::Tiff, false),
            (b"seen on Monday\r\n\x0cpage 2\t\xe9", MediaType::PlainText, true),
            (b"seen\0", MediaType::PlainText, false),
            (b"%PDF-1.7", MediaType::PlainText, false),
            (cda, MediaType::Cda, true),
            (cda, MediaType::PlainText, true),
            (b"<html></html>", MediaType::Cda, false),
        ];
        for (bytes, declared, fine) in cases {
            let fault = looks(bytes).contradicts(declared);
            assert_eq!(fault.is_none(), fine, "{:?} as {declared:?}: {fault:?}", String::from_utf8_lossy(bytes));
        }
    }

    // proves INF-07
    #[test]
    fn a_name_has_no_path_and_nothing_that_misleads() {
        let named = |sent| file_name(Some(sent), MediaType::Pdf);
        assert_eq!(named("/etc/passwd"), "passwd");
        assert_eq!(named("..\\..\\note.pdf"), "note.pdf");
        assert_eq!(named("a\r\nb\u{202e}fdp.exe"), "abfdp.exe");
        assert_eq!(named(" .hidden.pdf "), "hidden.pdf");
        assert_eq!(named("Befund März.pdf"), "Befund März.pdf");
        assert_eq!(named("../"), "document.pdf");
        assert_eq!(file_name(None, MediaType::Tiff), "document.tif");
        let long = named(&format!("{}.pdf", "x".repeat(400)));
        assert!(long.ends_with("x.pdf") && long.chars().count() == NAME_LIMIT, "{long}");
    }

    proptest! {
        // proves INF-07
        #[test]
        fn every_name_comes_out_short_printable_and_the_same_again(sent in ".{0,400}") {
            let name = file_name(Some(&sent), MediaType::Pdf);
            prop_assert!((1..=NAME_LIMIT).contains(&name.chars().count()), "{:?}", name);
            prop_assert!(!name.chars().any(|one| one.is_control() || one == '/' || one == '\\'), "{:?}", name);
            prop_assert_eq!(file_name(Some(&name), MediaType::Pdf), name);
        }
    }
}
