//! Receivers of webhooks that behave, each in its own way, and remember what came in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::runtime;

/// What a receiver does with a request.
#[derive(Debug, Clone, Copy)]
pub enum Manner {
    /// Takes it at once.
    Healthy,
    /// Takes it after this time.
    Slow(Duration),
    /// Answers 429 and asks for patience, in seconds.
    Throttling(u64),
    /// Begins an answer and closes the connection.
    Breaking,
}

/// One request that came in.
#[derive(Debug, Clone)]
pub struct Request {
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// Milliseconds since 1970.
    pub at_ms: i64,
}

impl Request {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }
}

/// A receiver that keeps connections open, as real ones do.
pub struct Receiver {
    pub url: String,
    manner: Arc<Mutex<Manner>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Receiver {
    pub fn start(manner: Manner) -> Self {
        let receiver = Self::down();
        receiver.come_up(manner);
        receiver
    }

    /// One at whose address nothing listens.
    pub fn down() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            url: format!("http://{}/hook", listener.local_addr().unwrap()),
            manner: Arc::new(Mutex::new(Manner::Healthy)),
            requests: Arc::default(),
        }
    }

    /// Listens from now on.
    pub fn come_up(&self, manner: Manner) {
        self.behave(manner);
        let address = &self.url["http://".len()..self.url.len() - "/hook".len()];
        let listener = runtime().block_on(TcpListener::bind(address)).unwrap();
        let (manner, requests) = (self.manner.clone(), self.requests.clone());
        runtime().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, requests) = (manner.clone(), requests.clone());
                tokio::spawn(async move {
                    // A daemon that is killed closes its connections in the middle.
                    let _ = serve(stream, &manner, &requests).await;
                });
            }
        });
    }

    /// Behaves otherwise from now on.
    pub fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    pub fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// Everything that came in, in order.
    pub fn all(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// How often each id came in.
    pub fn ids(&self) -> BTreeMap<String, usize> {
        let mut ids = BTreeMap::new();
        for request in self.requests.lock().unwrap().iter() {
            *ids.entry(request.id().to_owned()).or_default() += 1;
        }
        ids
    }
}

pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

async fn serve(
    stream: TcpStream,
    manner: &Mutex<Manner>,
    requests: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut headers = BTreeMap::new();
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if let Some((name, value)) = text.split_once(": ") {
                headers.insert(name.to_ascii_lowercase(), value.to_owned());
            }
        }
        let at_ms = now_ms();
        let length = headers["content-length"].parse().unwrap();
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let body = String::from_utf8(body).unwrap();
        let request = Request {
            headers,
            body,
            at_ms,
        };
        requests.lock().unwrap().push(request);
        let manner = *manner.lock().unwrap();
        let answer = match manner {
            Manner::Healthy => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
            Manner::Slow(time) => {
                tokio::time::sleep(time).await;
                "HTTP/1.1 204 No Content\r\n\r\n".to_owned()
            }
            Manner::Throttling(seconds) => format!(
                "HTTP/1.1 429 Too Many Requests\r\nRetry-After: {seconds}\r\n\
                 Content-Length: 9\r\n\r\nslow down"
            ),
            Manner::Breaking => {
                let begun = b"HTTP/1.1 200 OK\r\nContent-Le";
                return stream.get_mut().write_all(begun).await;
            }
        };
        stream.get_mut().write_all(answer.as_bytes()).await?;
    }
}
