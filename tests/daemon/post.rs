//! A mail server that takes, refuses, drops and deceives as a test wants.

use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::runtime;

/// A mail that the server took.
#[derive(Debug, Clone)]
pub struct Letter {
    pub to: Vec<String>,
    pub source: String,
}

/// What the server answers in place of the usual.
pub enum Say {
    Usual,
    Line(&'static str),
    HangUp,
    Nothing,
}

/// Asked for each line, `CONNECT` and `.` for the end of a mail among them; the number says how often
/// that line came before.
type Decide = dyn Fn(&str, usize) -> Say + Send + Sync;

struct State {
    decide: Box<Decide>,
    lines: Mutex<Vec<String>>,
    letters: Mutex<Vec<Letter>>,
    tls: Option<(TlsAcceptor, When)>,
}

/// When TLS begins.
#[derive(Clone, Copy, PartialEq)]
pub enum When {
    Asked,
    AtOnce,
}

/// A mail server.
pub struct Post {
    pub address: String,
    state: Arc<State>,
}

impl Post {
    pub fn start(decide: impl Fn(&str, usize) -> Say + Send + Sync + 'static) -> Self {
        Self::with(None, decide)
    }

    /// One that offers AUTH behind TLS only.
    pub fn encrypting(
        when: When,
        decide: impl Fn(&str, usize) -> Say + Send + Sync + 'static,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain = vec![
            CertificateDer::from_pem_slice(include_bytes!("../fetch/tls/server.pem")).unwrap(),
        ];
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("../fetch/tls/server.key")).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Self::with(Some((Arc::new(config).into(), when)), decide)
    }

    fn with(
        tls: Option<(TlsAcceptor, When)>,
        decide: impl Fn(&str, usize) -> Say + Send + Sync + 'static,
    ) -> Self {
        let state = Arc::new(State {
            decide: Box::new(decide),
            lines: Mutex::default(),
            letters: Mutex::default(),
            tls,
        });
        let listener = runtime()
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = state.clone();
        runtime().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(shared.clone(), stream));
            }
        });
        Self { address, state }
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.state.letters.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.state.lines.lock().unwrap().clone()
    }

    /// How often a line came in.
    pub fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|known| *known == line).count()
    }
}

impl State {
    /// The answer to a line; `None` hangs up.
    async fn answer(&self, line: &str, usual: &str) -> Option<String> {
        let before = {
            let mut lines = self.lines.lock().unwrap();
            lines.push(line.to_owned());
            lines.iter().filter(|known| *known == line).count() - 1
        };
        match (self.decide)(line, before) {
            Say::Usual => Some(format!("{usual}\r\n")),
            Say::Line(other) => Some(format!("{other}\r\n")),
            Say::HangUp => None,
            Say::Nothing => std::future::pending().await,
        }
    }
}

async fn serve(state: Arc<State>, stream: TcpStream) -> Option<()> {
    let secure = "250-post.example\r\n250 AUTH PLAIN LOGIN";
    let mut stream = BufReader::new(stream);
    if let Some((acceptor, When::AtOnce)) = &state.tls {
        let stream = acceptor.accept(stream.into_inner()).await.ok()?;
        let mut stream = BufReader::new(stream);
        let greeting = state.answer("CONNECT", "220 post.example ESMTP").await?;
        stream.write_all(greeting.as_bytes()).await.ok()?;
        return converse(&state, &mut stream, secure).await;
    }
    let greeting = state.answer("CONNECT", "220 post.example ESMTP").await?;
    stream.write_all(greeting.as_bytes()).await.ok()?;
    if let Some((acceptor, _)) = &state.tls {
        converse(&state, &mut stream, "250-post.example\r\n250 STARTTLS").await?;
        let stream = acceptor.accept(stream.into_inner()).await.ok()?;
        return converse(&state, &mut BufReader::new(stream), secure).await;
    }
    converse(&state, &mut stream, "250-post.example\r\n250 AUTH PLAIN").await
}

/// Talks until the client, or the server, hangs up; `Some` when TLS begins.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    state: &State,
    stream: &mut BufReader<S>,
    offers: &str,
) -> Option<()> {
    let mut to = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        let usual = match line.split([' ', ':']).next()? {
            "EHLO" => offers,
            "AUTH" => "235 welcome",
            "STARTTLS" => "220 go ahead",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        let answer = state.answer(line, usual).await?;
        if let Some(address) = line.strip_prefix("RCPT TO:") {
            if answer.starts_with('2') {
                to.push(address.trim_matches(['<', '>']).to_owned());
            }
        } else if line == "RSET" || line.starts_with("MAIL FROM:") {
            to.clear();
        }
        stream.write_all(answer.as_bytes()).await.ok()?;
        if answer.starts_with("354") {
            let mut source = String::new();
            while !source.ends_with("\r\n.\r\n") {
                if stream.read_line(&mut source).await.ok()? == 0 {
                    return None;
                }
            }
            let answer = state.answer(".", "250 2.0.0 queued").await?;
            if answer.starts_with('2') {
                let to = std::mem::take(&mut to);
                state.letters.lock().unwrap().push(Letter { to, source });
            }
            stream.write_all(answer.as_bytes()).await.ok()?;
        } else if line == "STARTTLS" && answer.starts_with("220") {
            return Some(());
        }
    }
}
