//! HTTP/1.1 over a connection that is kept, as cheap as it can be: the machine measures itself, too. Like pgbench, one thread sends and
//! reads on all connections, and sleeps until one of them has something.

use crate::Outcome;
use httparse::Status;
use mio::unix::SourceFd;
use mio::{Interest, Token};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::os::fd::AsRawFd as _;

/// The longest answer that is read, bytes.
const LONGEST: usize = 4 * 1024 * 1024;
/// The most headers that an answer may have.
const HEADERS: usize = 32;

/// A connection to the service.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// So much of the buffer is filled.
    length: usize,
    /// Where in it the body of the last answer is.
    body: Range<usize>,
}

impl Connection {
    /// Opens one.
    pub fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 64 * 1024], length: 0, body: 0..0 })
    }

    /// Sends a request.
    pub fn send(&mut self, request: &[u8]) -> Outcome<()> {
        Ok(self.stream.write_all(request)?)
    }

    /// Reads the answer, all of it: its status.
    pub fn receive(&mut self) -> Outcome<u16> {
        self.length = 0;
        loop {
            self.read()?;
            let mut headers = [httparse::EMPTY_HEADER; HEADERS];
            let mut answer = httparse::Response::new(&mut headers);
            let Status::Complete(head) = answer.parse(&self.buffer[..self.length])? else { continue };
            let length =
                answer.headers.iter().find(|header| header.name == "content-length").ok_or("an answer without length")?;
            self.body = head..head + std::str::from_utf8(length.value)?.parse::<usize>()?;
            let status = answer.code.ok_or("an answer without status")?;
            if self.body.end > LONGEST {
                return Err("the answer is too long".into());
            }
            if self.body.end > self.buffer.len() {
                self.buffer.resize(self.body.end, 0);
            }
            while self.length < self.body.end {
                self.read()?;
            }
            return Ok(status);
        }
    }

    fn read(&mut self) -> Outcome<()> {
        match self.stream.read(&mut self.buffer[self.length..])? {
            0 => Err("the service closed the connection".into()),
            read => {
                self.length += read;
                Ok(())
            }
        }
    }

    /// The body of the answer.
    pub fn body(&self) -> &[u8] {
        &self.buffer[self.body.clone()]
    }

    /// Any other status than this is an error, told with the answer.
    pub fn expect(&self, expected: u16, status: u16) -> Outcome<()> {
        if status == expected {
            return Ok(());
        }
        Err(format!("{status} instead of {expected}: {}", String::from_utf8_lossy(self.body())).into())
    }

    /// Sends a request and reads the whole answer, which has to have this status: its body.
    pub fn call(&mut self, request: &[u8], expected: u16) -> Outcome<&[u8]> {
        self.send(request)?;
        let status = self.receive()?;
        self.expect(expected, status)?;
        Ok(self.body())
    }

    /// The same as JSON.
    pub fn json(&mut self, request: &[u8], expected: u16) -> Outcome<serde_json::Value> {
        Ok(serde_json::from_slice(self.call(request, expected)?)?)
    }
}

/// What has come on several connections.
#[derive(Debug)]
pub struct Arrivals {
    poll: mio::Poll,
    events: mio::Events,
}

impl Arrivals {
    /// Watches these, which are told by their places.
    pub fn on<'a>(connections: impl ExactSizeIterator<Item = &'a Connection>) -> Outcome<Self> {
        let (poll, events) = (mio::Poll::new()?, mio::Events::with_capacity(connections.len()));
        for (place, connection) in connections.enumerate() {
            let descriptor = connection.stream.as_raw_fd();
            poll.registry().register(&mut SourceFd(&descriptor), Token(place), Interest::READABLE)?;
        }
        Ok(Self { poll, events })
    }

    /// Sleeps until something has come; on which of them.
    pub fn wait(&mut self) -> Outcome<impl Iterator<Item = usize> + '_> {
        self.poll.poll(&mut self.events, None)?;
        Ok(self.events.iter().map(|event| event.token().0))
    }
}

/// A request with a body.
pub fn with_body(method: &str, path: &str, token: &str, media_type: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A request without.
pub fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n").into_bytes()
}
