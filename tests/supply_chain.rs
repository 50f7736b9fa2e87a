//! The crates keep the rules of `.ci/deny.toml`, told without any tool but cargo: where each comes from, which
//! may not be there, which may be there twice, and under which licences those are that are built here.

// Helpers may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use toml_edit::{DocumentMut, Item, Table, Value};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> DocumentMut {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    text.parse().unwrap()
}

/// The texts of a list, or those under this key in a list of tables.
fn texts<'t>(list: &'t Item, key: &str) -> Vec<&'t str> {
    let text = |value: &'t Value| match value.as_inline_table() {
        Some(table) => table[key].as_str().unwrap(),
        None => value.as_str().unwrap(),
    };
    list.as_array().unwrap().iter().map(text).collect()
}

fn packages(lock: &DocumentMut) -> impl Iterator<Item = (&str, &str, &Table)> {
    let packages = lock["package"].as_array_of_tables().unwrap();
    packages.iter().map(|package| {
        let text = |key: &str| package[key].as_str().unwrap();
        (text("name"), text("version"), package)
    })
}

#[test]
fn every_crate_is_from_crates_io_and_has_a_checksum() {
    let rules = read(".ci/deny.toml");
    let allowed = texts(&rules["sources"]["allow-registry"], "");
    assert_eq!(
        allowed,
        ["https://github.com/rust-lang/crates.io-index"],
        "crates.io alone"
    );
    for (path, ours) in [
        ("Cargo.lock", &["mentiond"][..]),
        ("fuzz/Cargo.lock", &["mentiond", "mentiond-fuzz"]),
    ] {
        let lock = read(path);
        let mut known = 0;
        for (name, _, package) in packages(&lock) {
            if ours.contains(&name) {
                assert!(!package.contains_key("source"), "{path}: {name}");
                continue;
            }
            let source = package["source"].as_str().unwrap();
            let is_allowed = allowed
                .iter()
                .any(|url| source == format!("registry+{url}"));
            assert!(is_allowed, "{path}: {name} is from {source}");
            let checksum = package["checksum"].as_str().unwrap();
            assert_eq!(checksum.len(), 64, "{path}: {name}");
            known += 1;
        }
        assert!(known > 100, "{path}: {known}");
    }
    // Nothing that is built replaces a crate by something else.
    let manifest = read("Cargo.toml");
    for key in ["patch", "replace"] {
        assert!(!manifest.contains_key(key), "{key}");
    }
    assert!(!root().join(".cargo").exists());
}

#[test]
fn no_crate_is_banned_and_only_known_ones_are_there_twice() {
    let (rules, lock) = (read(".ci/deny.toml"), read("Cargo.lock"));
    let banned = texts(&rules["bans"]["deny"], "crate");
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, version, _) in packages(&lock) {
        assert!(!banned.contains(&name), "{name} is banned");
        versions.entry(name).or_default().insert(version);
    }
    let mut skipped: BTreeSet<&str> = texts(&rules["bans"]["skip"], "crate").into_iter().collect();
    let mut unknown = Vec::new();
    for (name, versions) in &versions {
        let left: Vec<_> = versions
            .iter()
            .filter(|version| !skipped.remove(format!("{name}@{version}").as_str()))
            .collect();
        if left.len() > 1 {
            unknown.push(format!("{name}: {left:?}"));
        }
    }
    assert!(unknown.is_empty(), "twice: {unknown:#?}");
    assert!(skipped.is_empty(), "not there any more: {skipped:?}");
}

/// An SPDX expression, of which the licences that pass are known.
struct Expression<'e> {
    words: Vec<&'e str>,
    at: usize,
}

impl<'e> Expression<'e> {
    fn passes(text: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
        let spaced = text
            .replace('/', " OR ")
            .replace('(', " ( ")
            .replace(')', " ) ");
        let words = spaced.split_whitespace().collect();
        let mut expression = Expression { words, at: 0 };
        let passes = expression.any(allowed);
        assert_eq!(expression.at, expression.words.len(), "{text}");
        passes
    }

    fn next_is(&mut self, word: &str) -> bool {
        let is = self.words.get(self.at) == Some(&word);
        self.at += usize::from(is);
        is
    }

    fn any(&mut self, allowed: &dyn Fn(&str) -> bool) -> bool {
        let mut passes = self.all(allowed);
        while self.next_is("OR") {
            passes |= self.all(allowed);
        }
        passes
    }

    fn all(&mut self, allowed: &dyn Fn(&str) -> bool) -> bool {
        let mut passes = self.one(allowed);
        while self.next_is("AND") {
            passes &= self.one(allowed);
        }
        passes
    }

    fn one(&mut self, allowed: &dyn Fn(&str) -> bool) -> bool {
        if self.next_is("(") {
            let passes = self.any(allowed);
            assert!(self.next_is(")"), "{:?}", self.words);
            return passes;
        }
        let name: &'e str = self.words[self.at];
        self.at += 1;
        if self.next_is("WITH") {
            let exception = self.words[self.at];
            self.at += 1;
            return allowed(&format!("{name} WITH {exception}"));
        }
        allowed(name)
    }
}

#[test]
fn licences_are_read_as_they_are_meant() {
    let allowed = |name: &str| ["MIT", "ISC", "A WITH E"].contains(&name);
    for (text, passes) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("GPL-3.0 OR MIT AND BSL-1.0", false),
        ("A WITH E", true),
        ("A", false),
    ] {
        assert_eq!(Expression::passes(text, &allowed), passes, "{text}");
    }
}

/// Those for other platforms are cargo-deny's to judge: they need not have been fetched here.
#[test]
#[cfg(target_os = "linux")]
fn every_crate_that_is_built_here_has_a_licence_that_is_allowed() {
    let rules = read(".ci/deny.toml");
    let allowed = texts(&rules["licenses"]["allow"], "");
    let exceptions: BTreeMap<&str, Vec<&str>> = rules["licenses"]["exceptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| {
            let of = of.as_inline_table().unwrap();
            let allow = of["allow"].as_array().unwrap().iter();
            let allow = allow.map(|name| name.as_str().unwrap()).collect();
            (of["crate"].as_str().unwrap(), allow)
        })
        .collect();
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .args(["--filter-platform", &platform, "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let known: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut judged = 0;
    for package in known["packages"].as_array().unwrap() {
        let text = |key: &str| package[key].as_str();
        let name = text("name").unwrap();
        if text("source").is_none() {
            assert_eq!(name, "mentiond");
            continue;
        }
        let licence = text("license").unwrap_or_else(|| panic!("{name} declares no licence"));
        let own = exceptions.get(name);
        let passes = Expression::passes(licence, &|licence| {
            allowed.contains(&licence) || own.is_some_and(|own| own.contains(&licence))
        });
        assert!(passes, "{name}: {licence}");
        judged += 1;
    }
    assert!(judged > 150, "{judged}");
}
