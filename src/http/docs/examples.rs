//! The README's calls, by the operation that they call.

use chrono::NaiveDate;

const README: &str = include_str!("../../../README.md");

/// The address that the README calls.
const ADDRESS: &str = "http://127.0.0.1:8080";

/// A call with the answer that is shown for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Example {
    /// `post` or `get`.
    pub(super) method: &'static str,
    /// Path of the call, without its query.
    pub(super) path: String,
    /// The command.
    pub(super) call: String,
    /// The answer, shortened.
    pub(super) answer: Option<String>,
}

impl Example {
    /// True for a call of this operation.
    pub(super) fn is_of(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }
}

/// The token of the README's calls, and what stands in its place where it does not work.
const TOKEN: (&str, &str) = ("sandbox-ordering-provider", "YOUR-TOKEN");

/// The calls, to this address, for treatment that begins on this day.
pub(super) fn of_readme(address: &str, day: NaiveDate, sandbox: bool) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    for (language, text) in blocks(README) {
        if language == "sh" && text.starts_with("curl ") {
            let text = if sandbox { text } else { text.replace(TOKEN.0, TOKEN.1) };
            found.extend(example(&text, address, day));
        } else if language == "json" {
            // the answer stands below its call
            if let Some(last) = found.last_mut().filter(|last| last.answer.is_none()) {
                last.answer = Some(text);
            }
        }
    }
    found
}

/// Fenced blocks with their language.
fn blocks(text: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        found.push((language, block.join("\n")));
    }
    found
}

fn example(call: &str, address: &str, day: NaiveDate) -> Option<Example> {
    let (_, rest) = call.split_once(ADDRESS)?;
    let path = rest.split(|c: char| c.is_whitespace() || c == '\'' || c == '?').next()?.to_owned();
    let method = if call.contains(" -d ") { "post" } else { "get" };
    Some(Example { method, path, call: on(&call.replace(ADDRESS, address), day), answer: None })
}

/// With another first day of treatment.
fn on(call: &str, day: NaiveDate) -> String {
    const KEY: &str = "\"date_of_service\": \"";
    match call.split_once(KEY).and_then(|(before, after)| Some((before, after.split_once('"')?.1))) {
        Some((before, after)) => format!("{before}{KEY}{day}\"{after}"),
        None => call.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::of_readme;

    #[test]
    fn the_readmes_calls_are_found_with_address_day_and_answer() {
        let examples = of_readme("https://auth.example", "2031-02-03".parse().unwrap(), false);
        let order = examples.iter().find(|one| one.path == "/v1/orders").unwrap();
        assert_eq!(order.method, "post");
        assert!(order.call.contains("Bearer YOUR-TOKEN"), "{}", order.call);
        assert!(order.call.contains("https://auth.example/v1/orders") && order.call.contains("\"2031-02-03\""), "{}", order.call);
        assert!(order.answer.as_ref().unwrap().contains("pathway_eligible_id"));
        assert!(examples.iter().any(|one| one.path == "/v1/coverage-requirements"));
    }
}
