//! Who made a story: the people whom its page names, and the agency it is of.

use url::Url;

use super::stated::{Byline, Stated};
use crate::{
    agency,
    characters::{fold, tidy},
    dom::NodeId,
    linked_data::LinkedArticle,
    names, plain,
};

/// `meta` elements that name writers, best first.
const AUTHOR_TAGS: &[&str] = &[
    "author",
    "article:author",
    "parsely-author",
    "sailthru.author",
    "byl",
    "article:byline",
    "dc.creator",
    "dcterms.creator",
    "citation_author",
    "article:author_name",
    "author_name",
    "articleauthor",
    "og:article:author",
    "cxenseparse:author",
    "creator",
];

/// Nodes between the bylines of writers who share a story.
const SHARED_NODES: NodeId = 12;

/// Texts of a byline among which its first name is; more lead to other things.
const TEXTS_MAX: usize = 4;

/// Letters of the longest acronym that an outlet goes by.
const ACRONYM_BYTES_MAX: usize = 5;

/// Words of a host that are no part of an outlet's name.
const HOST_WORDS: &[&str] = &["www", "com", "net", "org", "news", "blog"];

/// What a page says of who made its story.
pub(super) struct Credits<'s> {
    bylines: &'s [Byline],
    /// The lines under the headline.
    head: &'s [String],
    /// Whether the page says who wrote it, be that nobody in person.
    is_credited: bool,
    /// What is stated for machines, best first: JSON-LD's people, then each kind of tag.
    stated: Vec<Vec<String>>,
    organizations: Vec<String>,
    /// The outlet's names without spaces.
    outlets: Vec<String>,
    /// The first letters of the words of its names.
    initials: Vec<String>,
    /// The parts of its address, which people's own sites share with them.
    labels: Vec<String>,
}

impl<'s> Credits<'s> {
    /// Gathers what is stated.
    pub(super) fn of(
        stated: &'s Stated,
        linked: &LinkedArticle,
        outlet: Option<&str>,
        url: Option<&Url>,
    ) -> Self {
        let read = |values: &[String]| -> Vec<String> {
            values.iter().map(|name| plain::unescape(name)).collect()
        };
        let tags = AUTHOR_TAGS.iter().map(|tag| read(&stated.all(tag)));
        let own = [
            outlet,
            linked.publisher.as_deref(),
            stated.tag(&["og:site_name"]),
            stated.tag(&["application-name"]),
            stated.tag(&["apple-mobile-web-app-title"]),
            stated.tag(&["publisher"]),
            stated.tag(&["dc.publisher"]),
        ];
        let own = own.into_iter().flatten();
        let own: Vec<&str> = own
            .map(|name| name.split(" (").next().unwrap_or(name))
            .collect();
        let host = url.and_then(Url::host_str).unwrap_or_default();
        let (hyphened, labels): (Vec<&str>, Vec<&str>) = host
            .split('.')
            .filter(|label| !HOST_WORDS.contains(label))
            .partition(|label| label.contains('-'));
        let organizations = read(&linked.organizations);
        let stated_names: Vec<Vec<String>> =
            std::iter::once(read(&linked.authors)).chain(tags).collect();
        let mut all = stated_names.iter().flatten().chain(&organizations);
        Self {
            bylines: &stated.bylines,
            head: &stated.head,
            is_credited: all.any(|name| !name.contains(['@', '/']) && !name.is_empty()),
            stated: stated_names,
            organizations,
            initials: own
                .iter()
                .copied()
                .chain(stated.page_title.as_deref().and_then(title_end))
                .map(initials)
                .collect(),
            outlets: own
                .into_iter()
                .map(names::squashed)
                .chain(hyphened.into_iter().chain([host]).map(names::squashed))
                .filter(|name| !name.is_empty())
                .collect(),
            labels: labels.into_iter().map(str::to_owned).collect(),
        }
    }

    /// The people who wrote it; where it is signed by nobody in person, the outlet or institution
    /// that signs, which is no agency and no unnamed newsroom.
    pub(super) fn people(&self) -> Vec<String> {
        let mut stated = self.stated.iter().map(|names| self.among(names));
        stated
            .find(|people| people.iter().any(|name| is_full(name)))
            .or_else(|| self.shown())
            .or_else(|| self.signed())
            .or_else(|| self.single())
            .or_else(|| self.collective().map(|name| vec![name]))
            .unwrap_or_default()
    }

    /// The outlet or institution that the page states as its author.
    fn collective(&self) -> Option<String> {
        let stated = self
            .organizations
            .iter()
            .chain(self.stated.iter().flatten());
        let shown = self.head.iter().filter(|line| names::is_byline(line));
        let mut shown = shown.filter_map(|line| names::split(line).into_iter().next());
        let is_one = |name: &String| names::is_collective(name) && agency::named(name).is_none();
        stated
            .map(|text| names::bare(&tidy(text)))
            .find(is_one)
            .or_else(|| shown.find(|name| is_one(name) && self.is_own(name)))
    }

    /// The agency that it is of, where one is credited.
    pub(super) fn agency(&self) -> Option<String> {
        let shown = self.bylines.iter().filter(|byline| byline.is_near);
        let shown = shown.flat_map(|byline| byline.pieces.iter().map(|(_, text)| text));
        let stated = self
            .organizations
            .iter()
            .chain(self.stated.iter().flatten());
        stated.chain(shown).find_map(|text| {
            let named = names::split(text);
            let within = text.split(['(', ')']).map(str::to_owned);
            named
                .into_iter()
                .chain(within)
                .find_map(|name| agency::named(&name))
                .map(str::to_owned)
        })
    }

    fn among(&self, stated: &[String]) -> Vec<String> {
        let mut people = names::among(stated, &self.outlets);
        people.retain(|name| !self.is_outlet(name));
        people
    }

    /// Whether a name is the outlet's by its address: the one word that it is, or an acronym in it.
    fn is_outlet(&self, name: &str) -> bool {
        let folded = fold(name);
        self.labels.iter().any(|label| {
            let is_acronym = label.len() <= ACRONYM_BYTES_MAX;
            folded == *label || is_acronym && folded.split(' ').any(|word| word == label)
        })
    }

    /// Whether a name is the outlet's, in full or by its initials.
    fn is_own(&self, name: &str) -> bool {
        let name = names::squashed(name);
        self.outlets.contains(&name) || name.len() > 1 && self.initials.contains(&name)
    }

    /// The people named on the page for readers: first where it is likeliest.
    fn shown(&self) -> Option<Vec<String>> {
        let anywhere = if self.is_credited {
            &[true][..]
        } else {
            &[true, false]
        };
        let mut kinds = anywhere
            .iter()
            .flat_map(|near| [3, 2, 1].map(|rank| (*near, rank)));
        kinds.find_map(|(is_near, rank)| {
            let of_kind = |byline: &&Byline| byline.is_near == is_near && byline.rank == rank;
            let bylines: Vec<&Byline> = self.bylines.iter().filter(of_kind).collect();
            self.sharing(&bylines)
        })
    }

    /// The people of the first element that names any, and of those right after it.
    fn sharing(&self, bylines: &[&Byline]) -> Option<Vec<String>> {
        let mut named = bylines
            .iter()
            .map(|byline| (byline.at, self.in_byline(byline)))
            .skip_while(|(_, people)| !people.iter().any(|name| is_full(name)));
        let (mut last, mut people) = named.next()?;
        for (at, others) in named {
            if at - last > SHARED_NODES {
                break;
            }
            last = at;
            let others = others.into_iter().filter(|name| is_full(name));
            for name in others {
                if !people.contains(&name) {
                    people.push(name);
                }
            }
        }
        Some(people)
    }

    /// The people of one element: of its links, else of its first text that names any.
    fn in_byline(&self, byline: &Byline) -> Vec<String> {
        let links = byline.pieces.iter().filter(|(is_link, _)| *is_link);
        let links: Vec<String> = links.map(|(_, text)| text.clone()).collect();
        let linked = self.among(&links);
        if linked.iter().any(|name| is_full(name)) {
            return linked;
        }
        let mut texts = byline.pieces.iter().take(TEXTS_MAX);
        let found = texts.find_map(|(_, text)| {
            let people = self.among(std::slice::from_ref(text));
            people.iter().any(|name| is_full(name)).then_some(people)
        });
        found.unwrap_or_default()
    }

    /// The people of a line under the headline that begins as bylines do.
    fn signed(&self) -> Option<Vec<String>> {
        let mut lines = self.head.iter().filter(|line| names::is_byline(line));
        lines.find_map(|line| {
            let people = self.among(std::slice::from_ref(line));
            // Sentences begin with the same words, and go on in small letters.
            let is_name = |name: &String| is_full(name) && name.starts_with(char::is_uppercase);
            let goes_on = names::split(line)
                .iter()
                .skip(1)
                .any(|piece| names::is_clause(piece));
            let is_byline = !people.is_empty() && people.iter().all(is_name) && !goes_on;
            is_byline.then_some(people)
        })
    }

    /// A name of one word, or of what calls itself an organization: the last resort.
    fn single(&self) -> Option<Vec<String>> {
        let mut stated = self.stated.iter().map(|names| self.among(names));
        stated.find(|people| !people.is_empty()).or_else(|| {
            let people = self.among(&self.organizations);
            people.iter().any(|name| is_full(name)).then_some(people)
        })
    }
}

/// What stands behind the headline in a page's title: most often the outlet's name.
fn title_end(title: &str) -> Option<&str> {
    let ends = [" - ", " | ", " – ", " — "].iter();
    let mut ends = ends.filter_map(|separator| title.rsplit_once(separator));
    ends.next().map(|(_, end)| end)
}

fn initials(name: &str) -> String {
    let folded = fold(name);
    folded
        .split(' ')
        .filter_map(|word| word.chars().next())
        .collect()
}

/// Whether a name has several words, as most have, or is of a script that writes none.
fn is_full(name: &str) -> bool {
    name.contains(' ') || name.chars().next().is_some_and(|c| c > '\u{2E7F}')
}
