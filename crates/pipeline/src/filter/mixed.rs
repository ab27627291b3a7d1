//! Lines of any kind that a filter reads, told apart by what they hold: what `vigia replay` takes.

use std::borrow::Cow;

use cleaner::Cleaner;
use serde::Deserialize;
use story::{ArchivePosition, Article, Provenance, StoryId, TextSource};

use super::{ClassifyLine, CleanLine, Fields, article, clean, clean_bytes};

/// What tells a line of the record, or of `vigia clean`, from one that is yet to be cleaned.
#[derive(Deserialize)]
struct Cleaned {
    text_source: Option<TextSource>,
    /// Only the record has it.
    schema: Option<String>,
    id: Option<StoryId>,
    provenance: Option<Provenance>,
}

/// The article of any line that `vigia clean` or `vigia classify` reads, and where its page lies.
/// Text that vigia cleaned is taken as it is, and a line of the record keeps its id and where it
/// comes from.
pub(crate) fn any_article(
    cleaner: &Cleaner,
    line: &str,
) -> Result<(Article, Option<ArchivePosition>), String> {
    // A line whose `id` is no text, say, is none of vigia's own.
    let cleaned: Option<Cleaned> = serde_json::from_str(line).ok();
    let Some(cleaned) = cleaned.filter(|cleaned| cleaned.text_source.is_some()) else {
        let (line, fields) = Fields::read(line, &["html", "html_base64", "text"])
            .map_err(|(_, error)| error.to_string())?;
        return Ok((clean(cleaner, line, &fields)?, None));
    };
    let (line, fields): (ClassifyLine, _) =
        Fields::read(line, &["text"]).map_err(|(_, error)| error.to_string())?;
    let article = article(line, &fields);
    match (cleaned.schema, cleaned.id, cleaned.provenance) {
        (Some(_), Some(id), Some(mut from)) => {
            let archive = from.archive.take();
            Ok((of_record(article, id, from), archive))
        }
        _ => Ok((article, None)),
    }
}

/// An article with what its line of the record has under other names.
fn of_record(article: Article, id: StoryId, from: Provenance) -> Article {
    Article {
        id,
        published_source: from.published_source,
        template_blocks: from.template_blocks,
        page_missing: from.page_missing,
        access: from.access,
        content_hash: from.content_hash,
        http_status: from.http_status,
        etag: from.etag,
        last_modified: from.last_modified,
        ..article
    }
}

/// The article of a saved page, with what a line of `vigia clean` says of it beside `html`.
pub(crate) fn saved_page(cleaner: &Cleaner, line: &str, html: &[u8]) -> Result<Article, String> {
    let (line, fields): (CleanLine<'_>, _) = Fields::read(line, &["html", "html_base64", "text"])
        .map_err(|(_, error)| error.to_string())?;
    let html = (Cow::Borrowed(html), line.content_type.clone());
    clean_bytes(cleaner, Some(html), line, &fields)
}
