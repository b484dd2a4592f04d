//! Tab-separated code sets: comment lines with `#`, one header line, then rows.

use super::report::{Report, did_you_mean};

/// One row with its line.
#[derive(Debug)]
pub(super) struct Row<'t> {
    /// Line, from 1.
    pub line: usize,
    cells: Vec<&'t str>,
}

impl<'t> Row<'t> {
    /// The cell of a column; every row has as many cells as the header.
    pub fn cell(&self, column: usize) -> &'t str {
        self.cells.get(column).copied().unwrap_or_default()
    }
}

/// Reads a table whose header is exactly `columns`; every other row is reported.
pub(super) fn rows<'t>(file: &str, text: &'t str, columns: &[&str], report: &mut Report) -> Vec<Row<'t>> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty());
    let Some((number, header)) = lines.next() else {
        report.error(file, 1, "the table has no header", None);
        return Vec::new();
    };
    if header.split('\t').collect::<Vec<_>>() != columns {
        let wrong = header.split('\t').find(|name| !columns.contains(name));
        let suggestion = wrong.and_then(|name| did_you_mean(name, columns.iter().copied()));
        report.error(file, number + 1, format!("the header must be: {}", columns.join(", ")), suggestion);
        return Vec::new();
    }
    lines
        .filter_map(|(number, line)| {
            let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
            if cells.len() == columns.len() {
                return Some(Row { line: number + 1, cells });
            }
            let suggestion = Some("put one tab between columns, none within them".to_owned());
            report.error(file, number + 1, format!("{} columns instead of {}", cells.len(), columns.len()), suggestion);
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
