//! Writes one article: draws its scene and topic, and fills sentences with them.

use chrono::{DateTime, Utc};

use super::{
    Article,
    dice::Dice,
    phrases::{ALIASES, FIRST_NAMES, LAST_NAMES, Phrases, Scene, TEAMS},
};

const LANGS: [&str; 5] = ["es", "es", "pt", "es", "en"];
const OTHER_TOPICS: &[&str] = &["sport", "politics", "economy", "weather"];

/// Writes the article that stands at `index` of a feed.
pub(super) fn write(
    seed: u64,
    section: char,
    feed: usize,
    index: usize,
    published: DateTime<Utc>,
) -> Article {
    let mut dice = Dice::new(&[seed, u64::from(section), feed as u64, index as u64]);
    let lang = LANGS[feed % LANGS.len()];
    let security = dice.below(2) == 0;
    let topic = if security {
        "security"
    } else {
        dice.pick(OTHER_TOPICS)
    };
    let mut cast = Cast::draw(lang, &mut dice);
    let phrases = Phrases::of(lang);
    let title = cast.fill(dice.pick(phrases.get(topic, "headline")), &mut dice);
    let lead = cast.fill(dice.pick(phrases.get(topic, "lead")), &mut dice);
    // Only headline and lead must agree on their figures.
    cast.figures = None;
    let mut paragraphs = vec![lead];
    paragraphs.extend(body(phrases.get(topic, "body"), &cast, &mut dice));
    let id = format!("{section}{feed:02}-{index:04}");
    Article {
        path: format!(
            "/{section}{feed:02}/noticias/{}-{index:04}.html",
            slug(&title)
        ),
        guid: format!("urn:testkit:{seed}:{id}"),
        author: person(&mut dice),
        title,
        published,
        lang,
        country: cast.scene.iso2,
        security,
        paragraphs,
    }
}

/// Headlines of other articles, as they stand all over a newspaper's page.
pub(super) fn headlines(lang: &str, count: usize, dice: &mut Dice) -> Vec<String> {
    let phrases = Phrases::of(lang);
    let mut headline = || {
        let topic = dice.pick(&["security", "sport", "politics", "economy", "weather"]);
        let cast = Cast::draw(lang, dice);
        cast.fill(dice.pick(phrases.get(topic, "headline")), dice)
    };
    (0..count).map(|_| headline()).collect()
}

/// Between 5 and 13 paragraphs of one or two sentences, none of them twice.
fn body(sentences: &[&'static str], cast: &Cast, dice: &mut Dice) -> Vec<String> {
    let mut sentences = sentences.to_vec();
    dice.shuffle(&mut sentences);
    let most = sentences.len().min(13);
    let paragraphs = dice.between(5, most);
    let spare = sentences.len() - paragraphs;
    let paired = dice.below(spare.min(paragraphs) + 1);
    let mut sentences = sentences
        .into_iter()
        .map(|sentence| cast.fill(sentence, dice));
    let mut sentences = || sentences.next().expect("as many as were counted");
    (0..paragraphs)
        .map(|index| {
            if index < paired {
                format!("{} {}", sentences(), sentences())
            } else {
                sentences()
            }
        })
        .collect()
}

/// What the slots of one article stand for.
struct Cast {
    scene: &'static Scene,
    team: &'static str,
    rival: &'static str,
    player: String,
    figures: Option<Figures>,
}

#[derive(Clone, Copy)]
struct Figures {
    number: usize,
    small: usize,
    day: usize,
}

impl Figures {
    fn draw(dice: &mut Dice) -> Self {
        Self {
            number: dice.between(4, 19),
            small: dice.between(2, 3),
            day: dice.below(5),
        }
    }
}

impl Cast {
    fn draw(lang: &str, dice: &mut Dice) -> Self {
        let team = dice.below(TEAMS.len());
        let rival = (team + 1 + dice.below(TEAMS.len() - 1)) % TEAMS.len();
        Self {
            scene: dice.pick(&Scene::of(lang)),
            team: TEAMS[team],
            rival: TEAMS[rival],
            player: person(dice),
            figures: Some(Figures::draw(dice)),
        }
    }

    fn fill(&self, sentence: &str, dice: &mut Dice) -> String {
        let mut filled = String::with_capacity(sentence.len() + 64);
        let mut rest = sentence;
        while let Some((before, (slot, after))) = rest
            .split_once('{')
            .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            filled.push_str(before);
            filled.push_str(&self.slot(slot, dice));
            rest = after;
        }
        filled.push_str(rest);
        let filled = match self.scene.lang {
            "es" => filled.replace(" de el ", " del ").replace(" a el ", " al "),
            _ => filled,
        };
        capitalised(&filled)
    }

    fn slot(&self, name: &str, dice: &mut Dice) -> String {
        let figures = self.figures.unwrap_or_else(|| Figures::draw(dice));
        match name {
            "place" => self.scene.place.to_owned(),
            "admin" => self.scene.admin.to_owned(),
            "country" => self.scene.country.to_owned(),
            "force" => self.scene.force.to_owned(),
            "actor" => self.scene.actor.to_owned(),
            "team" => self.team.to_owned(),
            "rival" => self.rival.to_owned(),
            "player" => self.player.clone(),
            "person" => person(dice),
            "alias" => dice.pick(ALIASES).to_owned(),
            "number" => figures.number.to_string(),
            "small" => figures.small.to_string(),
            "day" => weekdays(self.scene.lang)[figures.day].to_owned(),
            "hour" => format!("{}:{:02}", dice.between(17, 23), 5 * dice.below(12)),
            "troops" => (50 * dice.between(4, 40)).to_string(),
            _ => unreachable!("`{name}` is no slot"),
        }
    }
}

fn weekdays(lang: &str) -> [&'static str; 5] {
    match lang {
        "pt" => [
            "segunda-feira",
            "terça-feira",
            "quarta-feira",
            "quinta-feira",
            "sexta-feira",
        ],
        "en" => ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
        _ => ["lunes", "martes", "miércoles", "jueves", "viernes"],
    }
}

fn person(dice: &mut Dice) -> String {
    format!("{} {}", dice.pick(FIRST_NAMES), dice.pick(LAST_NAMES))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect()
}

/// The headline as newspapers write it into addresses: small ASCII letters, digits and hyphens.
pub(super) fn slug(title: &str) -> String {
    let mut slug = String::with_capacity(title.len());
    for letter in title.chars().flat_map(char::to_lowercase) {
        let plain = match letter {
            'á' | 'à' | 'â' | 'ã' => 'a',
            'é' | 'ê' => 'e',
            'í' => 'i',
            'ó' | 'ô' | 'õ' => 'o',
            'ú' | 'ü' => 'u',
            'ç' => 'c',
            'ñ' => 'n',
            'a'..='z' | '0'..='9' => letter,
            _ => '-',
        };
        if plain != '-' || !slug.ends_with('-') {
            slug.push(plain);
        }
    }
    slug.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_plain_ascii() {
        assert_eq!(
            slug("¡Atención! Policía mató a «Mocho»"),
            "atencion-policia-mato-a-mocho"
        );
    }

    #[test]
    fn spanish_articles_contract() {
        let mut dice = Dice::new(&[1]);
        let mut cast = Cast::draw("es", &mut dice);
        let eln = Scene::of("es").into_iter().find(|s| s.actor == "el ELN");
        cast.scene = eln.unwrap();
        assert_eq!(
            cast.fill("{actor} huye y cae un jefe de {actor}.", &mut dice),
            "El ELN huye y cae un jefe del ELN."
        );
    }
}
