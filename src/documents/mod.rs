//! Documents for people: the order summary and the letters. Pure: a case and the program's words go in, a [`Document`] comes out, and
//! [`html`] and [`pdf`] set the same document on a screen and on paper. No clock, no database, and nothing that the case does not say.

mod blocks;
mod disease;
mod dosing;
pub mod html;
mod letter;
mod letter_blocks;
mod letter_denial;
mod letter_idn;
mod letter_lines;
mod letter_reasons;
pub mod pdf;
mod summary;
mod summary_blocks;
mod summary_text;
pub mod words;
mod worksheet;

pub use blocks::{Align, Block, Cell, Column, Document, Fact, Letterhead, Mail, Tone};
pub use disease::{DiagnosisInWords, DiseaseItem};
pub use letter::{
    Appeal, CallInLetter, Criterion, Denied, DrugInLetter, Letter, LetterFacts, Reading, ReconsiderationInLetter, Told,
    reason_in_words,
};
pub use letter_lines::ProcedureInLetter;
pub use summary::{DrugInSummary, OptionInSummary, PathwayInSummary, ProcedureInSummary, ReviewInSummary, Summary, UnitsOfCode};
pub use worksheet::{NeededAnswer, PreferredSchedule, RadiationWorksheet, Worksheet};
