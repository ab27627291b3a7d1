//! Paragraphs that a site puts on many of its pages: taken out of an article where a template of
//! the site was learned. What recurs is known to [`SiteTemplate`]; here is what a paragraph is to it.

use story::{Article, Block, SiteTemplate};

use crate::characters::fold;

/// Bytes from which a paragraph has the length of a story's own.
const LONG_BYTES_MIN: usize = 200;

/// The paragraphs of an article, as a template counts them.
pub fn template_blocks(article: &Article) -> Vec<Block> {
    paragraphs(&article.text).filter_map(block).collect()
}

/// Takes out of an article the paragraphs that recur on its site, and keeps them beside the text.
/// Where they are more than half of it, they are the story for all that is known, and all stay.
pub fn drop_recurring(article: &mut Article, template: &SiteTemplate) {
    let recurs = |line: &&str| block(line).is_some_and(|block| template.recurs(&block));
    let (dropped, kept): (Vec<&str>, Vec<&str>) = paragraphs(&article.text).partition(recurs);
    let bytes = |lines: &[&str]| lines.iter().map(|line| line.len()).sum::<usize>();
    if dropped.is_empty() || bytes(&dropped) > bytes(&kept) {
        return;
    }
    let dropped = dropped.into_iter().map(str::to_owned).collect();
    article.text = kept.join("\n\n");
    article.template_blocks = dropped;
}

fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n")
}

/// A paragraph as a block; `None` for one that says nothing, such as a row of asterisks.
fn block(line: &str) -> Option<Block> {
    let folded = fold(line);
    (!folded.is_empty()).then(|| Block::new(&folded, is_telling(line)))
}

/// Whether a paragraph has marks of a story's own: its length, what somebody said, or a figure.
fn is_telling(line: &str) -> bool {
    line.len() >= LONG_BYTES_MIN
        || line.starts_with(['"', '—', '–'])
        || line.contains(['“', '«'])
        || line.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use story::{StoryId, TextSource};

    use super::*;

    const HOUSE: &str = "El Correo del Sur es un diario de la región y sale todos los días.";

    fn article(number: usize, common: &str) -> Article {
        let own = |part: usize| {
            let words = ["puente", "mina", "puerto", "cuartel", "valle", "retén"];
            let (one, two) = (words[(number + part) % 6], words[number % 6]);
            format!(
                "Los vecinos del {one} hablaron del {two} con la voz {}.",
                "a".repeat(number + 1)
            )
        };
        let text = [own(0), common.to_owned(), own(1), own(2)].join("\n\n");
        Article::new(number.to_string(), text, TextSource::Page)
    }

    /// What nine pages with `common` teach, and what is left of the tenth then.
    fn tenth(common: &str) -> Article {
        let mut template = SiteTemplate::default();
        for number in 0..9 {
            let mut article = article(number, common);
            template.learn(&article.id, &template_blocks(&article));
            let before = article.clone();
            drop_recurring(&mut article, &template);
            assert_eq!(article, before);
        }
        let mut tenth = article(9, common);
        template.learn(&tenth.id, &template_blocks(&tenth));
        drop_recurring(&mut tenth, &template);
        tenth
    }

    #[test]
    fn the_tenth_page_loses_what_the_nine_before_had() {
        let cleaned = tenth(HOUSE);
        assert_eq!(cleaned.template_blocks, [HOUSE]);
        let whole = article(9, HOUSE).text;
        assert_eq!(cleaned.text, whole.replace(&format!("{HOUSE}\n\n"), ""));
    }

    #[test]
    fn a_paragraph_is_the_same_whatever_its_accents_and_marks() {
        let mut template = SiteTemplate::default();
        let written = [
            HOUSE.to_owned(),
            HOUSE.to_uppercase(),
            HOUSE.replace("región", "region"),
        ];
        for number in 0..10 {
            let article = article(number, &written[number % 3]);
            template.learn(&article.id, &template_blocks(&article));
        }
        let mut last = article(9, HOUSE);
        drop_recurring(&mut last, &template);
        assert_eq!(last.template_blocks, [HOUSE]);
    }

    #[test]
    fn what_is_most_of_the_text_stays() {
        let stub = format!("{HOUSE}\n\n{HOUSE} {HOUSE}\n\nTodo sobre el sur, {HOUSE}");
        assert_eq!(tenth(&stub), article(9, &stub));
    }

    #[test]
    fn a_row_of_asterisks_is_no_paragraph() {
        assert_eq!(tenth("* * *"), article(9, "* * *"));
    }

    #[test]
    fn what_reads_like_a_story_takes_half_of_the_pages() {
        let quote = "“Sale todos los días”, dijo el director del diario.";
        let mut template = SiteTemplate::default();
        for number in 0..30 {
            let common = ["", HOUSE, quote];
            let article = article(number, common[number % 3]);
            template.learn(
                &StoryId::of_text(&number.to_string(), ""),
                &template_blocks(&article),
            );
        }
        let dropped = |common| {
            let mut article = article(40, common);
            drop_recurring(&mut article, &template);
            article.template_blocks
        };
        assert_eq!(dropped(HOUSE), [HOUSE]);
        assert!(dropped(quote).is_empty());
    }
}
