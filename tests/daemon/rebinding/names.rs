//! A name server that changes its mind: each further question about a name gets the next answer.

use std::collections::BTreeMap;
use std::net::{IpAddr, UdpSocket};
use std::sync::{Arc, Mutex};

/// What a name leads to: first these addresses, then those; the last answer stays. With an alias they
/// are told as those of another name.
pub struct Lead {
    pub name: &'static str,
    pub alias: Option<&'static str>,
    pub answers: &'static [&'static [&'static str]],
}

const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;

/// A running name server.
pub struct Names {
    asked: Arc<Mutex<BTreeMap<(String, u16), usize>>>,
}

impl Names {
    /// Answers at this socket, for as long as the process lives.
    pub fn serve(socket: UdpSocket, zone: &'static [Lead]) -> Self {
        let asked: Arc<Mutex<BTreeMap<(String, u16), usize>>> = Arc::default();
        let count = asked.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut bytes) {
                let (name, kind, end) = question(&bytes[..length]);
                let nth = {
                    let mut asked = count.lock().unwrap();
                    let times = asked.entry((name.clone(), kind)).or_default();
                    *times += 1;
                    *times - 1
                };
                let answer = answer(&bytes[..end], &name, kind, nth, zone);
                let _ = socket.send_to(&answer, from);
            }
        });
        Self { asked }
    }

    /// How often the IPv4 addresses of this name were asked for.
    pub fn asked(&self, name: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.get(&(name.to_owned(), A)).copied().unwrap_or(0)
    }
}

/// The name and type of the only question, and where it ends.
fn question(message: &[u8]) -> (String, u16, usize) {
    let mut labels = Vec::new();
    let mut at = 12;
    while message[at] != 0 {
        let length = usize::from(message[at]);
        let label = &message[at + 1..=at + length];
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        at += length + 1;
    }
    let kind = u16::from_be_bytes([message[at + 1], message[at + 2]]);
    (labels.join("."), kind, at + 5)
}

fn answer(asked: &[u8], name: &str, kind: u16, nth: usize, zone: &[Lead]) -> Vec<u8> {
    // The name of the question, which begins behind the head.
    let itself = vec![0xc0, 12];
    let mut records = Vec::new();
    let lead = zone.iter().find(|lead| lead.name == name);
    if let Some(lead) = lead {
        let owner = match lead.alias {
            Some(alias) => {
                records.push(record(&itself, CNAME, &written(alias)));
                written(alias)
            }
            None => itself,
        };
        for address in lead.answers[nth.min(lead.answers.len() - 1)] {
            match address.parse().unwrap() {
                IpAddr::V4(v4) if kind == A => records.push(record(&owner, A, &v4.octets())),
                IpAddr::V6(v6) if kind == AAAA => {
                    records.push(record(&owner, AAAA, &v6.octets()));
                }
                _ => {}
            }
        }
    }
    // An answer of one that may be asked anything; without the name, "there is none".
    let flags = if lead.is_some() { 0x8180_u16 } else { 0x8183 };
    let count = u16::try_from(records.len()).unwrap();
    [
        &asked[..2],
        &flags.to_be_bytes(),
        &1_u16.to_be_bytes(),
        &count.to_be_bytes(),
        &[0; 4],
        &asked[12..],
        &records.concat(),
    ]
    .concat()
}

/// A record that is good for this moment only (TTL 0).
fn record(owner: &[u8], kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [
        owner,
        &kind.to_be_bytes(),
        &1_u16.to_be_bytes(),
        &0_u32.to_be_bytes(),
        &length.to_be_bytes(),
        data,
    ]
    .concat()
}

/// A name as it stands in a message.
fn written(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}
