//! A page to the text of its story.

use mentiond::article::{ArticleError, Input, extract};

use super::{envelope, oracle, same_twice};

/// Runs the target.
pub fn run(data: &[u8]) {
    let input = envelope::open(data);
    let page = Input {
        bytes: input.body,
        content_type: input.content_type.as_deref(),
        url: input.base.as_ref(),
    };
    match same_twice(input.body.len(), || extract(&page)) {
        Ok(article) => {
            oracle::clean("the title", &article.title, false);
            oracle::chars("the title", &article.title, 2_000);
            oracle::clean("the text", &article.text, true);
            oracle::bytes("the text", &article.text, 1 << 20);
            oracle::clean("the excerpt", &article.excerpt, false);
            oracle::chars("the excerpt", &article.excerpt, 300);
            assert!(!article.text.is_empty());
            if let Some(tag) = &article.language {
                oracle::language("the language", tag);
            }
            if let Some(address) = &article.canonical {
                oracle::link("the canonical address", address);
            }
        }
        Err(error) => {
            assert!(!matches!(error, ArticleError::Panicked { .. }), "{error}");
            oracle::printable("an error", &error.to_string(), false);
        }
    }
}
