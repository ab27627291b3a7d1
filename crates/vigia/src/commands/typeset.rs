//! How texts are set for a person: how wide, and without what would command the terminal.

use pipeline::Explanation;
use story::Story;

/// The widest that a text is set: longer lines tire the eye.
const WIDTH_MAX: usize = 88;

/// The width for texts: the terminal's, as far as there is one and it is not too wide to read.
pub(super) fn width() -> usize {
    let measured = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let width = measured.filter(|width| *width > 0).unwrap_or(WIDTH_MAX);
    width.min(WIDTH_MAX)
}

/// A character as it may be shown: what moves the cursor, sets colours, or has a line read in another
/// order than it is written in, is not the text's to do. One stands for one, so that offsets hold.
fn shown(character: char) -> char {
    match character {
        '\n' => '\n',
        '\u{2028}' | '\u{2029}' => ' ',
        // Marks, embeddings, overrides and isolates of the bidirectional algorithm; annotations and
        // tags, which hide text in text.
        '\u{61c}'
        | '\u{200e}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => '\u{fffd}',
        character if character.is_control() => '\u{fffd}',
        character => character,
    }
}

/// A text of several lines as it may be shown.
pub(super) fn text(text: &str) -> String {
    text.chars().map(shown).collect()
}

/// A text as it may be shown in one line.
pub(super) fn line(text: &str) -> String {
    let blank = |c| if c == '\n' { ' ' } else { c };
    text.chars().map(shown).map(blank).collect()
}

/// A text as it may be shown in one line, its words a blank apart, without what may not be shown.
pub(super) fn words(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || shown(c) != c)
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// An explanation as it may be shown: whatever of it a stranger wrote, a model or table of other
/// people's as well. Its evidence points where it did.
pub(super) fn explanation(explained: &Explanation) -> Explanation {
    let mut explained = explained.clone();
    story_in_place(&mut explained.story);
    explained.flip = line(&explained.flip);
    let votes = explained.votes.iter_mut();
    votes
        .flat_map(|vote| &mut vote.terms)
        .for_each(|term| *term = line(term));
    explained
}

/// A story as it may be shown.
pub(super) fn story(story: &Story) -> Story {
    let mut story = story.clone();
    story_in_place(&mut story);
    story
}

fn story_in_place(story: &mut Story) {
    story.text = text(&story.text);
    let own = [&mut story.title, &mut story.model].into_iter();
    let places = story.places.iter_mut();
    let places = places.flat_map(|place| [&mut place.name, &mut place.kind]);
    let actors = story.actors.iter_mut();
    let actors = actors.flat_map(|actor| [&mut actor.name, &mut actor.kind]);
    let evidence = story.evidence.iter_mut();
    let evidence = evidence.flat_map(|piece| [&mut piece.term, &mut piece.label]);
    let categories = story.categories.iter_mut().map(|of| &mut of.name);
    own.chain(places)
        .chain(actors)
        .chain(evidence)
        .chain(categories)
        .chain(&mut story.outlet)
        .chain(&mut story.provenance.template_blocks)
        .for_each(|text| *text = line(text));
    let admin1 = story.places.iter_mut().flat_map(|place| &mut place.admin1);
    admin1.for_each(|name| *name = line(name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_commands_a_terminal_is_shown() {
        let text_of = |from: u32, to: u32| (from..=to).filter_map(char::from_u32);
        let bad: String = text_of(0, 0x1f)
            .filter(|c| *c != '\n')
            .chain(text_of(0x7f, 0x9f))
            .chain(text_of(0x202a, 0x202e))
            .chain(text_of(0x2066, 0x2069))
            .chain("\u{e0041}\u{200f}".chars())
            .collect();
        assert!(text(&bad).chars().all(|c| c == '\u{fffd}'));
        assert_eq!(text(&bad).chars().count(), bad.chars().count());
        assert_eq!(text("á\nñ 👩\u{200d}🚒"), "á\nñ 👩\u{200d}🚒");
        assert_eq!(line("á\nñ\u{2028}o"), "á ñ o");
    }
}
