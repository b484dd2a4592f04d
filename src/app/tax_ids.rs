//! Tax IDs, by which practices are told apart.

use crate::domain::refusal::Fault;

/// True for nine digits.
pub fn is_tax_id(text: &str) -> bool {
    text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// As it is kept: nine digits. It is also written with a dash after the second.
pub fn read(text: &str) -> Option<String> {
    let plain = match text.split_once('-') {
        Some((front, rest)) if front.len() == 2 => format!("{front}{rest}"),
        Some(_) => return None,
        None => text.to_owned(),
    };
    is_tax_id(&plain).then_some(plain)
}

/// A fault for each entry of `/tax_ids` that is none.
pub fn faults(entered: &[String]) -> impl Iterator<Item = Fault> {
    let is_none = |(_, text): &(usize, &String)| !is_tax_id(text);
    let fault = |(index, _)| Fault::new(format!("/tax_ids/{index}"), "malformed", "a tax ID has nine digits");
    entered.iter().enumerate().filter(is_none).map(fault)
}
