//! The content that orders are decided by.

use super::Finding;
use crate::options::ServeOptions;
use crate::serve;
use oncoauth::clock::Clock;
use oncoauth::content::{self, Differs};
use oncoauth::domain::content::{Content, Library};
use std::path::Path;

/// Looks, and names the plans of the release in force; with the content, where it is sound.
pub fn look(options: &ServeOptions) -> (Vec<Finding>, Vec<String>, Option<Library>) {
    const CHECK: &str = "content";
    let library = match serve::library(options.content_dir.as_deref()) {
        Ok(library) => library,
        Err(error) => {
            let place = options.content_dir.as_deref().map_or_else(|| "compiled in".to_owned(), |dir| dir.display().to_string());
            let remedy =
                "oncoauth check-content lists every error with its file and line; the service does not start on such content";
            return (
                vec![Finding::fault(CHECK, format!("the content ({place}) is not sound: {error}"), remedy)],
                Vec::new(),
                None,
            );
        }
    };
    let today = Clock::system().now().date_naive();
    let content = library.in_force(today);
    let release = &content.release;
    let mut findings = vec![if release.in_force_from > today {
        let message = format!("no release is in force: the first, {}, begins on {}", release.name, release.in_force_from);
        Finding::fault(CHECK, message, "date a release in releases.toml from before today")
    } else {
        Finding::ok(CHECK, format!("release {} is in force since {}", release.name, release.in_force_from))
    }];
    findings.extend(options.content_dir.as_deref().map(departs));
    findings.push(unverified(content));
    let plans = content.programs.iter().map(|program| program.health_plan.clone()).collect();
    (findings, plans, Some(library))
}

/// Whether files of this version's content are missing, or may be damaged: one that ends between two entries is sound, and rules are gone.
fn departs(directory: &Path) -> Finding {
    const CHECK: &str = "content_complete";
    let differences = content::differences(directory);
    let named = |how: Differs| {
        differences
            .iter()
            .filter(move |difference| difference.how == how)
            .map(|difference| difference.file.as_str())
            .collect::<Vec<_>>()
    };
    let (missing, shorter, changed) = (named(Differs::Missing), named(Differs::Shorter), named(Differs::Changed));
    if missing.is_empty() && shorter.is_empty() {
        return Finding::ok(CHECK, format!("every file of this version's content is there; {} are changed", changed.len()));
    }
    let told = [("missing", &missing), ("less than half as long", &shorter)];
    let told = told.iter().filter(|(_, files)| !files.is_empty()).map(|(what, files)| format!("{what}: {}", files.join(", ")));
    Finding::warning(
        CHECK,
        format!(
            "files of this version's content are not in the directory as they are here: {}",
            told.collect::<Vec<_>>().join("; ")
        ),
        "look whether that is meant; otherwise copy the directory anew from where it is kept",
    )
}

/// How much of it nobody has confirmed.
fn unverified(content: &Content) -> Finding {
    const CHECK: &str = "content_verified";
    let share =
        |marks: &mut dyn Iterator<Item = bool>| marks.fold((0, 0), |(open, all), verify| (open + usize::from(verify), all + 1));
    let parts = [
        ("regimens", share(&mut content.regimens.iter().map(|regimen| regimen.verify))),
        ("policies", share(&mut content.policies.iter().map(|policy| policy.verify))),
        ("limits", share(&mut content.limits.all().iter().map(|limit| limit.verify))),
        ("contraindications", share(&mut content.contraindications.all().iter().map(|entry| entry.verify))),
        ("drugs", share(&mut content.drugs.all().iter().map(|drug| drug.verify))),
    ];
    let told: Vec<String> = parts.iter().map(|(name, (open, all))| format!("{open} of {all} {name}")).collect();
    let open: usize = parts.iter().map(|(_, (open, _))| open).sum();
    if open == 0 {
        return Finding::ok(CHECK, "nothing in force is marked `verify`");
    }
    Finding::warning(
        CHECK,
        format!("still marked `verify`, and so not for clinical use: {}", told.join(", ")),
        "have clinicians review them, and take the mark away in --content-dir (docs/content.md)",
    )
}
