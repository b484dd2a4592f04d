//! Tab-separated code sets: comment lines with `#`, one header line, then rows.

use super::report::{Report, did_you_mean};

/// One row with its line.
#[derive(Debug)]
pub(super) struct Row<'t> {
    /// Line, from 1.
    pub line: usize,
    /// Column of the first release, where there is one.
    releases: usize,
    cells: Vec<&'t str>,
}

impl<'t> Row<'t> {
    /// The cell of a column; every row has as many cells as the header.
    pub fn cell(&self, column: usize) -> &'t str {
        self.cells.get(column).copied().unwrap_or_default()
    }

    /// `introduced` and `retired`, where they are stated.
    pub fn releases(&self) -> [Option<&'t str>; 2] {
        [0, 1].map(|place| Some(self.cell(self.releases + place)).filter(|name| !name.is_empty()))
    }
}

/// Columns that a table may have besides: the releases that a row belongs to.
const RELEASES: [&str; 2] = ["introduced", "retired"];

/// Reads a table whose header is exactly `columns`, `introduced` and `retired` behind them where rows belong to releases; every other row
/// is reported.
pub(super) fn rows<'t>(file: &str, text: &'t str, columns: &[&str], report: &mut Report) -> Vec<Row<'t>> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty());
    let Some((number, header)) = lines.next() else {
        report.unusable(file, 1, "the table has no header");
        return Vec::new();
    };
    let names: Vec<&str> = header.split('\t').collect();
    if names != columns && names != [columns, &RELEASES].concat() {
        let known = || columns.iter().chain(&RELEASES).copied();
        let wrong = names.iter().find(|name| !known().any(|known| known == **name));
        let suggestion = wrong.and_then(|name| did_you_mean(name, known()));
        report.error(file, number + 1, format!("the header must be: {}", columns.join(", ")), suggestion);
        return Vec::new();
    }
    lines
        .filter_map(|(number, line)| {
            let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
            if cells.len() == names.len() {
                return Some(Row { line: number + 1, releases: columns.len(), cells });
            }
            let suggestion = Some("put one tab between columns, none within them".to_owned());
            report.error(file, number + 1, format!("{} columns instead of {}", cells.len(), names.len()), suggestion);
            None
        })
        .collect()
}

/// Reads a `Y` or `N`.
pub(super) fn flag(file: &str, row: &Row<'_>, column: usize, report: &mut Report) -> bool {
    match row.cell(column) {
        "Y" => true,
        "N" => false,
        other => {
            report.error(file, row.line, format!("`{other}` is neither Y nor N"), Some("write `Y` or `N`".to_owned()));
            false
        }
    }
}
