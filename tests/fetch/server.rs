//! A server that answers each connection with exactly the bytes, or the silence, it is told to.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What one connection gets.
pub enum Reply {
    /// These bytes, then the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes, then nothing more, with the connection open.
    Hang(Vec<u8>),
    /// The first, then one byte of `a` at each interval, for ever.
    Drip(Vec<u8>, Duration),
    /// The first, then the second again and again as fast as it is taken.
    Endless(Vec<u8>, Vec<u8>),
}

/// A 200 with a body and further header lines.
pub fn ok(headers: &str, body: &[u8]) -> Reply {
    let head = format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    Reply::Bytes([head.as_bytes(), body].concat())
}

/// An answer without a body: a status line's end and header lines.
pub fn bare(status: &str, headers: &str) -> Reply {
    Reply::Bytes(
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n{headers}\r\n")
            .into(),
    )
}

/// A running server; it lives as long as the test's runtime.
pub struct Server {
    /// Its port.
    pub port: u16,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
    sent: Arc<AtomicU64>,
}

impl Server {
    /// Starts a server that answers each request by what `reply` makes of the request's text.
    pub async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            requests: Arc::default(),
            sent: Arc::default(),
        };
        let (requests, sent) = (server.requests.clone(), server.sent.clone());
        let reply = Arc::new(reply);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (reply, requests, sent) = (reply.clone(), requests.clone(), sent.clone());
                tokio::spawn(async move {
                    // A client that hangs up in the middle is what some tests are about.
                    let _ = serve(stream, &*reply, &requests, &sent).await;
                });
            }
        });
        server
    }

    /// A URL on this server.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The heads of the requests that have come in, as they were sent.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.raw_requests();
        let text = |head: &Vec<u8>| String::from_utf8_lossy(head).into_owned();
        requests.iter().map(text).collect()
    }

    /// The same, byte for byte.
    pub fn raw_requests(&self) -> Vec<Vec<u8>> {
        self.requests.lock().unwrap().clone()
    }

    /// Forgets them.
    pub fn forget(&self) {
        self.requests.lock().unwrap().clear();
    }

    /// How many body bytes the client has taken of endless replies.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

async fn serve(
    mut stream: TcpStream,
    reply: &(impl Fn(&str) -> Reply + Send + Sync),
    requests: &Mutex<Vec<Vec<u8>>>,
    sent: &AtomicU64,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    requests.lock().unwrap().push(head.clone());
    let head = String::from_utf8_lossy(&head).into_owned();
    match reply(&head) {
        Reply::Bytes(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await?;
        }
        Reply::Hang(bytes) => {
            stream.write_all(&bytes).await?;
            // Ends when the client hangs up; a body that still comes is let run.
            tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
        }
        Reply::Drip(bytes, interval) => {
            stream.write_all(&bytes).await?;
            loop {
                stream.write_all(b"a").await?;
                tokio::time::sleep(interval).await;
            }
        }
        Reply::Endless(bytes, part) => {
            stream.write_all(&bytes).await?;
            loop {
                stream.write_all(&part).await?;
                sent.fetch_add(part.len() as u64, Ordering::SeqCst);
            }
        }
    }
    Ok(())
}

/// The value of a header in a request's head.
pub fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
