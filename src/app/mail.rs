//! Mails to people: stored in the transaction of what they tell of, sent by a job. Nothing about a patient, and nothing that a stranger
//! typed, stands in them.

use super::{App, Result};
use crate::store;
pub use crate::store::mails::SentMail;
use chrono::{DateTime, TimeDelta, Utc};
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use sqlx::PgConnection;
use std::net::IpAddr;
use std::time::Duration;
use url::{Host, Url};
use uuid::Uuid;

/// Times that a mail is tried.
const ATTEMPTS: i32 = 8;
/// Until a mail that was begun and not ended is tried again.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// For one mail.
const PATIENCE: Duration = Duration::from_secs(20);
/// Mails of one run at most.
const OF_ONE_RUN: usize = 20;
/// Days for which is known that somebody was written to.
const KEPT_DAYS: i64 = 30;

/// Where mails go.
#[expect(clippy::large_enum_variant, reason = "a service has one")]
#[derive(Debug, Clone, Default)]
pub enum Mailer {
    /// Nowhere: what needs one is not open.
    #[default]
    Nowhere,
    /// They are shown, and not sent: a sandbox.
    Shown,
    /// To a server.
    Smtp(Smtp),
}

/// A mail server.
#[derive(Debug, Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// The server at this URL (`smtps://`, or `smtp://` with `?tls=required`; plain `smtp://` on this machine only), with the user of the URL and
    /// this password.
    pub fn new(url: &str, password: Option<&str>, from: &str) -> std::result::Result<Self, String> {
        let parsed = Url::parse(url).map_err(|error| format!("the mail server's URL: {error}"))?;
        let here = match parsed.host() {
            // a scheme that the standard of addresses does not know has its numbers as a name
            Some(Host::Domain(name)) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        let secured =
            parsed.scheme() == "smtps" || parsed.query_pairs().any(|(name, value)| name == "tls" && value == "required");
        if !secured && !here {
            return Err("mails leave this machine over TLS only: give smtps://…, or smtp://…?tls=required".to_owned());
        }
        let mut builder =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|error| format!("the mail server's URL: {error}"))?;
        if let Some(password) = password {
            builder = builder.credentials(Credentials::new(parsed.username().to_owned(), password.to_owned()));
        }
        let from = from.parse().map_err(|error| format!("the address that mails come from: {error}"))?;
        Ok(Self { transport: builder.timeout(Some(PATIENCE)).build(), from })
    }

    async fn send(&self, mail: &SentMail) -> std::result::Result<(), String> {
        let to: Mailbox = mail.recipient.parse().map_err(|_| "the recipient is no address".to_owned())?;
        let message =
            Message::builder().from(self.from.clone()).to(to).subject(mail.subject.clone()).header(ContentType::TEXT_PLAIN);
        let message = message.body(mail.body.clone()).map_err(|error| error.to_string())?;
        // the server's own words name the recipient
        self.transport.send(message).await.map(drop).map_err(|error| match error.status() {
            Some(code) => format!("the server answered {code}"),
            None => "the server was not reached, or did not speak as it should".to_owned(),
        })
    }
}

impl Mailer {
    /// True where nobody can be written to.
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Nowhere)
    }
}

/// What is written.
#[derive(Debug, Clone)]
pub struct Letter<'a> {
    /// Subject.
    pub subject: &'a str,
    /// Text.
    pub body: String,
    /// From which address a stranger asked for it.
    pub asked_from: Option<&'a str>,
}

/// Stores a mail with what it tells of.
pub async fn write(app: &App, conn: &mut PgConnection, recipient: &str, letter: Letter<'_>) -> Result<()> {
    let now = app.clock.now();
    let mail = SentMail {
        mail_id: app.ids.uuid(now),
        recipient: recipient.to_owned(),
        subject: letter.subject.to_owned(),
        body: letter.body,
        created_at: now,
    };
    let due_at = matches!(app.settings.mailer, Mailer::Smtp(_)).then_some(now);
    Ok(store::mails::insert(conn, &mail, letter.asked_from, due_at).await?)
}

/// Sends what is due. A mail that cannot be sent is tried again, later each time, for half a day.
pub async fn send_due(app: &App) -> Result<()> {
    let Mailer::Smtp(smtp) = &app.settings.mailer else { return Ok(()) };
    for _ in 0..OF_ONE_RUN {
        let now = app.clock.now();
        let claimed = store::mails::claim(&mut *app.pool.acquire().await?, now, now + LEASE).await?;
        let Some((mail, attempts)) = claimed else { break };
        let sent = smtp.send(&mail).await;
        let mut conn = app.pool.acquire().await?;
        match sent {
            Ok(()) => store::mails::sent(&mut conn, mail.mail_id, app.clock.now()).await?,
            Err(error) => {
                let again = (attempts < ATTEMPTS).then(|| again_at(app.clock.now(), attempts));
                tracing::warn!(mail_id = %mail.mail_id, attempts, given_up = again.is_none(), error, "a mail is not sent");
                store::mails::put_off(&mut conn, mail.mail_id, again).await?;
            }
        }
    }
    Ok(())
}

/// Half a minute, and three times as long after each attempt.
fn again_at(now: DateTime<Utc>, attempts: i32) -> DateTime<Utc> {
    let times = 3_i64.pow(u32::try_from(attempts.clamp(1, ATTEMPTS) - 1).unwrap_or(0));
    now + TimeDelta::seconds(30 * times)
}

/// Mails that are shown, oldest first.
pub async fn list(app: &App, after: Option<Uuid>, limit: i64) -> Result<Vec<SentMail>> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::mails::list(&mut conn, after, limit).await?)
}

/// Forgets old ones.
pub async fn purge(app: &App) -> Result<u64> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::mails::remove_before(&mut conn, app.clock.now() - TimeDelta::days(KEPT_DAYS)).await?)
}

#[cfg(test)]
mod tests {
    use super::Smtp;

    #[test]
    fn mails_leave_this_machine_over_tls_only() {
        let taken = |url: &str| Smtp::new(url, Some("secret"), "Prior authorization <pa@example.org>").is_ok();
        for good in
            ["smtps://user@mail.example", "smtp://mail.example:587?tls=required", "smtp://127.0.0.1:2525", "smtp://localhost"]
        {
            assert!(taken(good), "{good}");
        }
        for bad in [
            "smtp://mail.example",
            "smtp://mail.example?tls=opportunistic",
            "http://mail.example",
            "mail.example",
            "smtp://10.0.0.1",
        ] {
            assert!(!taken(bad), "{bad}");
        }
        assert!(Smtp::new("smtps://mail.example", None, "nobody").is_err());
    }
}
