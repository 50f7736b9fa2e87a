//! Real feeds from the wild, if there are any: set `MENTIOND_CORPUS` to a folder of documents.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::support::{Home, raw_server};

#[test]
fn every_document_of_the_corpus_is_polled_and_every_failure_has_a_reason() {
    let Some(folder) = std::env::var_os("MENTIOND_CORPUS").map(PathBuf::from) else {
        println!("skipped: set MENTIOND_CORPUS to a folder of feed documents");
        return;
    };
    let files = documents(&folder);
    let root = folder.clone();
    let server = raw_server(move |head| {
        let path = head
            .split(' ')
            .nth(1)
            .unwrap_or_default()
            .trim_start_matches('/');
        match std::fs::read(root.join(path)) {
            Ok(bytes) => crate::server::ok("", &bytes),
            Err(_) => crate::server::bare("404 Not Found", ""),
        }
    });
    let home = Home::new();
    let topics = concat!(env!("CARGO_MANIFEST_DIR"), "/config/topics/sco.toml");
    std::fs::copy(topics, home.path("topics.toml")).unwrap();
    let mut text = "include = [\"topics.toml\"]\ndatabase = \"m.db\"\n".to_owned();
    for (n, file) in files.iter().enumerate() {
        let url = server.url(&format!("/{file}"));
        write!(
            text,
            "[[feed]]\nid = \"f{n}\"\nurl = \"{url}\"\nallow_private_addresses = true\n"
        )
        .unwrap();
    }
    home.write_config(&text);

    let polled = home.json(&["poll", "--json"]);
    assert_eq!(polled.len(), files.len(), "every file is polled");
    let (mut entries, mut mentions) = (0, 0);
    for line in &polled {
        entries += line["new"].as_u64().unwrap();
        mentions += line["mentions"].as_u64().unwrap();
        let n: usize = line["feed"].as_str().unwrap()[1..].parse().unwrap();
        if line["status"] != "ok" {
            let reason = line["error"].as_str().unwrap_or_default();
            assert!(!reason.is_empty(), "{line}");
            println!("{}: {}: {reason}", files[n], line["status"]);
        }
    }
    let read = polled.iter().filter(|line| line["status"] == "ok").count();
    println!(
        "{} files, {read} read, {entries} entries, {mentions} mentions",
        files.len()
    );
}

/// The folder's files but lists of feeds and indexes, by name.
fn documents(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    let mut names: Vec<String> = names
        .filter(|file| file.file_type().unwrap().is_file())
        .map(|file| file.file_name().into_string().unwrap())
        .filter(|name| {
            let ending = Path::new(name).extension().and_then(|e| e.to_str());
            !matches!(ending, Some("tsv" | "opml"))
        })
        .collect();
    names.sort();
    names
}
