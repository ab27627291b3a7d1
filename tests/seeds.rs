//! The kind of input that vigia exists for: articles that someone scraped carelessly.

mod support;

use std::{fs, path::Path};

use serde_json::Value;
use support::{shared, text, vigia, vigia_with_input};

/// What must come out of a seed.
struct Expected {
    country: &'static str,
    actors: &'static [&'static str],
    categories: &'static [&'static str],
    places: &'static [&'static str],
    /// Noise that must be gone, as it stands in the fixture and in the original.
    noise: &'static [&'static str],
    /// Facts that must still be there.
    facts: &'static [&'static str],
}

const KILLED: Expected = Expected {
    country: "CO",
    actors: &["clan-del-golfo", "farc-dissidents", "eln"],
    categories: &[],
    places: &[],
    noise: &[
        "Audio By Carbonatix",
        "Latest Stories",
        "Ghana",
        "minutes -",
        "XÂ",
    ],
    facts: &["12 soldiers", "ELN"],
};

const VRAEM: Expected = Expected {
    country: "PE",
    actors: &["sendero"],
    categories: &[],
    places: &["VRAEM", "La Convención", "Cusco"],
    noise: &[
        "Advertisement",
        "enter your comment",
        "Stay Connected",
        "Latest posts",
        "March 27",
    ],
    facts: &["69,000"],
};

const PLAN_PISTOLA: Expected = Expected {
    country: "CO",
    actors: &["clan-del-golfo", "farc-dissidents"],
    categories: &["security-policy", "homicide"],
    places: &[],
    noise: &[],
    facts: &["27", "19 police", "Dubai"],
};

const CAPTIVES: Expected = Expected {
    country: "CO",
    actors: &["emc"],
    categories: &["kidnapping"],
    places: &["Argelia", "El Tambo"],
    noise: &["AFP"],
    facts: &["29"],
};

const SEEDS: [(&str, &str, &Expected); 4] = [
    (
        "colombia-security-forces-killed.txt",
        "000_e829db76487e0e12.txt",
        &KILLED,
    ),
    ("peru-vraem-ambush.txt", "001_fb4cd857bd402ea4.txt", &VRAEM),
    (
        "colombia-plan-pistola.txt",
        "002_8c807c317c9a72e9.txt",
        &PLAN_PISTOLA,
    ),
    (
        "colombia-captives-emc.txt",
        "003_d0fc5ace21699cc2.txt",
        &CAPTIVES,
    ),
];

#[test]
fn seeds_in_our_own_words_are_kept_with_their_facts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/seeds");
    for (fixture, _, expected) in SEEDS {
        check(&folder.join(fixture), expected);
    }
}

#[test]
fn the_seeds_themselves_are_kept_with_their_facts() {
    let Some(folder) = shared("seeds") else {
        return;
    };
    for (_, original, expected) in SEEDS {
        check(&folder.join(original), expected);
    }
}

fn check(path: &Path, expected: &Expected) {
    let name = path.display();
    let cleaned = vigia().arg("clean").arg(path).output().unwrap();
    assert!(
        cleaned.status.success(),
        "{name}: {}",
        text(&cleaned.stderr)
    );
    let article = text(&cleaned.stdout);
    let clean: Value = serde_json::from_str(&article).unwrap();
    let body = clean["text"].as_str().unwrap();
    for noise in expected.noise {
        assert!(
            !body.contains(noise),
            "{name}: `{noise}` is left in:\n{body}"
        );
    }
    for fact in expected.facts {
        assert!(
            body.contains(fact),
            "{name}: `{fact}` is gone from:\n{body}"
        );
    }

    let classified = vigia_with_input(&["classify", "--all"], &article);
    let story: Value = serde_json::from_str(&text(&classified.stdout)).unwrap();
    let found = |list: &str, key: &str| -> Vec<String> {
        let items = story[list].as_array().unwrap().iter();
        items
            .map(|item| item[key].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(story["relevant"], true, "{name}: {story:#}");
    assert!(
        story["score"].as_f64().unwrap() >= 0.8,
        "{name}: score {}",
        story["score"]
    );
    let countries = found("countries", "iso2");
    assert_eq!(countries[0], expected.country, "{name}: {countries:?}");
    assert!(
        !countries.contains(&"GH".to_owned()),
        "{name}: {countries:?}"
    );
    let lists = [
        ("actors", "id", expected.actors),
        ("categories", "name", expected.categories),
        ("places", "name", expected.places),
    ];
    for (list, key, wanted) in lists {
        let got = found(list, key);
        for wanted in wanted {
            assert!(
                got.iter().any(|got| got == wanted),
                "{name}: no {wanted} among {list}: {got:?}"
            );
        }
    }
    check_evidence(&name.to_string(), &story);
}

/// Each piece of evidence slices to its term.
fn check_evidence(name: &str, story: &Value) {
    let evidence = story["evidence"].as_array().unwrap();
    assert!(!evidence.is_empty(), "{name}");
    for piece in evidence {
        let field: Vec<char> = story[piece["field"].as_str().unwrap()]
            .as_str()
            .unwrap()
            .chars()
            .collect();
        let at = |key: &str| piece[key].as_u64().unwrap() as usize;
        let slice: String = field[at("start")..at("end")].iter().collect();
        assert_eq!(slice, piece["term"].as_str().unwrap(), "{name}");
    }
}

#[test]
fn a_seed_as_plain_text_goes_through_classify_alone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/seeds");
    let seed = fs::read_to_string(folder.join("peru-vraem-ambush.txt")).unwrap();
    let classified = vigia_with_input(&["classify"], &seed);
    let story: Value = serde_json::from_str(&text(&classified.stdout)).unwrap();
    assert_eq!(story["relevant"], true);
}
