//! The cookies: strictly needed, out of reach of scripts. The session's goes with the browser or the session, whichever ends first; the
//! one that finds out whether a person who comes back from their provider is the one who was sent there, after ten minutes. A third one is
//! there where somebody has asked for it: it says that single keys do nothing on this machine.

use crate::app::identity::SIGN_IN_MINUTES;
use axum::http::{HeaderMap, HeaderValue, header};

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Who is signed in.
    Session,
    /// Who was sent to sign in somewhere else.
    SignIn,
    /// That single keys do nothing here.
    KeysOff,
}

impl Kept {
    /// `__Host-`: browsers take it from this host only, over TLS or from this machine, and never for a part of the site.
    const fn name(self) -> &'static str {
        match self {
            Self::Session => "__Host-oncoauth",
            Self::SignIn => "__Host-oncoauth-sign-in",
            Self::KeysOff => "__Host-oncoauth-keys",
        }
    }

    /// Some browsers keep no `Secure` cookie of a plain `http://127.0.0.1`. A sandbox sets this one beside it; elsewhere it is never read.
    const fn sandbox_name(self) -> &'static str {
        match self {
            Self::Session => "oncoauth-sandbox",
            Self::SignIn => "oncoauth-sandbox-sign-in",
            Self::KeysOff => "oncoauth-sandbox-keys",
        }
    }

    /// Seconds that a browser keeps it; none means until it is closed.
    const fn seconds(self) -> Option<i64> {
        match self {
            Self::Session => None,
            Self::SignIn => Some(SIGN_IN_MINUTES * 60),
            Self::KeysOff => Some(365 * 24 * 60 * 60),
        }
    }
}

/// A secret has 43 characters.
const LENGTH: usize = 43;
/// What says that single keys are switched off.
const OFF: &str = "off";

/// What the browser keeps, where it may be one of our secrets.
pub(super) fn secret_of(headers: &HeaderMap, kept: Kept, sandbox: bool) -> Option<String> {
    let plain = |secret: &String| {
        secret.len() == LENGTH && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    value_of(headers, kept, sandbox).filter(plain)
}

/// True where single keys are switched off in this browser.
pub(super) fn has_keys_off(headers: &HeaderMap, sandbox: bool) -> bool {
    value_of(headers, Kept::KeysOff, sandbox).as_deref() == Some(OFF)
}

/// Switches them off, or on again.
pub(super) fn switch_keys(headers: &mut HeaderMap, off: bool, sandbox: bool) {
    if off { keep(headers, Kept::KeysOff, OFF, sandbox) } else { forget(headers, Kept::KeysOff, sandbox) }
}

fn value_of(headers: &HeaderMap, kept: Kept, sandbox: bool) -> Option<String> {
    let named = |name: &str| {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).next()
    };
    named(kept.name()).or_else(|| named(kept.sandbox_name()).filter(|_| sandbox))
}

/// Lets the browser keep this.
pub(super) fn keep(headers: &mut HeaderMap, kept: Kept, value: &str, sandbox: bool) {
    let age = kept.seconds().map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    set(headers, kept, value, &age, sandbox);
}

/// Lets the browser forget it.
pub(super) fn forget(headers: &mut HeaderMap, kept: Kept, sandbox: bool) {
    set(headers, kept, "", "; Max-Age=0", sandbox);
}

fn set(headers: &mut HeaderMap, kept: Kept, value: &str, age: &str, sandbox: bool) {
    let mut lines = vec![format!("{}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}", kept.name())];
    if sandbox {
        lines.push(format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{age}", kept.sandbox_name()));
    }
    for line in lines {
        // values are letters, digits, dashes and underscores
        if let Ok(line) = HeaderValue::from_str(&line) {
            headers.append(header::SET_COOKIE, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, keep, secret_of};
    use axum::http::{HeaderMap, header};

    const SECRET: &str = "0123456789012345678901234567890123456789-_a";

    fn sent(cookies: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, cookies.parse().unwrap())])
    }

    #[test]
    fn the_plain_name_counts_in_a_sandbox_only() {
        let both = format!("a=b; oncoauth-sandbox={SECRET}");
        let session = |headers: &HeaderMap, sandbox| secret_of(headers, Kept::Session, sandbox);
        assert_eq!(session(&sent(&both), true).as_deref(), Some(SECRET));
        assert_eq!(session(&sent(&both), false), None);
        assert_eq!(session(&sent(&format!("__Host-oncoauth={SECRET}")), false).as_deref(), Some(SECRET));
        assert_eq!(session(&sent("__Host-oncoauth=short"), false), None);
        assert_eq!(session(&sent(&format!("__Host-oncoauth-sign-in={SECRET}")), true), None, "each is for one thing");
    }

    #[test]
    fn outside_a_sandbox_every_cookie_is_bound_to_the_host_and_to_tls() {
        let mut headers = HeaderMap::new();
        keep(&mut headers, Kept::Session, SECRET, false);
        keep(&mut headers, Kept::SignIn, SECRET, false);
        let lines: Vec<_> = headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
        let rest = format!("{SECRET}; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(lines, [format!("__Host-oncoauth={rest}"), format!("__Host-oncoauth-sign-in={rest}; Max-Age=600")]);
    }
}
