//! Do the feeds and the receiver see what they are there to see? Here the test itself is the fleet that breaks its
//! promises. It takes no database.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use fastrand::Rng;

use crate::account::HOST_PAUSE;
use crate::journal::Journal;
use crate::press::Press;
use crate::receiver::Receiver;

/// Long enough for every request of a test to lie within it.
const FLOOR: Duration = Duration::from_mins(1);

/// A worker that asks as it pleases.
fn ask(press: &Press, feed: usize, version: Option<usize>) -> TcpStream {
    let address = press.address(feed);
    let mut stream = TcpStream::connect(&address).unwrap();
    let has = version.map_or_else(String::new, |n| format!("If-None-Match: \"{n}\"\r\n"));
    write!(
        stream,
        "GET /{feed} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         User-Agent: mentiond/0 (+https://fleet.test/w1)\r\n{has}\r\n"
    )
    .unwrap();
    stream
}

fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// The kinds of faults that were seen, without numbers.
fn faults(journal: &Journal) -> Vec<String> {
    journal.kinds().into_keys().collect()
}

#[test]
fn feeds_see_who_asks_too_often_too_soon_too_much_or_has_forgotten() {
    let journal = Journal::default();
    let press = Press::start(journal.clone(), Rng::with_seed(1), FLOOR, 12, 3, 0);
    answer(ask(&press, 1, None));
    answer(ask(&press, 4, None));
    assert!(faults(&journal).is_empty(), "{}", journal.text());
    answer(ask(&press, 1, None));
    assert_eq!(faults(&journal), ["floor"], "{}", journal.text());

    let journal = Journal::default();
    let press = Press::start(journal.clone(), Rng::with_seed(1), FLOOR, 12, 3, 0);
    let open = [ask(&press, 0, None), ask(&press, 1, None)];
    for stream in open {
        answer(stream);
    }
    assert_eq!(faults(&journal), ["pause"], "{}", journal.text());

    // Feed 0 is slow, and so are 5 and 10; each host has eleven.
    let journal = Journal::default();
    let press = Press::start(journal.clone(), Rng::with_seed(1), FLOOR, 11, 11, 0);
    let open = [0, 5, 10].map(|feed| {
        let stream = ask(&press, feed, None);
        sleep(HOST_PAUSE);
        stream
    });
    for stream in open {
        answer(stream);
    }
    assert_eq!(faults(&journal), ["per host"], "{}", journal.text());

    let journal = Journal::default();
    let press = Press::start(journal.clone(), Rng::with_seed(1), Duration::ZERO, 1, 1, 0);
    press.publish_in(0);
    assert!(answer(ask(&press, 0, None)).contains("etag: \"1\""));
    sleep(HOST_PAUSE);
    assert!(answer(ask(&press, 0, Some(1))).starts_with("HTTP/1.1 304"));
    assert!(press.unrecorded().is_empty());
    sleep(HOST_PAUSE);
    assert!(faults(&journal).is_empty(), "{}", journal.text());
    answer(ask(&press, 0, None));
    assert_eq!(faults(&journal), ["record"], "{}", journal.text());
}

fn tell(receiver: &Receiver, id: &str, title: &str) {
    let address = receiver
        .url
        .trim_start_matches("http://")
        .trim_end_matches("/hook");
    let body = format!(
        "{{\"type\":\"mention.created\",\"data\":{{\"topic\":{{\"id\":\"sco\"}},\
         \"story\":{{\"title\":\"{title}\"}}}}}}"
    );
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /hook HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nWebhook-Id: {id}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    assert!(answer(stream).starts_with("HTTP/1.1 204"));
}

#[test]
fn the_receiver_sees_two_ids_of_a_story_and_two_stories_of_an_id() {
    let journal = Journal::default();
    let receiver = Receiver::start(journal.clone());
    tell(&receiver, "al_1", "SCO in Astana Zq1");
    tell(&receiver, "al_1", "SCO in Astana Zq1");
    tell(&receiver, "al_2", "SCO in Astana Zq2");
    assert!(faults(&journal).is_empty(), "{}", journal.text());
    assert_eq!(receiver.repeats(), 1);
    assert_eq!(receiver.taken().len(), 2);
    tell(&receiver, "al_3", "SCO in Astana Zq1");
    assert_eq!(journal.kinds()["ids"], 1, "{}", journal.text());
    tell(&receiver, "al_2", "SCO in Astana Zq4");
    assert_eq!(journal.kinds()["ids"], 2, "{}", journal.text());
    tell(&receiver, "al_5", "Football");
    assert_eq!(faults(&journal), ["alert", "ids"], "{}", journal.text());
}
