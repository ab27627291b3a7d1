//! Why nothing could be made of a page.

/// A page, entry or text that gives no article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The bytes are a document, a picture or something else that is no page.
    #[error("the bytes are not HTML")]
    NotHtml,
    /// No text was found, on the page or in the feed.
    #[error("no text was found")]
    NoText,
    /// Elements stand too deep in one another, or there are too many.
    #[error("elements are nested too deep or too many")]
    TooDeep,
    /// The input is larger than [`HTML_BYTES_MAX`](crate::HTML_BYTES_MAX).
    #[error("the input is over {} bytes", crate::HTML_BYTES_MAX)]
    TooLarge,
}

impl Rejection {
    /// The reason as a word of bounded vocabulary.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotHtml => "not-html",
            Self::NoText => "no-text",
            Self::TooDeep => "too-deep",
            Self::TooLarge => "too-large",
        }
    }
}
