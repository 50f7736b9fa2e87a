//! The wall around other people's crates: what panics behind it comes back as an error and prints
//! nothing, for the message of a panic may quote the document, with line breaks and all.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use super::clean_text;

thread_local! {
    /// Whether this thread is behind the wall.
    static BEHIND: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; other panics of the process are told as before.
///
/// # Errors
/// The panic's message, clean text of at most 200 characters.
pub(crate) fn contained<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let outer = take_hook();
        set_hook(Box::new(move |info| {
            if !BEHIND.get() {
                outer(info);
            }
        }));
    });
    BEHIND.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    BEHIND.set(false);
    result.map_err(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or_default();
        let mut message = clean_text(message);
        super::text::cut_chars(&mut message, 200);
        message
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_behind_the_wall_is_told_clean() {
        assert_eq!(contained(|| 1), Ok(1));
        let message = contained(|| panic!("{}", "forged\nline \u{1b}[2J")).unwrap_err();
        assert_eq!(message, "forged line [2J");
        assert!(!BEHIND.get());
    }
}
