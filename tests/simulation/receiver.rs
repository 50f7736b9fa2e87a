//! A receiver of webhooks: how well it answers, and what it got.

use fastrand::Rng;

/// How a receiver answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// Answers with this status, having taken nothing.
    Status(u16),
    /// Asks for patience, in seconds.
    Patience(u64),
    /// Never answers.
    Silent,
    /// Takes it, but its answer never arrives.
    Mute,
    /// Takes so many seconds.
    Slow(u64),
}

impl Mood {
    pub fn random(rng: &mut Rng) -> Self {
        match rng.u8(..12) {
            0 => Self::Status([400, 404, 500, 502][rng.usize(..4)]),
            1 => Self::Patience(rng.u64(1..600)),
            2 => Self::Silent,
            3 => Self::Mute,
            4 => Self::Slow(rng.u64(1..14)),
            _ => Self::Well,
        }
    }
}

/// An alert as it arrived.
#[derive(Debug, Clone)]
pub struct Got {
    pub id: String,
    pub kind: String,
    pub topic: String,
    pub link: String,
    /// Whether the daemon heard that it was taken.
    pub heard: bool,
    /// In which life of the daemon.
    pub life: u32,
}

/// A receiver.
#[derive(Debug)]
pub struct Receiver {
    pub id: &'static str,
    pub mood: Mood,
    pub got: Vec<Got>,
    /// Requests that have no answer yet.
    pub open: usize,
    /// How many the daemon may make at a time.
    pub most: usize,
}

impl Receiver {
    pub fn new(id: &'static str, most: usize) -> Self {
        Self {
            id,
            mood: Mood::Well,
            got: Vec::new(),
            open: 0,
            most,
        }
    }

    /// An alert arrives: its place, and what is wrong with that.
    ///
    /// # Errors
    /// That it is no alert at all.
    pub fn take(&mut self, body: &[u8], life: u32) -> Result<(usize, Option<String>), String> {
        let id = self.id;
        let alert: serde_json::Value =
            serde_json::from_slice(body).map_err(|error| format!("{id}: not JSON: {error}"))?;
        let text = |path: &str| {
            let value = alert.pointer(path).and_then(serde_json::Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let got = Got {
            id: text("/data/alert_id"),
            kind: text("/type"),
            topic: text("/data/topic/id"),
            link: text("/data/story/link"),
            heard: false,
            life,
        };
        if got.id.is_empty() || got.kind.is_empty() {
            return Err(format!("{id}: an alert without id or type"));
        }
        let mut wrong = None;
        for before in &self.got {
            let same = |a: &Got| (a.kind.clone(), a.topic.clone(), a.link.clone());
            if before.id == got.id {
                if same(before) != same(&got) {
                    wrong = Some(format!("{id}: {} is another alert now", got.id));
                }
                if before.heard && before.life == life {
                    wrong = Some(format!("{id}: {} again, though it was taken", got.id));
                }
            } else if got.kind == "mention.created" && same(before) == same(&got) {
                wrong = Some(format!(
                    "{id}: {} in {} is told as {} and as {}",
                    got.topic, got.link, before.id, got.id
                ));
            }
        }
        self.got.push(got);
        Ok((self.got.len() - 1, wrong))
    }
}
