//! Databases that can't be used: each is refused in one line and left as it was.

use std::path::PathBuf;

use crate::support::{Home, Hook, Item, Site, rss};

/// A home whose database is this file; polling it must fail, with exit code 1 and one line.
struct Refused {
    home: Home,
    _hook: Hook,
}

impl Refused {
    fn new() -> Self {
        let (site, hook) = (Site::start(), Hook::start());
        site.publish("/feed", rss(&[Item::new("1", "Putin")]));
        let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
        Self { home, _hook: hook }
    }

    fn database(&self) -> PathBuf {
        self.home.path("m.db")
    }

    /// Every command refuses with one line that says this, and the file stays byte for byte.
    fn says(&self, part: &str) {
        let before = std::fs::read(self.database()).unwrap();
        for command in ["poll", "run", "mentions", "feeds", "alerts"] {
            let output = self.home.run(&[command]);
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{command}: {error}");
            assert!(error.contains(part), "{command}: {error}");
            assert_eq!(error.lines().count(), 1, "{command}: {error}");
        }
        assert!(
            std::fs::read(self.database()).unwrap() == before,
            "the file was changed"
        );
    }
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let refused = Refused::new();
    refused.home.ok(&["poll"]);
    refused
        .home
        .database()
        .execute_batch("PRAGMA user_version = 99; PRAGMA journal_mode = delete")
        .unwrap();
    refused.says("schema version 99, this mentiond knows");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let refused = Refused::new();
    std::fs::write(refused.database(), "Dear diary,\n".repeat(1000)).unwrap();
    refused.says("m.db is not a mentiond database");
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let refused = Refused::new();
    refused
        .home
        .database()
        .execute_batch("CREATE TABLE cookie (id INTEGER PRIMARY KEY)")
        .unwrap();
    refused.says("not a mentiond database");
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let refused = Refused::new();
    std::fs::write(refused.home.path("file"), "").unwrap();
    let config = std::fs::read_to_string(refused.home.config()).unwrap();
    // Modes do not bind the superuser, so these are places that nobody can write to.
    for place in [
        "/proc/mentiond.db",
        "/proc/mentiond/m.db",
        "file/m.db",
        "/dev/null/m.db",
    ] {
        let changed = config.replace("\"m.db\"", &format!("{place:?}"));
        refused.home.write_config(&changed);
        for command in ["poll", "run"] {
            let output = refused.home.run(&[command]);
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{place}: {error}");
            assert!(error.contains("can't open the database"), "{error}");
            assert!(error.contains(place), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
}

#[test]
fn a_folder_in_place_of_the_database_is_refused() {
    let refused = Refused::new();
    std::fs::create_dir(refused.database()).unwrap();
    let output = refused.home.run(&["poll"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("`database` is a folder"), "{error}");
}

#[test]
fn a_database_whose_pages_are_overwritten_is_called_damaged() {
    let refused = Refused::new();
    refused.home.ok(&["poll"]);
    let mut bytes = std::fs::read(refused.database()).unwrap();
    bytes[4096..].fill(0x55);
    std::fs::write(refused.database(), bytes).unwrap();
    for command in ["poll", "mentions"] {
        let output = refused.home.run(&[command]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}: {error}");
        assert!(error.contains("damaged"), "{command}: {error}");
    }
}
