//! The one cookie: strictly needed, out of reach of scripts, and gone with the browser or the session, whichever ends first.

use axum::http::{HeaderMap, HeaderValue, header};

/// `__Host-`: browsers take it from this host only, over TLS or from this machine, and never for a part of the site.
const NAME: &str = "__Host-oncoauth";
/// Some browsers keep no `Secure` cookie of a plain `http://127.0.0.1`. A sandbox sets this one beside it; elsewhere it is never read.
const SANDBOX_NAME: &str = "oncoauth-sandbox";
/// A secret has 43 characters.
const LENGTH: usize = 43;

/// What the browser keeps, where it may be one of our secrets.
pub(super) fn secret_of(headers: &HeaderMap, sandbox: bool) -> Option<String> {
    let named = |name: &str| {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).next()
    };
    let plain = |secret: &String| {
        secret.len() == LENGTH && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    named(NAME).or_else(|| named(SANDBOX_NAME).filter(|_| sandbox)).filter(plain)
}

/// Lets the browser keep a secret.
pub(super) fn keep(headers: &mut HeaderMap, secret: &str, sandbox: bool) {
    set(headers, secret, "", sandbox);
}

/// Lets the browser forget it.
pub(super) fn forget(headers: &mut HeaderMap, sandbox: bool) {
    set(headers, "", "; Max-Age=0", sandbox);
}

fn set(headers: &mut HeaderMap, secret: &str, age: &str, sandbox: bool) {
    let mut lines = vec![format!("{NAME}={secret}; Path=/; Secure; HttpOnly; SameSite=Lax{age}")];
    if sandbox {
        lines.push(format!("{SANDBOX_NAME}={secret}; Path=/; HttpOnly; SameSite=Lax{age}"));
    }
    for line in lines {
        // secrets are letters, digits, dashes and underscores
        if let Ok(value) = HeaderValue::from_str(&line) {
            headers.append(header::SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{keep, secret_of};
    use axum::http::{HeaderMap, header};

    const SECRET: &str = "0123456789012345678901234567890123456789-_a";

    fn sent(cookies: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, cookies.parse().unwrap())])
    }

    #[test]
    fn the_plain_name_counts_in_a_sandbox_only() {
        let both = format!("a=b; oncoauth-sandbox={SECRET}");
        assert_eq!(secret_of(&sent(&both), true).as_deref(), Some(SECRET));
        assert_eq!(secret_of(&sent(&both), false), None);
        assert_eq!(secret_of(&sent(&format!("__Host-oncoauth={SECRET}")), false).as_deref(), Some(SECRET));
        assert_eq!(secret_of(&sent("__Host-oncoauth=short"), false), None);
    }

    #[test]
    fn outside_a_sandbox_every_cookie_is_bound_to_the_host_and_to_tls() {
        let mut headers = HeaderMap::new();
        keep(&mut headers, SECRET, false);
        let lines: Vec<_> = headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
        assert_eq!(lines, [format!("__Host-oncoauth={SECRET}; Path=/; Secure; HttpOnly; SameSite=Lax")]);
    }
}
