use std::sync::OnceLock;

use super::*;

fn classifier() -> &'static Classifier {
    static CLASSIFIER: OnceLock<Classifier> = OnceLock::new();
    CLASSIFIER.get_or_init(|| {
        let knowledge = crate::load_knowledge(None).unwrap();
        let model = crate::load_model(None, &knowledge).unwrap();
        Classifier::new(knowledge, model, 0.5)
    })
}

fn cleaned(line: &Value) -> Value {
    serde_json::from_str(&clean_line(&Cleaner::new(), &line.to_string())).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    let fields = value.as_object().unwrap();
    fields.keys().map(String::as_str).collect()
}

const TEXT: &str = "Doce soldados murieron en una emboscada del ELN en Arauca, Colombia. \
                    El ataque ocurrió de madrugada, informó el Ejército.";

#[test]
fn a_story_keeps_the_order_of_its_fields_and_what_came_with_it() {
    let line = json!({ "zone": { "b": 1, "a": 2 }, "id": 7, "title": "Emboscada", "text": TEXT,
                       "score": "mine", "etag": "\"e\"", "http_status": 203 });
    let answer = classify_line(classifier(), &line.to_string(), Which::Kept).unwrap();
    assert!(
        answer.starts_with(r#"{"schema":"vigia.story/1","id":7,"revision":1,"#),
        "{answer}"
    );
    assert!(answer.contains(r#""zone":{"b":1,"a":2}"#), "{answer}");
    let story: Value = serde_json::from_str(&answer).unwrap();
    let own = serde_json::to_value(classifier().classify(article(
        ClassifyLine::default(),
        &Fields::read::<Value>("{}", &[]).unwrap().1,
    )));
    let own = own.unwrap();
    let mut expected = keys(&own);
    expected.push("zone");
    assert_eq!(keys(&story), expected);
    assert!(
        story["score"].is_number(),
        "the verdict is the record's own"
    );
    let provenance = &story["provenance"];
    assert_eq!(
        (&provenance["etag"], &provenance["http_status"]),
        (&json!("\"e\""), &json!(203))
    );
}

#[test]
fn an_article_starts_with_its_id_and_carries_fields_of_others() {
    let line = json!({ "batch": 3, "text": TEXT, "status": "published", "outlet": "El Faro" });
    let article = cleaned(&line);
    assert_eq!(keys(&article)[0], "id");
    assert_eq!(
        (&article["batch"], &article["status"]),
        (&json!(3), &json!("published"))
    );
    assert_eq!(article["outlet"], "El Faro");
    assert_eq!(article["http_status"], Value::Null);
}

#[test]
fn a_page_keeps_what_its_entry_said() {
    let html = format!("<html><body><article><p>{TEXT}</p><p>{TEXT} Segunda vez.</p></article>");
    let mut line = json!({ "id": "g", "url": "https://a.test/1", "status": 203, "html": html,
                           "title": "Doce soldados muertos", "authors": ["Ana Ruiz"],
                           "summary": "Corto." });
    for feed in [Value::Null, json!("a-feed")] {
        line["feed"] = feed;
        let article = cleaned(&line);
        assert_eq!(article["title"], "Doce soldados muertos", "{article}");
        assert_eq!(article["bylines"], json!(["Ana Ruiz"]), "{article}");
        assert_eq!(article["http_status"], 203);
        assert_eq!(
            (&article["status"], &article["summary"]),
            (&json!(203), &json!("Corto."))
        );
        assert_eq!(article["feed"], line["feed"]);
        assert_eq!(article.get("html"), None);
    }
}

#[test]
fn what_could_not_be_fetched_still_says_why_behind_every_filter() {
    let unfetched = unfetched_line("https://a.test/1", "404 Not Found");
    let cleaned = clean_line(&Cleaner::new(), &unfetched);
    assert_eq!(cleaned, unfetched);
    let classified = classify_line(classifier(), &cleaned, Which::Kept);
    assert_eq!(classified, Some(unfetched));
}
