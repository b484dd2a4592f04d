//! TLS on callers' connections, with a certificate that is read anew while the service runs: certificates live for weeks, services for
//! longer.

use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(30);

/// A certificate with its key, as its files last had them.
#[derive(Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    read: RwLock<Read>,
}

#[derive(Debug, Clone)]
struct Read {
    /// What both files held.
    text: Vec<u8>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads the files, in PEM: the certificate with those that vouch for it, and its key.
    pub fn new(certificate: &Path, key: &Path) -> Result<Arc<Self>, String> {
        let read = read(certificate, key)?;
        Ok(Arc::new(Self { certificate: certificate.to_owned(), key: key.to_owned(), read: RwLock::new(read) }))
    }

    /// Reads the files again and again. What cannot be used is said, and the certificate before stays.
    pub async fn follow(self: Arc<Self>) {
        loop {
            tokio::time::sleep(EVERY).await;
            match self.look() {
                Ok(true) => tracing::info!("the certificate was replaced"),
                Ok(false) => {}
                Err(error) => tracing::error!(error, "the certificate cannot be read anew; the one before is used on"),
            }
        }
    }

    /// Reads the files once more; true where they hold something else.
    pub fn look(&self) -> Result<bool, String> {
        let read = read(&self.certificate, &self.key)?;
        let mut known = self.read.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = known.text != read.text;
        *known = read;
        Ok(is_new)
    }

    /// Begins a connection with the certificate of now.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Stream> {
        let config = Arc::clone(&self.read.read().unwrap_or_else(PoisonError::into_inner).config);
        Ok(Stream::Tls(Box::new(TlsAcceptor::from(config).accept(stream).await?)))
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Read, String> {
    let text = |file: &Path| std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()));
    let (chain, secret) = (text(certificate)?, text(key)?);
    let chain_of = CertificateDer::pem_slice_iter(&chain).collect::<Result<Vec<_>, _>>();
    let certificates = chain_of.map_err(|error| format!("{}: {error}", certificate.display()))?;
    if certificates.is_empty() {
        return Err(format!("{} holds no certificate", certificate.display()));
    }
    let private = PrivateKeyDer::from_pem_slice(&secret).map_err(|error| format!("{}: {error}", key.display()))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let mut config = builder.with_no_client_auth().with_single_cert(certificates, private).map_err(|error| error.to_string())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Read { text: [chain, secret].concat(), config: Arc::new(config) })
}

/// The bytes of a caller, with TLS or without.
#[derive(Debug)]
pub enum Stream {
    /// As they come.
    Plain(TcpStream),
    /// Within TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Stream, Tls};
    use std::path::Path;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::CertificateDer;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    /// Writes a new certificate for this machine, and says which it is.
    fn write(dir: &Path) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(dir.join("certificate"), made.cert.pem()).unwrap();
        std::fs::write(dir.join("key"), made.signing_key.serialize_pem()).unwrap();
        made.cert.der().clone()
    }

    /// True where a caller who trusts this certificate is answered over TLS.
    async fn is_answered(tls: &Arc<Tls>, trusted: &CertificateDer<'static>) -> bool {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tls = Arc::clone(tls);
        let served = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = tls.accept(stream).await else { return };
            assert!(matches!(stream, Stream::Tls(_)));
            let mut asked = [0; 4];
            stream.read_exact(&mut asked).await.unwrap();
            stream.write_all(&asked).await.unwrap();
            stream.shutdown().await.unwrap();
        });
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(address).await.unwrap();
        let connected = TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await;
        let answered = match connected {
            Ok(mut stream) => {
                stream.write_all(b"ping").await.unwrap();
                let mut said = Vec::new();
                stream.read_to_end(&mut said).await.unwrap();
                said == b"ping"
            }
            Err(_) => false,
        };
        served.await.unwrap();
        answered
    }

    #[tokio::test]
    async fn a_new_certificate_is_taken_over_and_a_broken_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let first = write(dir.path());
        let tls = Tls::new(&dir.path().join("certificate"), &dir.path().join("key")).unwrap();
        assert!(is_answered(&tls, &first).await);
        assert_eq!(tls.look(), Ok(false));
        let second = write(dir.path());
        assert!(is_answered(&tls, &first).await, "until it is looked at");
        assert_eq!(tls.look(), Ok(true));
        assert!(is_answered(&tls, &second).await && !is_answered(&tls, &first).await);
        // a file that was half written, or another certificate's key
        std::fs::write(dir.path().join("certificate"), "-----BEGIN").unwrap();
        assert!(tls.look().is_err());
        assert!(is_answered(&tls, &second).await, "the one before is used on");
        std::fs::remove_file(dir.path().join("key")).unwrap();
        assert!(Tls::new(&dir.path().join("certificate"), &dir.path().join("key")).is_err());
    }
}
