//! The way to a mail server: its addresses under the owner's rule, TLS, and a greeting.
//!
//! What follows the greeting is lettre's. The way there is ours, for three reasons: the address that was
//! checked must be the one that is connected to; certificates are judged as for webhooks (rustls, ring,
//! the system's roots); and whatever a server, or somebody between, sends in the clear behind its answer
//! to STARTTLS must not be taken for a word of the encrypted connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use super::fault::{Fault, Reply, Step};
use crate::config::{EmailConfig, Private, Tls};
use crate::fetch::receiver_addresses;
use crate::tls;

/// The longest line of an answer in the clear, with its end.
const LONGEST_LINE: u64 = 1000;
/// The most lines of such an answer.
const MOST_LINES: usize = 100;
/// What stands for the greeting that a server does not repeat behind STARTTLS.
const GREETING: &[u8] = b"220 encrypted\r\n";

/// Everything that connections to one server share.
#[derive(Clone)]
pub(super) struct Way {
    host: Host,
    port: u16,
    tls: Tls,
    private: Private,
    /// None if nothing is to be encrypted: then this machine needs no certificates.
    client: Option<Arc<ClientConfig>>,
    hello: ClientId,
}

impl Way {
    /// The way to a sink's server.
    pub(super) fn new(config: &EmailConfig) -> Result<Self, rustls::Error> {
        let client = match config.tls {
            Tls::None => None,
            Tls::StartTls | Tls::Implicit => {
                let verifier = tls::verifier(Vec::new())?;
                Some(Arc::new(tls::client(Arc::new(verifier))?))
            }
        };
        Ok(Self {
            host: config.host.clone(),
            port: config.port,
            tls: config.tls,
            private: config.allow_private.clone(),
            client,
            // This machine's name is nobody's business; an address literal is always in order.
            hello: ClientId::Ipv4(Ipv4Addr::LOCALHOST),
        })
    }

    /// Connects, encrypts and says hello.
    pub(super) async fn connect(&self) -> Result<AsyncSmtpConnection, Fault> {
        let stream = self.dial().await?;
        let _ = stream.set_nodelay(true);
        let stream: Box<dyn AsyncTokioStream> = match self.tls {
            Tls::None => Box::new(stream),
            Tls::Implicit => Box::new(Encrypted::new(self.encrypt(stream).await?, b"")),
            Tls::StartTls => {
                let stream = self.start_tls(stream).await?;
                Box::new(Encrypted::new(self.encrypt(stream).await?, GREETING))
            }
        };
        AsyncSmtpConnection::connect_with_transport(stream, &self.hello)
            .await
            .map_err(|error| Fault::of(Step::Greeting, &error))
    }

    async fn dial(&self) -> Result<TcpStream, Fault> {
        let private = self.private.clone();
        let allowed = move |address| match &private {
            Private::Refused => false,
            Private::Within(networks) => networks.iter().any(|n| n.contains(address)),
            Private::Allowed => true,
        };
        let addresses = receiver_addresses(&self.host, self.port, allowed).await?;
        Ok(TcpStream::connect(addresses.as_slice()).await?)
    }

    async fn encrypt(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Fault> {
        let name = match &self.host {
            Host::Ipv4(address) => ServerName::from(std::net::IpAddr::V4(*address)),
            Host::Ipv6(address) => ServerName::from(std::net::IpAddr::V6(*address)),
            Host::Domain(name) => {
                ServerName::try_from(name.clone()).map_err(|error| Fault::Tls(error.to_string()))?
            }
        };
        let Some(client) = &self.client else {
            return Err(Fault::Tls("the sink's `tls` is \"none\"".to_owned()));
        };
        let connector = TlsConnector::from(client.clone());
        let stream = connector.connect(name, stream).await;
        stream.map_err(|error| Fault::Tls(error.to_string()))
    }

    /// Asks for TLS in the clear; gives the stream back when the server is ready for it.
    async fn start_tls(&self, stream: TcpStream) -> Result<TcpStream, Fault> {
        let mut stream = BufReader::new(stream);
        answer(&mut stream, Step::Greeting).await?;
        say(&mut stream, &format!("EHLO {}\r\n", self.hello)).await?;
        let offers = answer(&mut stream, Step::Greeting).await?;
        let mut words = offers.iter().skip(1).map(|line| line.trim());
        if !words.any(|word| word.eq_ignore_ascii_case("STARTTLS")) {
            return Err(Fault::Tls("the server does not offer STARTTLS".to_owned()));
        }
        say(&mut stream, "STARTTLS\r\n").await?;
        answer(&mut stream, Step::StartTls).await?;
        if !stream.buffer().is_empty() {
            let fault = "something came in the clear behind the answer to STARTTLS";
            return Err(Fault::Tls(fault.to_owned()));
        }
        Ok(stream.into_inner())
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> Result<(), Fault> {
    Ok(stream.write_all(line.as_bytes()).await?)
}

/// The lines of a 2xx answer, without their codes.
async fn answer<S: AsyncRead + Unpin>(
    stream: &mut BufReader<S>,
    step: Step,
) -> Result<Vec<String>, Fault> {
    let mut lines = Vec::new();
    while lines.len() < MOST_LINES {
        let mut line = Vec::new();
        (&mut *stream)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .await?;
        let whole = line.ends_with(b"\n");
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        let code = line.get(..3).and_then(|code| code.parse::<u16>().ok());
        let (Some(code), true) = (code.filter(|code| (200..600).contains(code)), whole) else {
            return Err(Fault::Protocol(
                "its answer is not that of a mail server".to_owned(),
            ));
        };
        let rest = line.get(3..).unwrap_or_default();
        let more = rest.starts_with('-');
        lines.push(rest.get(1..).unwrap_or_default().to_owned());
        if more {
            continue;
        }
        if code < 300 {
            return Ok(lines);
        }
        let text = lines.join(" ");
        return Err(Fault::Refused(step, Reply { code, text }));
    }
    Err(Fault::Protocol("its answer has no end".to_owned()))
}

/// An encrypted stream, of which these bytes are read first.
#[derive(Debug)]
struct Encrypted {
    first: &'static [u8],
    stream: TlsStream<TcpStream>,
}

impl Encrypted {
    fn new(stream: TlsStream<TcpStream>, first: &'static [u8]) -> Self {
        Self { first, stream }
    }
}

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let (now, later) = self
            .first
            .split_at(self.first.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.first = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &[u8]) -> Result<Vec<String>, Fault> {
        answer(&mut BufReader::new(text), Step::Greeting).await
    }

    #[tokio::test]
    async fn answers_in_the_clear_are_read_line_by_line_and_within_bounds() {
        let several = b"250-mx.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n";
        let lines = read(several).await.unwrap();
        assert_eq!(lines, ["mx.example", "SIZE 1000", "STARTTLS"]);
        let refused = read(b"554-No\r\n554 SMTP here\r\n").await.unwrap_err();
        assert_eq!(
            refused,
            Fault::Refused(
                Step::Greeting,
                Reply {
                    code: 554,
                    text: "No SMTP here".to_owned()
                }
            )
        );
        let endless = "250-x\r\n".repeat(MOST_LINES + 1);
        let long = format!("250 {}\r\n", "x".repeat(2000));
        for bad in [
            "",
            "220",
            "HTTP/1.1 400 Bad\r\n",
            "2\u{e4}0 x\r\n",
            &endless,
            &long,
        ] {
            assert!(
                matches!(read(bad.as_bytes()).await, Err(Fault::Protocol(_))),
                "{bad}"
            );
        }
    }
}
