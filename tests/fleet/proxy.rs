//! The line between a worker and its database, which can be cut in the ways in which networks fail.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::runtime;

/// How the line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Everything comes through.
    Whole,
    /// Nothing comes through and nobody is told; what was sent, a COMMIT perhaps, arrives when the line is whole
    /// again. New connections are not answered.
    Stalled,
    /// What is sent is lost and nobody is told; the connections of that time are reset when the line is whole
    /// again. New connections are refused.
    Dead,
}

/// After so many pieces of a transaction the line is cut, if it is to be cut in one: locks are held by then.
const PIECES: usize = 5;

/// A proxy before a server; it lives as long as the tests' runtime.
pub struct Proxy {
    pub port: u16,
    inner: Arc<Inner>,
}

struct Inner {
    line: watch::Sender<Line>,
    /// What the line becomes in the middle of the next transaction.
    next: Mutex<Option<Line>>,
}

impl Proxy {
    /// One that leads to this port.
    pub fn start(to: u16) -> Self {
        let listener = runtime()
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Inner {
            line: watch::channel(Line::Whole).0,
            next: Mutex::default(),
        });
        let shared = inner.clone();
        runtime().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *shared.line.borrow() != Line::Dead {
                    tokio::spawn(lead(client, to, shared.clone()));
                }
            }
        });
        Self { port, inner }
    }

    pub fn set(&self, line: Line) {
        self.inner.line.send_replace(line);
    }

    /// Sets the line in the middle of the next transaction, so that the server is left with an open one.
    pub fn set_in_a_transaction(&self, line: Line) {
        *self.inner.next.lock().unwrap() = Some(line);
    }

    pub fn is(&self, line: Line) -> bool {
        *self.inner.line.borrow() == line
    }
}

/// Leads one connection to its end.
async fn lead(client: TcpStream, to: u16, inner: Arc<Inner>) {
    let mut line = inner.line.subscribe();
    // The sender lives as long as the test.
    let _ = line.wait_for(|line| *line == Line::Whole).await;
    let Ok(server) = TcpStream::connect(("127.0.0.1", to)).await else {
        return;
    };
    for stream in [&client, &server] {
        let _ = stream.set_nodelay(true);
    }
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();
    let reset = {
        let mut line = line.clone();
        async move {
            let _ = line.wait_for(|line| *line == Line::Dead).await;
            let _ = line.wait_for(|line| *line == Line::Whole).await;
        }
    };
    tokio::select! {
        () = pump(client_reads, server_writes, &inner, true) => {}
        () = pump(server_reads, client_writes, &inner, false) => {}
        () = reset => {}
    }
    // So that what was written last is read before the reset that the end may bring.
    tokio::time::sleep(Duration::from_millis(1)).await;
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, inner: &Inner, is_client: bool) {
    let mut line = inner.line.subscribe();
    // Pieces since a transaction has begun.
    let mut pieces = None;
    let mut buffer = vec![0; 16 << 10];
    loop {
        let read = from.read(&mut buffer).await.unwrap_or(0);
        let now = match line.wait_for(|line| *line != Line::Stalled).await {
            Ok(line) => *line,
            Err(_) => return,
        };
        match (now, read) {
            (Line::Dead, 0) => {
                let _ = line.wait_for(|line| *line == Line::Whole).await;
                return;
            }
            (Line::Dead, _) => {}
            (_, 0) => return,
            _ => {
                let piece = &buffer[..read];
                if to.write_all(piece).await.is_err() {
                    return;
                }
                if is_client {
                    let holds = |words: &[u8]| piece.windows(words.len()).any(|at| at == words);
                    if holds(b"BEGIN") {
                        pieces = Some(0);
                    } else if holds(b"COMMIT") || holds(b"ROLLBACK") {
                        pieces = None;
                    }
                    pieces = pieces.map(|pieces| pieces + 1);
                    if pieces.is_some_and(|pieces| pieces > PIECES)
                        && let Some(next) = inner.next.lock().unwrap().take()
                    {
                        inner.line.send_replace(next);
                    }
                }
            }
        }
    }
}
