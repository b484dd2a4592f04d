//! The files that options name: whether the service could start with them, and whether others may read what is secret.

use super::Finding;
use crate::connection::Tls;
use crate::options::ServeOptions;
use crate::serve;
use oncoauth::app::identity;
use oncoauth::app::mail::Mailer;
use oncoauth::app::sealing::Sealing;
use oncoauth::domain::content::Library;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Looks. Who signs in as what depends on the content.
pub fn look(options: &ServeOptions, library: Option<&Library>) -> Vec<Finding> {
    vec![sign_in(options, library), tls(options), sealing(options), mails(options)]
}

fn sign_in(options: &ServeOptions, library: Option<&Library>) -> Finding {
    const CHECK: &str = "sign_in";
    let Some(file) = &options.sign_in_providers else {
        if options.is_sandbox() {
            return Finding::ok(CHECK, "a sandbox has its own people");
        }
        let remedy = "name the OpenID providers in a file (docs/sign-in.md) and give it with --sign-in-providers, where people are to use the portal";
        return Finding::warning(CHECK, "no provider is given: nobody can sign in to the portal", remedy);
    };
    let Some(library) = library else { return Finding::unknown(CHECK, "it depends on the content, which is not sound") };
    match identity::config::read(file, library) {
        Ok(authorities) => {
            let names: Vec<&str> = authorities.iter().map(|authority| authority.name.as_str()).collect();
            Finding::ok(CHECK, format!("people sign in at {}", names.join(", ")))
        }
        Err(error) => Finding::fault(CHECK, error.to_string(), "mend the file; docs/sign-in.md has its form"),
    }
}

fn tls(options: &ServeOptions) -> Finding {
    const CHECK: &str = "tls";
    let (Some(certificate), Some(key)) = (&options.tls_certificate, &options.tls_key) else {
        return Finding::ok(CHECK, "none of its own: a proxy in front speaks it");
    };
    match Tls::new(certificate, key) {
        Ok(_) => secret(CHECK, key, "the certificate and its key belong together"),
        Err(error) => Finding::fault(
            CHECK,
            error,
            "give --tls-certificate and --tls-key a certificate in PEM with those that vouch for it, and its key",
        ),
    }
}

fn sealing(options: &ServeOptions) -> Finding {
    const CHECK: &str = "sealing";
    let Some(file) = &options.secrets_key_file else {
        if options.is_sandbox() {
            return Finding::ok(CHECK, "a sandbox has no secrets to seal");
        }
        let message = "no key is given: secrets of webhooks and headers of subscriptions stand in the database as they are";
        return Finding::warning(CHECK, message, "`openssl rand -hex 32 >FILE`, and give it with --secrets-key-file");
    };
    match Sealing::read(file) {
        Ok(_) => secret(CHECK, file, "the keys can be read"),
        Err(error) => Finding::fault(CHECK, error, "give --secrets-key-file a file with a key on each line, the newest first"),
    }
}

fn mails(options: &ServeOptions) -> Finding {
    const CHECK: &str = "mails";
    match serve::mailer(options, options.is_sandbox()) {
        Ok(Mailer::Nowhere) => Finding::warning(
            CHECK,
            "no mail server is given: nobody can register",
            "give --mail-server and --mail-from, where people are to register",
        ),
        Ok(Mailer::Shown) => Finding::ok(CHECK, "a sandbox shows its mails"),
        Ok(Mailer::Smtp(_)) => match &options.mail_password_file {
            Some(file) => secret(CHECK, file, "they go to the mail server"),
            None => Finding::ok(CHECK, "they go to the mail server, without a password"),
        },
        Err(error) => Finding::fault(CHECK, error.to_string(), "mend --mail-server, --mail-password-file or --mail-from"),
    }
}

/// A file that can be used, and that others should not read.
fn secret(check: &'static str, file: &Path, message: &str) -> Finding {
    let readable = std::fs::metadata(file).is_ok_and(|known| known.permissions().mode() & 0o004 != 0);
    if readable {
        let message = format!("{message}; every account of this machine may read {}", file.display());
        return Finding::warning(check, message, format!("chmod o-rwx {}", file.display()));
    }
    Finding::ok(check, message)
}
