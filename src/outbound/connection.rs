//! A line to one address: connected when something is sent, kept open for the next, gone when dropped.

use super::signature::{Secret, signature};
use super::{Failure, Header, Target};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, Response, header};
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
use url::Host;

/// Of an answer's body so much is read, for the connection to be used again; then it is closed.
const ANSWER_LIMIT: usize = 16 * 1024;
/// So long after the status.
const ANSWER_PATIENCE: Duration = Duration::from_millis(500);
/// Sent with every request.
pub(super) const USER_AGENT: &str = concat!("oncoauth/", env!("CARGO_PKG_VERSION"));

/// A line to one address.
#[derive(Debug)]
pub struct Line {
    target: Target,
    timeout: Duration,
    open: Option<Open>,
}

/// A connection, and the task that drives it: the task ends with it.
#[derive(Debug)]
pub(super) struct Open {
    sender: SendRequest<Full<Bytes>>,
    _driver: JoinSet<()>,
}

/// What is delivered.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The same for every attempt.
    pub id: &'a str,
    /// Of this attempt, in seconds since 1970.
    pub timestamp: i64,
    /// JSON.
    pub body: &'a str,
}

impl Line {
    /// A line that is connected when something is sent.
    pub const fn new(target: Target, timeout: Duration) -> Self {
        Self { target, timeout, open: None }
    }

    /// Delivers a signed message: sent, and answered with 2xx, within the time limit.
    pub async fn post(&mut self, message: &Message<'_>, secrets: &[&Secret]) -> Result<(), Failure> {
        let signed = signature(secrets.iter().copied(), message.id, message.timestamp, message.body);
        let timestamp = message.timestamp.to_string();
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", message.id),
            ("webhook-timestamp", &timestamp),
            ("webhook-signature", &signed),
        ];
        let headers: Option<Vec<Header>> = headers.into_iter().map(|(name, value)| Header::new(name, value)).collect();
        self.send(&headers.ok_or(Failure::AddressNotAllowed)?, message.body).await
    }

    /// Delivers a body under these headers: sent, and answered with 2xx, within the time limit.
    pub async fn send(&mut self, headers: &[Header], body: &str) -> Result<(), Failure> {
        let exchanged = timeout(self.timeout, self.exchange(headers, body)).await;
        let (open, response) = exchanged.unwrap_or(Err(Failure::TimedOut))?;
        let status = response.status();
        if is_read(response).await {
            self.open = Some(open);
        }
        if status.is_success() { Ok(()) } else { Err(Failure::Status(status.as_u16())) }
    }

    /// Over the connection that is open, or a new one. Where it fails, none is kept.
    async fn exchange(&mut self, headers: &[Header], body: &str) -> Result<(Open, Response<Incoming>), Failure> {
        let Some(mut open) = self.open.take() else { return self.afresh(headers, body).await };
        match send(&mut open, self.request(headers, body)?).await {
            Ok(response) => Ok((open, response)),
            // the receiver may close an idle connection at any moment, which says nothing about this message
            Err(Failure::BrokenOff) => self.afresh(headers, body).await,
            Err(failure) => Err(failure),
        }
    }

    async fn afresh(&self, headers: &[Header], body: &str) -> Result<(Open, Response<Incoming>), Failure> {
        let mut open = connect(&self.target).await?;
        let response = send(&mut open, self.request(headers, body)?).await?;
        Ok((open, response))
    }

    fn request(&self, headers: &[Header], body: &str) -> Result<Request<Full<Bytes>>, Failure> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.target.resource)
            .header(header::HOST, &self.target.authority)
            .header(header::USER_AGENT, USER_AGENT);
        let request = headers.iter().fold(request, |request, Header { name, value }| request.header(name, value));
        request.body(Full::from(body.to_owned())).map_err(|_| Failure::AddressNotAllowed)
    }
}

pub(super) async fn send(open: &mut Open, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Failure> {
    open.sender.ready().await.map_err(|_| Failure::BrokenOff)?;
    open.sender.send_request(request).await.map_err(|_| Failure::BrokenOff)
}

/// True where the answer was short enough to be read to its end, so that the connection can be used again.
async fn is_read(response: Response<Incoming>) -> bool {
    let body = Limited::new(response.into_body(), ANSWER_LIMIT).collect();
    timeout(ANSWER_PATIENCE, body).await.is_ok_and(|read| read.is_ok())
}

pub(super) async fn connect(target: &Target) -> Result<Open, Failure> {
    let tcp = dial(target).await?;
    if !target.tls {
        return handshake(tcp).await;
    }
    let name = match &target.host {
        Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|_| Failure::NameNotResolved)?,
        Host::Ipv4(ip) => ServerName::from(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => ServerName::from(IpAddr::V6(*ip)),
    };
    let tls = TlsConnector::from(tls_config()?).connect(name, tcp).await.map_err(|_| Failure::TlsFailed)?;
    handshake(tls).await
}

/// Connects to an address that was looked at after it was resolved: the one that is called is the one that was allowed.
async fn dial(target: &Target) -> Result<TcpStream, Failure> {
    let addresses: Vec<SocketAddr> = match &target.host {
        Host::Domain(name) => {
            let found = tokio::net::lookup_host((name.as_str(), target.port)).await;
            found.map_err(|_| Failure::NameNotResolved)?.collect()
        }
        Host::Ipv4(ip) => vec![SocketAddr::new(IpAddr::V4(*ip), target.port)],
        Host::Ipv6(ip) => vec![SocketAddr::new(IpAddr::V6(*ip), target.port)],
    };
    if addresses.is_empty() {
        return Err(Failure::NameNotResolved);
    }
    // a name with a single address that is not allowed is not called at all
    if !addresses.iter().all(|address| target.admits(address.ip())) {
        return Err(Failure::AddressNotAllowed);
    }
    let mut last = Failure::NotConnected;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                drop(stream.set_nodelay(true));
                return Ok(stream);
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => last = Failure::TimedOut,
            Err(_) => {}
        }
    }
    Err(last)
}

async fn handshake<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S) -> Result<Open, Failure> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Failure::BrokenOff)?;
    let mut driver = JoinSet::new();
    driver.spawn(async { drop(connection.await) });
    Ok(Open { sender, _driver: driver })
}

/// What this machine trusts.
fn trusted() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// How many certificates this machine trusts; without any, nothing is delivered by https.
pub fn trusted_certificates() -> usize {
    trusted().len()
}

/// The machine's own trust store, read at the first call by https and then kept.
fn tls_config() -> Result<Arc<ClientConfig>, Failure> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let roots = trusted();
    if roots.is_empty() {
        tracing::error!("this machine has no trusted certificates: nothing can be called by https");
        return Err(Failure::TlsFailed);
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let config = builder.map_err(|_| Failure::TlsFailed)?.with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}
