//! Articles as JSON lines on standard input to stories on standard output, with the `id` carried:
//! what the evaluation of the classifier runs. `--features` prints what the score was made from.

use std::{
    io::{self, BufRead, Write},
    sync::Arc,
};

use classifier::{Classifier, Knowledge, KnowledgeFiles, Model};
use serde_json::{Value, json};
use story::{Article, Lang, StoryId, TextSource};

fn main() -> io::Result<()> {
    let features = std::env::args().any(|argument| argument == "--features");
    let started = std::time::Instant::now();
    let knowledge = Knowledge::parse(KnowledgeFiles::embedded()).map_err(|problems| {
        io::Error::other(
            problems
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n"),
        )
    })?;
    eprintln!("knowledge compiled in {:?}", started.elapsed());
    let model = Model::embedded(&knowledge).map_err(io::Error::other)?;
    let classifier = Classifier::new(Arc::new(knowledge), Arc::new(model), 0.5);
    let (mut articles, mut spent) = (0_u32, std::time::Duration::ZERO);
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let article = article(&line);
        let mut row = if features {
            let explained = classifier.explain(article);
            json!({ "features": explained.features, "security": explained.security, "region": explained.region })
        } else {
            let started = std::time::Instant::now();
            let story = classifier.classify(article);
            spent += started.elapsed();
            articles += 1;
            serde_json::to_value(story)?
        };
        row["id"] = line["id"].clone();
        writeln!(out, "{row}")?;
    }
    eprintln!("{articles} articles judged in {spent:?}");
    out.flush()
}

fn article(line: &Value) -> Article {
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let (title, body) = (text("title"), text("text"));
    let read = format!("{title}\n{}", body.chars().take(3000).collect::<String>());
    Article {
        id: StoryId::carried(text("id")),
        lang: language(&read),
        ..Article::new(title, body, TextSource::Text)
    }
}

fn language(text: &str) -> Option<Lang> {
    match whatlang::detect_lang(text)? {
        whatlang::Lang::Spa => Some(Lang::ES),
        whatlang::Lang::Por => Some(Lang::PT),
        whatlang::Lang::Eng => Some(Lang::EN),
        _ => None,
    }
}
