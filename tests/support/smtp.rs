//! A mail server on this machine that keeps what it is given, or refuses it.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The server. It ends with its runtime.
#[derive(Clone)]
pub struct MailServer {
    /// Where it is.
    pub url: String,
    inside: Arc<Mutex<Inside>>,
}

#[derive(Default)]
struct Inside {
    mails: Vec<String>,
    refuses: bool,
}

impl MailServer {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let inside: Arc<Mutex<Inside>> = Arc::default();
        let served = Arc::clone(&inside);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&served)));
            }
        });
        Self { url, inside }
    }

    /// What it was given, oldest first.
    pub fn mails(&self) -> Vec<String> {
        self.inside.lock().expect("no test panicked in here").mails.clone()
    }

    /// Refuses every mail from now on, or takes them again.
    pub fn refuse(&self, refuses: bool) {
        self.inside.lock().expect("no test panicked in here").refuses = refuses;
    }
}

async fn converse(stream: TcpStream, inside: Arc<Mutex<Inside>>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 here\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let command = line.to_ascii_uppercase();
        let answer: &[u8] = if command.starts_with("EHLO") {
            b"250-here\r\n250 8BITMIME\r\n"
        } else if command.starts_with("MAIL") && inside.lock().expect("no test panicked in here").refuses {
            b"451 not now\r\n"
        } else if command == "DATA" {
            write.write_all(b"354 go on\r\n").await?;
            let mut mail = String::new();
            while let Some(line) = lines.next_line().await? {
                if line == "." {
                    break;
                }
                mail.push_str(&line);
                mail.push('\n');
            }
            inside.lock().expect("no test panicked in here").mails.push(mail);
            b"250 kept\r\n"
        } else if command == "QUIT" {
            write.write_all(b"221 bye\r\n").await?;
            return Ok(());
        } else {
            b"250 fine\r\n"
        };
        write.write_all(answer).await?;
    }
    Ok(())
}
