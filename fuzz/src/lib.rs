//! What the fuzz targets share. The bodies of the targets are in `targets`, which the project's
//! `tests/fuzz_replay.rs` compiles too.

pub mod targets;

/// Lets the library catch the panics of the crates that it keeps behind a wall.
///
/// libFuzzer's own hook ends the process at any panic; a panic that nobody catches still does.
pub fn contain_panics() {
    std::panic::set_hook(Box::new(|info| eprintln!("panicked: {info}")));
}
