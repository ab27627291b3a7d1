//! Articles as an RSS 2.0 feed.

use std::fmt::Write as _;

use super::{Article, page::escape};
use crate::Reply;

/// The feed of some articles, newest first, on the site whose address is `base`.
pub(super) fn reply(path: &str, articles: &[Article], base: &str) -> Reply {
    let lang = articles.first().map_or("es", |article| article.lang);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel>\
         <title>El Centinela de Prueba {path}</title><link>{base}/</link>\
         <description>testkit</description><language>{lang}</language>\n"
    );
    for article in articles {
        // Writing to a String cannot fail.
        let _ = writeln!(
            xml,
            "<item><guid isPermaLink=\"false\">{guid}</guid><title>{title}</title>\
             <link>{base}{path}</link><pubDate>{date}</pubDate>\
             <description><![CDATA[<p>{summary}</p>]]></description></item>",
            guid = article.guid,
            title = escape(&article.title),
            path = article.path,
            date = article.published.to_rfc2822(),
            summary = article.paragraphs[0],
        );
    }
    xml.push_str("</channel></rss>\n");
    Reply::ok("application/rss+xml; charset=utf-8", xml)
}
