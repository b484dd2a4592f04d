//! Stage and TNM as they are written: `Stage II A`, `pIIA`, `FIGO IIIC`, `ypT2`, `cM1b`. What is not understood is no stage (SAFE-01).

use crate::domain::content::Content;
use crate::domain::fold::fold;

/// A stage: its group, and the subgroup where one is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Group such as `II`, `limited`.
    pub group: &'static str,
    /// Group and subgroup such as `IIB`; the group where no more is told.
    pub substage: String,
    /// True where the word says distant metastases of whichever subgroup: `metastatic`.
    pub is_spread: bool,
}

const GROUPS: [&str; 7] = ["0", "I", "II", "III", "IV", "limited", "extensive"];

/// Reads a stage.
pub fn read(entered: &str, content: &Content) -> Option<Stage> {
    let entered = entered.trim();
    if let Some(group) = GROUPS.iter().find(|group| **group == entered) {
        return Some(Stage { group, substage: (*group).to_owned(), is_spread: false });
    }
    let folded = fold(entered);
    let rest = without_prefixes(&folded, &content.answers.stage_prefixes);
    let told = [folded.as_ref(), rest].into_iter().find_map(|word| {
        let told = content.answers.stages.get(word)?;
        let group = GROUPS.iter().find(|known| **known == told.group)?;
        Some(Stage { group, substage: (*group).to_owned(), is_spread: told.is_spread })
    });
    told.or_else(|| numbered(&rest.replace(['_', '.'], "")))
}

/// `stage`, `ajcc`, `figo` … in front, written apart or not.
fn without_prefixes<'t>(folded: &'t str, prefixes: &[String]) -> &'t str {
    let mut rest = folded;
    loop {
        let shorter = prefixes.iter().find_map(|prefix| {
            // `c`, `p` may be written to the word: `pStage`
            let bare = rest.strip_prefix(['p', 'c']).filter(|bare| bare.starts_with("stage"));
            let front = bare.unwrap_or(rest).strip_prefix(prefix.as_str())?;
            let apart = front.strip_prefix('_').unwrap_or(front);
            let more = front.starts_with('_') || apart.starts_with(|c: char| matches!(c, 'i' | 'v' | '0'..='4'));
            (more && !apart.is_empty()).then_some(apart)
        });
        match shorter {
            Some(shorter) => rest = shorter,
            None => return rest,
        }
    }
}

/// A roman or arabic group with its subgroup, after letters that say how it was found: `ypiiib`, `3a`, `iia1`, `ivb`, `iibx`.
fn numbered(text: &str) -> Option<Stage> {
    let text = ["yp", "yc", "c", "p", "r", "a"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix).filter(|rest| rest.starts_with(['i', '0', '1', '2', '3', '4'])))
        .unwrap_or(text);
    let roman = text.bytes().take_while(|byte| matches!(byte, b'i' | b'v')).count();
    let digits = usize::from(roman == 0 && text.starts_with(|c: char| c.is_ascii_digit()));
    let (group, rest) = text.split_at(roman + digits);
    let group = match group {
        "0" => "0",
        "i" | "1" => "I",
        "ii" | "2" => "II",
        "iii" | "3" => "III",
        "iv" | "4" => "IV",
        _ => return None,
    };
    // lymphoma: symptoms, extranodal, spleen, bulky
    let rest = rest.strip_suffix("bulky").unwrap_or(rest);
    let is_subgroup = rest.len() <= 3
        && rest.chars().all(|c| matches!(c, 'a'..='e' | 's' | 'x' | '1'..='3'))
        && rest.chars().filter(char::is_ascii_digit).count() <= 1
        && !rest.starts_with(|c: char| c.is_ascii_digit() && digits == 1);
    is_subgroup.then(|| Stage { group, substage: format!("{group}{}", rest.to_uppercase()), is_spread: false })
}

/// Which status of TNM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Primary tumor.
    T,
    /// Lymph nodes.
    N,
    /// Distant metastases.
    M,
}

/// A status without prefix and letter: `pM1a` is `1a`, `ypT2` is `2`, `Tis` is `is`, `N2b (sn)` is `2b`. None where it is not understood.
pub fn status(kind: Status, entered: &str) -> Option<String> {
    let folded = fold(entered);
    let letter = match kind {
        Status::T => 't',
        Status::N => 'n',
        Status::M => 'm',
    };
    let text: String = folded.chars().filter(|c| *c != '_').collect();
    let after = |text: &str| text.strip_prefix(letter).map(str::to_owned);
    let rest = ["", "yp", "yc", "rp", "rc", "c", "p", "r", "a", "u", "m", "mp", "mc"]
        .iter()
        .find_map(|prefix| after(text.strip_prefix(prefix)?))
        .unwrap_or(text);
    // notes: sentinel, fine needle, isolated cells, several tumors, LDH
    let rest = match rest.find(['+', '(']) {
        Some(_) => rest.replace("i+", "").replace("mol+", ""),
        None => rest,
    };
    let rest = ["sn", "ineg", "molneg", "f", "m"].iter().find_map(|note| rest.strip_suffix(note)).unwrap_or(&rest).to_owned();
    let mut chars = rest.chars();
    let first = chars.next()?;
    let suffix = chars.as_str();
    let is_suffix = |most: usize| {
        (suffix.len() <= most
            && !suffix.starts_with(|c: char| c.is_ascii_digit())
            && suffix.chars().all(|c| matches!(c, 'a'..='d' | '0'..='3')))
            || suffix == "mi"
    };
    let fits = match (kind, first) {
        (_, 'x') | (Status::T, 'a') => suffix.is_empty(),
        (Status::T, 'i') => matches!(suffix, "s" | "spu" | "sdcis" | "slcis" | "spaget" | "spagets"),
        (Status::T, '0'..='4') | (Status::N, '0'..='3') => is_suffix(2),
        (Status::M, '0'..='1') => is_suffix(3),
        _ => false,
    };
    fits.then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::{Status, numbered, status};

    #[test]
    fn a_status_is_read_with_its_prefix_and_nothing_else_is() {
        // proves SAFE-01
        for (kind, entered, found) in [
            (Status::M, "M1", Some("1")),
            (Status::M, "pM1", Some("1")),
            (Status::M, "cM1b", Some("1b")),
            (Status::M, "M1a", Some("1a")),
            (Status::M, "p M 1c2", Some("1c2")),
            (Status::M, "0", Some("0")),
            (Status::M, "cM0 (i+)", Some("0")),
            (Status::M, "Mx", Some("x")),
            (Status::M, "perhaps", None),
            (Status::M, "10", None),
            (Status::M, "2", None),
            (Status::T, "ypT2", Some("2")),
            (Status::T, "pT1mi", Some("1mi")),
            (Status::T, "T4b", Some("4b")),
            (Status::T, "Tis (DCIS)", Some("isdcis")),
            (Status::T, "7", None),
            (Status::T, "Tis or T2", None),
            (Status::T, "Tis?", None),
            (Status::T, "T2 (m)", Some("2")),
            (Status::M, "M0?", None),
            (Status::M, "M0/M1", None),
            (Status::M, "0 or 1", None),
            (Status::M, "M0 - scan pending", None),
            (Status::N, "pN2a(sn)", Some("2a")),
            (Status::N, "cN0", Some("0")),
            (Status::N, "N4", None),
        ] {
            assert_eq!(status(kind, entered).as_deref(), found, "{entered}");
        }
    }

    #[test]
    fn a_group_is_roman_or_arabic_and_keeps_its_subgroup() {
        // proves SAFE-01, REG-01
        for (entered, substage) in [
            ("iia", Some("IIA")),
            ("piia", Some("IIA")),
            ("2b", Some("IIB")),
            ("ypiiic1", Some("IIIC1")),
            ("4", Some("IV")),
            ("0", Some("0")),
            ("ivb", Some("IVB")),
            ("iibx", Some("IIBX")),
            ("vi", None),
            ("iiii", None),
            ("12", None),
            ("iiiz", None),
            ("5", None),
        ] {
            assert_eq!(numbered(entered).map(|stage| stage.substage).as_deref(), substage, "{entered}");
        }
    }
}
