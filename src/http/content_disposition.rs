//! `Content-Disposition` (RFC 6266): the name of a file, in both directions.

use axum::http::{HeaderMap, HeaderValue, header};
use std::fmt::Write as _;

/// The name of the file that the headers give; `filename*` before `filename`.
pub fn file_name(headers: &HeaderMap) -> Option<String> {
    // browsers and curl write UTF-8 into it, which is no visible ASCII
    let value = std::str::from_utf8(headers.get(header::CONTENT_DISPOSITION)?.as_bytes()).ok()?;
    let mut plain = None;
    for (name, value) in parameters(value) {
        match name.as_str() {
            "filename*" => {
                if let Some(decoded) = extended(&value) {
                    return Some(decoded);
                }
            }
            "filename" => plain = plain.or(Some(value)),
            _ => {}
        }
    }
    plain
}

/// The parameters of the header, with names in lower case and values without quotes.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut parts = Vec::new();
    let (mut part, mut quoted, mut escaped) = (String::new(), false, false);
    for one in value.chars() {
        match one {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(one);
    }
    parts.push(part);
    for part in parts.iter().skip(1) {
        let Some((name, value)) = part.split_once('=') else { continue };
        found.push((name.trim().to_ascii_lowercase(), unquoted(value.trim())));
    }
    found
}

/// Without quotes. A backslash escapes quotes and itself only: Windows paths are written with single ones.
fn unquoted(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return value.to_owned() };
    inside.replace("\\\"", "\"").replace("\\\\", "\\")
}

/// RFC 8187: `UTF-8''percent-encoded`.
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The header that has a browser save a file under this name, never show it.
pub fn attachment(file_name: &str) -> HeaderValue {
    let plain: String = file_name
        .chars()
        .map(|one| if one.is_ascii_graphic() && !matches!(one, '"' | '\\' | '%') || one == ' ' { one } else { '_' })
        .collect();
    let mut text = format!("attachment; filename=\"{plain}\"");
    if plain != file_name {
        text.push_str("; filename*=UTF-8''");
        for byte in file_name.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                text.push(char::from(byte));
            } else {
                // writing to a String does not fail
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::{attachment, file_name};
    use axum::http::{HeaderMap, HeaderValue, header};

    fn named(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        file_name(&headers)
    }

    // proves INF-07
    #[test]
    fn names_are_read_in_every_form_that_clients_write() {
        let name = |text: &str| Some(text.to_owned());
        assert_eq!(named("attachment; filename=\"a; b.pdf\""), name("a; b.pdf"));
        assert_eq!(named("form-data; name=\"file\"; filename=\"say \\\"no\\\".pdf\""), name("say \"no\".pdf"));
        assert_eq!(named("attachment; filename=note.pdf; filename*=UTF-8''M%C3%A4rz.pdf"), name("März.pdf"));
        assert_eq!(named("attachment; filename*=utf-8''%zz; filename=x.pdf"), name("x.pdf"));
        assert_eq!(named("form-data; filename=\"C:\\scans\\a.pdf\""), name("C:\\scans\\a.pdf"));
        assert_eq!(named("attachment; filename=\"März.pdf\""), name("März.pdf"));
        assert_eq!(named("inline"), None);
    }

    // proves INF-07
    #[test]
    fn a_name_is_written_so_that_it_is_read_again() {
        for name in ["note.pdf", "März \"1\".pdf", "50%.pdf", "a\\b.pdf", "日本.tif"] {
            let header = attachment(name);
            assert!(header.to_str().unwrap().starts_with("attachment; filename=\""), "{header:?}");
            assert_eq!(named(header.to_str().unwrap()).as_deref(), Some(name));
        }
    }
}
