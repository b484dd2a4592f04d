//! `oncoauth doctor`: looks at a deployment with the options that it serves with, and says of each thing whether it is sound and, where it is
//! not, what mends it. It changes nothing.

mod content;
mod database;
mod files;
mod machine;
mod state;

use crate::options::{DoctorOptions, Outcome, ReportFormat};
use serde::Serialize;
use std::fmt;
use std::process::ExitCode;

/// What was found out about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at; always the same word.
    check: &'static str,
    verdict: Verdict,
    /// What is so.
    message: String,
    /// What mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and somebody should know.
    Warning,
    /// It has to be mended.
    Fault,
    /// It could not be found out.
    Unknown,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "FAULT",
            Self::Unknown => "unknown",
        })
    }
}

impl Finding {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, message: message.into(), remedy: None }
    }

    fn warning(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warning, message: message.into(), remedy: Some(remedy.into()) }
    }

    fn fault(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Fault, message: message.into(), remedy: Some(remedy.into()) }
    }

    fn unknown(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Unknown, message: message.into(), remedy: None }
    }
}

/// Looks at everything. Exits with 1 where something has to be mended.
pub async fn run(options: &DoctorOptions) -> Outcome<ExitCode> {
    let mut findings = machine::look(&options.serve);
    let (of_content, plans, library) = content::look(&options.serve);
    findings.extend(of_content);
    findings.extend(files::look(&options.serve, library.as_ref()));
    findings.extend(database::look(&options.serve, &plans).await);
    let faults = findings.iter().filter(|finding| finding.verdict == Verdict::Fault).count();
    match options.format {
        ReportFormat::Text => print!("{}", in_words(&findings)),
        ReportFormat::Json => println!("{}", serde_json::json!({"sound": faults == 0, "findings": findings})),
    }
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// For a terminal: what is worst comes last, where it is seen.
fn in_words(findings: &[Finding]) -> String {
    let order = [Verdict::Ok, Verdict::Unknown, Verdict::Warning, Verdict::Fault];
    let mut lines = Vec::new();
    for finding in order.iter().flat_map(|verdict| findings.iter().filter(move |finding| finding.verdict == *verdict)) {
        lines.push(format!("{:<8} {:<20} {}\n", finding.verdict, finding.check, finding.message));
        lines.extend(finding.remedy.as_ref().map(|remedy| format!("{:<29} mend: {remedy}\n", "")));
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    lines.push(format!(
        "{} to mend, {} warnings, {} not known, {} as they should be\n",
        count(Verdict::Fault),
        count(Verdict::Warning),
        count(Verdict::Unknown),
        count(Verdict::Ok)
    ));
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::{Finding, in_words};

    #[test]
    fn what_has_to_be_mended_stands_last_with_what_mends_it() {
        let findings =
            [Finding::fault("a", "is broken", "mend it"), Finding::ok("b", "is sound"), Finding::unknown("c", "is far")];
        let text = in_words(&findings);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert!(lines[0].starts_with("ok ") && lines[1].starts_with("unknown ") && lines[2].starts_with("FAULT "), "{text}");
        assert_eq!(lines[3], "mend: mend it");
        assert_eq!(lines[4], "1 to mend, 0 warnings, 1 not known, 1 as they should be");
    }
}
