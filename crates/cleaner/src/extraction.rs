//! The bytes of a page to what stands on it: text and metadata, before they are made an article.

use url::Url;

use crate::{
    HTML_BYTES_MAX, Rejection, agency,
    agreement::Runs,
    blocks::Outline,
    body::{self, Clues},
    characters::tidy,
    decode,
    dom::Dom,
    lines, linked_data,
    metadata::{self, Metadata},
    noise::Noise,
    plain, scripted,
    vocabulary::Vocabulary,
};

/// Bytes of a stated text that outweigh a page's where the page shows less.
const STATED_BYTES_MIN: usize = 400;

/// What stands on a page.
pub(crate) struct Extraction {
    /// What it says of the story.
    pub metadata: Metadata,
    /// The story's paragraphs; empty where the page shows none.
    pub paragraphs: Vec<String>,
    /// Whether only the page's scripts would show them.
    pub is_scripted: bool,
}

/// Reads a page.
pub(crate) fn extract(
    bytes: &[u8],
    content_type: Option<&str>,
    url: Option<&Url>,
    noise: &Noise,
) -> Result<Extraction, Rejection> {
    if bytes.len() > HTML_BYTES_MAX {
        return Err(Rejection::TooLarge);
    }
    if decode::is_not_html(bytes, content_type) {
        return Err(Rejection::NotHtml);
    }
    let page = decode::decode(bytes, content_type);
    let dom = Dom::parse(&page).map_err(|_| Rejection::TooDeep)?;
    let linked = linked_data::read(&dom.linked_data);
    let mut vocabulary = Vocabulary::new(&dom);
    let mut metadata = metadata::read(&dom, &mut vocabulary, &linked, url);
    let outline = Outline::of(&dom, &mut vocabulary);
    let stated = linked.body.as_deref().map(plain::lines).unwrap_or_default();
    let stated_text = stated.join("\n");
    let clues = Clues {
        title: metadata.title.as_deref(),
        description: metadata.description.as_deref(),
        stated: Some(stated_text.as_str()).filter(|text| !text.is_empty()),
    };
    let shown = body::paragraphs(&outline, &clues, noise);
    let shown: Vec<String> = shown
        .iter()
        .map(|line| tidy(line))
        .filter(|line| !line.is_empty())
        .collect();
    let mut chosen = if is_withheld(&shown, &stated_text) {
        stated
    } else {
        shown
    };
    let mut is_scripted = false;
    if chosen.is_empty() {
        chosen = scripted::text(&page, metadata.title.as_deref());
        is_scripted = !chosen.is_empty();
    }
    if is_scripted && let Some(title) = &metadata.title {
        let headline = scripted::headline(&page, title);
        metadata.title = headline.or(metadata.title);
    }
    if metadata.agency.is_none() {
        metadata.agency = chosen.first().and_then(|line| agency::in_dateline(line));
    }
    let paragraphs = lines::clean(chosen, metadata.title.as_deref(), noise);
    Ok(Extraction {
        metadata,
        paragraphs,
        is_scripted,
    })
}

/// Whether a page states a text that it does not show, or shows only the beginning of.
fn is_withheld(shown: &[String], stated: &str) -> bool {
    if stated.len() < STATED_BYTES_MIN {
        return false;
    }
    let shown = shown.join("\n");
    shown.len() * 2 < stated.len()
        || Runs::of(&shown).share(stated) < 0.2 && shown.len() < stated.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "Two guards were hurt when armed men attacked a mine in the north on Monday, prosecutors said.";
    const B: &str = "The mine lies in a valley that several gangs have fought over since the price of gold went up.";
    const C: &str = "Police sent a helicopter and forty officers, and closed the only road into the valley for a day.";

    #[track_caller]
    fn check(html: &str, expected: &[&str]) {
        let read = extract(html.as_bytes(), None, None, &Noise::default()).unwrap();
        assert_eq!(read.paragraphs, expected, "{html}");
    }

    #[test]
    fn the_named_container_is_the_story() {
        check(
            &format!("<div class=teasers><p>{C}</div><div class=story-body><p>{A}<p>{B}</div>"),
            &[A, B],
        );
        check(
            &format!(
                "<article><h1>Guards hurt</h1><p>{A}<aside><p>{C}</aside><p>{B}</article><footer><p>{C}"
            ),
            &[A, B],
        );
    }

    #[test]
    fn a_body_in_several_containers_is_joined() {
        check(
            &format!(
                "<div><div class=article-text><p>{A}</div><div class=ad>Advertisement</div><div class=article-text><p>{B}</div></div>"
            ),
            &[A, B],
        );
    }

    #[test]
    fn a_discard_that_takes_the_story_is_undone() {
        check(
            &format!("<div class=widget><p>{A}<p>{B}<p>{C}</div>"),
            &[A, B, C],
        );
    }

    #[test]
    fn related_links_and_what_follows_the_story_go() {
        check(
            &format!(
                "<article><p>{A}<p><a href=x>Read more: Gold and its price</a><p>{B}<p>{A} {B}<h3>Related articles</h3><p>{C}</article>"
            ),
            &[A, B, &format!("{A} {B}")],
        );
    }

    #[test]
    fn a_text_that_is_stated_and_not_shown_is_taken() {
        let body = format!("{A} {B} {C} {A} {B}");
        let page = format!(
            "<script type='application/ld+json'>{{\"@type\":\"NewsArticle\",\"articleBody\":\"{body}\"}}</script><p>{A}"
        );
        check(&page, &[&body]);
    }

    #[test]
    fn an_endless_page_ends_with_its_first_story() {
        check(
            &format!(
                "<main><article><h1>Guards hurt</h1><p>{A}<p>{B}<p>{A} {C}</article><article><h1>Gold falls</h1><p>{C} {A} {B} {C}</article></main>"
            ),
            &[A, B, &format!("{A} {C}")],
        );
    }

    #[test]
    fn a_story_of_short_paragraphs_is_whole() {
        let names = ["Ana Luz", "Beto Paz", "Carla Ruiz", "Dino Vera", "Ema Soto"];
        let paragraphs = names.map(|name| format!("<p>{name}")).concat();
        let mut expected = vec![A];
        expected.extend(names);
        expected.push(B);
        check(
            &format!("<div><h1>All winners</h1><p>{A}{paragraphs}<p>{B}</div>"),
            &expected,
        );
    }

    #[test]
    fn a_list_that_is_named_the_story_is_taken() {
        let names: Vec<String> = (10..60).map(|at| format!("Winner {at}")).collect();
        let items = format!("<li>{}", names.join("<li>"));
        let expected: Vec<&str> = names.iter().map(String::as_str).collect();
        check(
            &format!("<h1>All winners</h1><div itemprop=articleBody><ul>{items}</ul></div><p>{A}"),
            &expected,
        );
    }

    #[test]
    fn asides_longer_than_a_named_story_are_no_story() {
        check(
            &format!(
                "<div class=entry-content><p>{A}<p>{B}<p>{A} {B}</div><aside><p>{C} {A} {B} {C}<p>{B} {C} {A} {C}</aside>"
            ),
            &[A, B, &format!("{A} {B}")],
        );
    }

    #[test]
    fn a_long_summary_opens_the_story_and_a_short_one_does_not() {
        let long = format!("{A} The army sent two hundred men into the hills on the same day.");
        for (summary, expected) in [(long.as_str(), vec![&*long, B, C]), (A, vec![B, C])] {
            check(
                &format!(
                    "<h1>Guards hurt</h1><h2 class=bajada>{summary}</h2><div class=story-body><p>{B}<p>{C}</div>"
                ),
                &expected,
            );
        }
    }

    #[test]
    fn a_label_in_the_middle_is_not_the_end() {
        let page = |label: &str| {
            format!(
                "<div class=story-body><p>{A} {B}<p>{B} {C}<p>{A} {C}{label}<p>{C} {B} {A}</div>"
            )
        };
        let before = [format!("{A} {B}"), format!("{B} {C}"), format!("{A} {C}")];
        let after = format!("{C} {B} {A}");
        let mut expected: Vec<&str> = before.iter().map(String::as_str).collect();
        check(&page("<h3>Don't miss</h3>"), &expected);
        expected.push(&after);
        check(&page("<p>Don't miss"), &expected);
    }
}
