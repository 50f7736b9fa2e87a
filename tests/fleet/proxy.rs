//! The line between a worker and its database, which can be cut in the ways in which networks fail.

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

/// A proxy before a server; it lives as long as the tests' runtime.
pub struct Proxy {
    pub port: u16,
    line: watch::Sender<Line>,
}

impl Proxy {
    /// One that leads to this port.
    pub fn start(to: u16) -> Self {
        let listener = runtime()
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let (line, state) = watch::channel(Line::Whole);
        runtime().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *state.borrow() != Line::Dead {
                    tokio::spawn(lead(client, to, state.clone()));
                }
            }
        });
        Self { port, line }
    }

    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

/// Leads one connection to its end.
async fn lead(client: TcpStream, to: u16, mut line: watch::Receiver<Line>) {
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
        () = pump(client_reads, server_writes, line.clone()) => {}
        () = pump(server_reads, client_writes, line) => {}
        () = reset => {}
    }
    // So that what was written last is read before the reset that the end may bring.
    tokio::time::sleep(Duration::from_millis(1)).await;
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut line: watch::Receiver<Line>) {
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
                if to.write_all(&buffer[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}
