//! HTTP/1.1 over a connection that is kept, as cheap as it can be: the machine measures itself, too.

use crate::Outcome;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The longest answer that is read, bytes.
const LONGEST: usize = 4 * 1024 * 1024;

/// A connection to the service.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    length: usize,
}

impl Connection {
    /// Opens one.
    pub async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 64 * 1024], length: 0 })
    }

    /// Sends a request and reads the whole answer: its status and body.
    pub async fn call(&mut self, request: &[u8]) -> Outcome<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        self.length = 0;
        let head = loop {
            self.read().await?;
            let text = &self.buffer[..self.length];
            if let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head])?;
        let status: u16 = text.get(9..12).ok_or("an answer without status")?.parse()?;
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(Ok(0), str::parse::<usize>)?;
        if head + length > self.buffer.len() {
            if length > LONGEST {
                return Err("the answer is too long".into());
            }
            self.buffer.resize(head + length, 0);
        }
        while self.length < head + length {
            self.read().await?;
        }
        Ok((status, &self.buffer[head..head + length]))
    }

    /// The answer as JSON; anything but the status expected is an error.
    pub async fn json(&mut self, request: &[u8], expected: u16) -> Outcome<serde_json::Value> {
        let (status, body) = self.call(request).await?;
        if status != expected {
            return Err(format!("{status} instead of {expected}: {}", String::from_utf8_lossy(body)).into());
        }
        Ok(serde_json::from_slice(body)?)
    }

    async fn read(&mut self) -> Outcome<()> {
        match self.stream.read(&mut self.buffer[self.length..]).await? {
            0 => Err("the service closed the connection".into()),
            read => {
                self.length += read;
                Ok(())
            }
        }
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
