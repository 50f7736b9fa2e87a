//! Tells the program which commit it is built of: `VERSION_AND_COMMIT` is the version, and behind it the
//! commit where this folder itself is a checkout, such as `0.1.0 (1f2e3d4c5b6a)`. Changes that are not
//! committed are not told.
//!
//! The commit is read from git's files, so git need not be there; and only from this folder's own `.git`,
//! so a source archive that is unpacked inside another project does not take that one's commit. The program
//! is built anew when another commit is checked out, and at no other build.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// Characters of a commit that are told.
const SHORT: usize = 12;

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    let version = env!("CARGO_PKG_VERSION");
    match commit(Path::new(".git")) {
        Some(commit) => println!("cargo::rustc-env=VERSION_AND_COMMIT={version} ({commit})"),
        None => println!("cargo::rustc-env=VERSION_AND_COMMIT={version}"),
    }
}

/// The beginning of the hash that `HEAD` leads to.
fn commit(git: &Path) -> Option<String> {
    let own = folder(git)?;
    // A further working tree has its branches in the first one's folder.
    let shared = match read_to_string(own.join("commondir")) {
        Ok(path) => own.join(path.trim()),
        Err(_) => own.clone(),
    };
    let head = watched(&own.join("HEAD"))?;
    let hash = match head.trim().strip_prefix("ref: ") {
        None => head.trim().to_owned(),
        Some(name) => {
            // It changes with every commit, also with one that takes a packed reference's place.
            watched(&own.join("logs/HEAD"));
            match watched(&shared.join(name)) {
                Some(text) => text.trim().to_owned(),
                None => packed(&watched(&shared.join("packed-refs"))?, name)?,
            }
        }
    };
    let is_hash = hash.len() >= 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| hash[..SHORT].to_owned())
}

/// Git's folder: `.git`, or where the file of that name leads.
fn folder(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_owned());
    }
    let text = watched(git)?;
    let path = text.trim().strip_prefix("gitdir: ")?;
    Some(Path::new(".").join(path))
}

/// The file's text; its changes are looked for from now on. One that is not there is not: cargo would
/// take it for changed at each build.
fn watched(file: &Path) -> Option<String> {
    let text = read_to_string(file).ok()?;
    println!("cargo::rerun-if-changed={}", file.display());
    Some(text)
}

/// The hash of a reference in `packed-refs`.
fn packed(text: &str, name: &str) -> Option<String> {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let (hash, _) = lines.find(|(_, found)| *found == name)?;
    Some(hash.to_owned())
}
