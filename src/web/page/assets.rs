//! The style and the script, under names that change with their content.
//!
//! A name such as `page.0a1b2c3d4e5f.css` always means the same bytes, so browsers may keep them for good.
//! What has another hash is not there.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// For a year, without asking.
const CACHE: &str = "public, max-age=31536000, immutable";

/// A file that pages load.
pub(super) struct Asset {
    name: String,
    media: &'static str,
    content: &'static str,
}

/// The style.
pub(super) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let media = "text/css; charset=utf-8";
    Asset::new("css", media, include_str!("static/page.css"))
});
/// The script.
pub(super) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let media = "text/javascript; charset=utf-8";
    Asset::new("js", media, include_str!("static/page.js"))
});

impl Asset {
    fn new(extension: &str, media: &'static str, content: &'static str) -> Self {
        let digest = Sha256::digest(content.as_bytes());
        let hash = digest[..6]
            .iter()
            .fold(String::new(), |hash, byte| hash + &format!("{byte:02x}"));
        Self {
            name: format!("page.{hash}.{extension}"),
            media,
            content,
        }
    }

    /// Its path.
    pub(super) fn path(&self) -> String {
        format!("/static/{}", self.name)
    }
}

/// Answers with a file.
pub(super) async fn show(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let all: [&Asset; 2] = [&STYLE, &SCRIPT];
    let Some(asset) = all.into_iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", asset.name);
    let known = headers
        .get(IF_NONE_MATCH)
        .and_then(|known| known.to_str().ok());
    let has_it = known.is_some_and(|known| known.contains(&tag));
    let kept = [(CACHE_CONTROL, CACHE.to_owned()), (ETAG, tag)];
    if has_it {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    (kept, [(CONTENT_TYPE, asset.media)], asset.content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_found_under_its_hash_alone_and_not_sent_twice() {
        let fresh = show(Path(STYLE.name.clone()), HeaderMap::new()).await;
        assert_eq!(fresh.status(), StatusCode::OK);
        assert_eq!(fresh.headers()[CACHE_CONTROL], CACHE);
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, fresh.headers()[ETAG].clone());
        let again = show(Path(STYLE.name.clone()), headers).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let other = show(Path("page.css".to_owned()), HeaderMap::new()).await;
        assert_eq!(other.status(), StatusCode::NOT_FOUND);
    }
}
