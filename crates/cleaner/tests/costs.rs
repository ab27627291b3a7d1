//! What hostile pages may cost: time in proportion to their size.
//!
//! Each shape repeats what some pass might compare with all of its like. What is measured is the
//! growth of a page's time with its size and what it costs beside prose of the same size, so that
//! neither the machine nor the build matters.

use std::{fs, time::Instant};

use bytes::Bytes;
use cleaner::Cleaner;
use story::{Content, Entry, Fetched, Page};

/// Bytes of the smaller page of a shape.
const PAGE_BYTES: usize = 60_000;

/// How many times as large the other page is.
const GROWTH: usize = 4;

/// How much more the larger page may cost: 4 times is linear, 16 times quadratic.
const COST_GROWTH_MAX: f64 = 9.0;

/// How much more than prose of its size a page may cost. The dearest shapes search a deep tree
/// for the element that a tag ends, at each of its tags.
const COST_MAX: f64 = 40.0;

/// A page that costs no more than this beside prose is not asked how its cost grows: no clock
/// tells so little.
const CHEAP: f64 = 2.0;

/// Measurements before a shape is given up; the least of each size counts.
const TRIES: usize = 4;

type Shape = (&'static str, fn(usize) -> String);

/// Pages by what they repeat, of about so many bytes.
const SHAPES: &[Shape] = &[
    ("headings beside a long headline", |bytes| {
        article("headline", &fill("palabra ", bytes / 2)) + &fill("<h2>a b", bytes / 2)
    }),
    ("paragraphs beside a long description", |bytes| {
        article("description", &fill("palabra ", bytes / 2))
            + &fill(&format!("<p>{LINE}</p>"), bytes / 2)
            + &story()
    }),
    ("authors", |bytes| {
        let names = numbered(bytes / 14, |at| format!("\"Ana {}\",", letters(at)));
        linked(&format!(
            "{{\"@type\":\"NewsArticle\",\"author\":[{names}\"\"]}}"
        ))
    }),
    ("names of one author", |bytes| {
        let names = numbered(bytes / 14, |at| format!("\"Ana {}\",", letters(at)));
        linked(&format!(
            "{{\"@type\":\"NewsArticle\",\"author\":{{\"name\":[{names}\"\"]}}}}"
        ))
    }),
    ("authors in one string", |bytes| {
        let names = numbered(bytes / 12, |at| format!("Ana {}, ", letters(at)));
        article("author", &names)
    }),
    ("author tags", |bytes| {
        numbered(bytes / 44, |at| {
            format!("<meta name=author content='Ana {}'>", letters(at))
        })
    }),
    ("separators in a headline", |bytes| {
        article("headline", &format!("x{}", fill(" | .", bytes)))
    }),
    ("separators in a title", |bytes| {
        format!("<title>x{}</title>{}", fill(" | .", bytes), story())
    }),
    ("separators in a heading", |bytes| {
        format!("<h1>x{}</h1>{}", fill(" | .", bytes), story())
    }),
    ("separators without spaces", |bytes| {
        article("headline", &format!("x{}", fill("|", bytes)))
    }),
    ("headings of both levels", |bytes| {
        fill("<h1>Tres hombres</h1><h2>hieren a dos</h2>", bytes)
    }),
    ("words for search engines", |bytes| {
        format!(
            "<meta name=keywords content='{}'>{}",
            fill("&lt;,", bytes),
            story()
        )
    }),
    ("links to writers", |bytes| {
        let link = "<a href=/autor/ana-ruiz>Ana Ruiz</a> ";
        format!("<h1>Tres hombres hieren a dos</h1>{}", fill(link, bytes))
    }),
    ("a byline without end", |bytes| {
        format!(
            "<h1>Tres hombres hieren a dos</h1><p>Por {}",
            fill("Ana<b> ", bytes)
        )
    }),
    ("dates under the headline", |bytes| {
        format!(
            "<h1>Tres hombres hieren a dos</h1>{}",
            fill("<p>1 de marzo de 1", bytes)
        )
    }),
    ("brackets never closed", |bytes| {
        linked(&fill("{\"a\":[", bytes))
    }),
    ("social titles", |bytes| {
        fill(
            &format!("<meta property=og:title content='x{}'>", fill(" | .", 3900)),
            bytes,
        )
    }),
    ("dates of nested elements", |bytes| {
        nested(
            "<span itemprop=datePublished>",
            "</span>",
            &fill("dos palabras ", bytes),
        )
    }),
    ("bylines of nested elements", |bytes| {
        nested(
            "<span class=author>",
            "</span>",
            &fill("dos palabras ", bytes),
        )
    }),
    ("nested times", |bytes| {
        nested(
            "<time class=updated>",
            "</time>",
            &fill("dos palabras ", bytes),
        )
    }),
    ("nested shares", |bytes| {
        nested(
            "<span class=share>",
            "</span>",
            &fill("dos palabras ", bytes),
        )
    }),
    ("many nests of bylines", |bytes| {
        fill(
            &nested("<b class=author>", "</b>", &fill("dos palabras ", 2000)),
            bytes,
        )
    }),
    ("line breaks after spaces", |bytes| {
        fill("\u{A0}", bytes / 3) + &fill("<br>", bytes * 2 / 3)
    }),
    ("line breaks after brackets", |bytes| {
        fill(")", bytes / 3) + &fill("<br>)", bytes * 2 / 3)
    }),
    ("standfirsts that stand in the story", |bytes| {
        let head = fill(&format!("<p class=bajada>{LINE}</p>"), bytes / 2);
        let body = numbered(bytes / 2 / 70, |at| format!("<p>{LINE} {at:04}."));
        format!("<h1>Tres hombres</h1>{head}<div itemprop=articleBody>{body}<p>{LINE}</div>")
    }),
    ("metadata tags", |bytes| {
        fill("<meta name=a content=b>", bytes)
    }),
    ("dates that are none", |bytes| {
        fill("<meta name=date content=marzo><time datetime=marzo>", bytes)
    }),
    ("empty objects", |bytes| {
        linked(&format!("[{{}}{}]", fill(",{\"\":0}", bytes)))
    }),
    ("types of an object", |bytes| {
        linked(&format!(
            "{{\"@type\":[\"a\"{}]}}",
            fill(",\"Article\"", bytes)
        ))
    }),
    ("scripts of linked data", |bytes| {
        fill(&linked("{\"@type\":\"Article\"}"), bytes)
    }),
    ("broken linked data", |bytes| linked(&fill("},", bytes))),
    ("a stated body", |bytes| {
        article("articleBody", &fill("uno dos tres. ", bytes / 2))
            + &fill("<p>uno dos tres cuatro", bytes / 2)
    }),
    ("class lists", |bytes| {
        fill(&format!("<p class='{}'>x", fill("a-b ", 3000)), bytes)
    }),
    ("names of elements", |bytes| {
        numbered(bytes / 20, |at| format!("<p class={}>x", letters(at)))
    }),
    ("attributes", |bytes| {
        fill(
            "<p id lang name rel role style class hidden content>x",
            bytes,
        )
    }),
    ("html tags", |bytes| fill("<html id=a><body id=b>", bytes)),
    ("end tags of deep elements", |bytes| {
        fill("<x-a>", 20) + &fill("<i>", 900 * 3) + &fill("</x-b>", bytes)
    }),
    ("paragraphs' ends in deep elements", |bytes| {
        format!("<p><object>{}{}", fill("<i>", 900 * 3), fill("</p>", bytes))
    }),
    ("links around blocks", |bytes| {
        fill("<a>x<div>y</a>z</div>", bytes)
    }),
    ("links in deep blocks", |bytes| {
        fill("<div>x", 900 * 6) + &fill("<a>x<p>y</a>", bytes)
    }),
    ("misplaced in tables", |bytes| {
        format!("<table>{}", fill("<b>x</b>", bytes))
    }),
    ("forms", |bytes| fill("<form><div></form>x</div>", bytes)),
    ("less-than signs", |bytes| fill("<", bytes)),
    ("comments never closed", |bytes| fill("<!-", bytes)),
    ("drawings never closed", |bytes| fill("<svg><math>", bytes)),
    ("references", |bytes| {
        fill("&CounterClockwiseContourIntegra", bytes / 2) + &fill("&#x", bytes / 2)
    }),
    ("text encoded many times", |bytes| {
        fill("ÃƒÆ’Ã†â€™Ãƒâ€ ", bytes)
    }),
    ("combining marks", |bytes| {
        format!("<p>a{}", fill("\u{301}\u{323}", bytes))
    }),
    ("cells", |bytes| {
        format!("<table><tr>{}", fill("<td>\u{A0}", bytes))
    }),
    ("headlines in the text", |bytes| {
        format!(
            "<title>{LINE}</title>{}",
            fill(&format!("<p>{LINE}"), bytes)
        )
    }),
    ("lines like rules", |bytes| {
        fill(
            "<p>read more latest share on a b : c published by 2024",
            bytes,
        )
    }),
    ("paragraphs never closed", |bytes| fill("<p>word ", bytes)),
    ("links around tables", |bytes| fill("<a><table>", bytes)),
    ("items", |bytes| fill("<li><b>x</b>", bytes)),
    ("ends of nothing", |bytes| fill("</p>", bytes)),
    ("line breaks", |bytes| fill("x<br>", bytes)),
    ("nested tables", |bytes| fill("<table><tr><td>", bytes)),
    ("texts for scripts", |bytes| {
        format!("<script>{}</script>", fill("\"body\":\"x\",", bytes))
    }),
    ("texts for scripts never closed", |bytes| {
        format!("<script>{}", fill("\"body\": \"", bytes))
    }),
    ("signatures", |bytes| {
        story() + &fill("<p style='text-align:right'>Ana Ruiz</p>", bytes)
    }),
    ("nested signatures", |bytes| {
        let nest = nested(
            "<p style='text-align:right'><div>",
            "</div></p>",
            "Ana Ruiz",
        );
        story() + &fill(&nest, bytes)
    }),
    ("writers under the headline", |bytes| {
        format!(
            "<h1>{LINE}</h1>{}",
            fill("<p>Por Ana Ruiz, Lima</p>", bytes)
        )
    }),
    ("elements within a sentence", |bytes| {
        format!("<p>{LINE}{}", fill("<span class=share>a</span> b ", bytes))
    }),
    ("captions", |bytes| {
        numbered(bytes / 70, |at| {
            format!("<p>La foto {at} de la mina<p>La foto {at} de la mina AFP")
        })
    }),
];

const LINE: &str = "Tres hombres armados hirieron a dos guardias de una mina";

/// As many units as asked for, each with its number.
fn numbered(count: usize, unit: impl Fn(usize) -> String) -> String {
    (0..count).map(unit).collect()
}

fn fill(unit: &str, bytes: usize) -> String {
    unit.repeat(bytes / unit.len() + 1)
}

fn linked(json: &str) -> String {
    format!("<script type=application/ld+json>{json}</script>")
}

/// Linked data of an article that states one thing, and a text.
fn article(name: &str, value: &str) -> String {
    linked(&format!(
        "{{\"@type\":\"NewsArticle\",\"{name}\":\"{value}\"}}"
    )) + &story()
}

fn story() -> String {
    format!(
        "<article>{}</article>",
        format!("<p>{LINE}, informó el lunes la fiscalía del país.").repeat(3)
    )
}

/// A text in so many elements that the tree is just not too deep.
fn nested(open: &str, close: &str, text: &str) -> String {
    format!("<p>{}{text}{}</p>", open.repeat(900), close.repeat(900))
}

/// A number in letters, as a name would be.
fn letters(number: usize) -> String {
    number
        .to_string()
        .bytes()
        .map(|digit| char::from(digit - b'0' + b'a'))
        .collect()
}

/// Seconds that this thread has had of a processor, which other work on the machine does not
/// lengthen; where the system does not tell, of the clock.
fn seconds(since: Instant) -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(
        || since.elapsed().as_secs_f64(),
        |nanoseconds| nanoseconds / 1e9,
    )
}

/// Seconds that a page costs.
fn cost(cleaner: &Cleaner, page: &str) -> f64 {
    let started = Instant::now();
    let before = seconds(started);
    let _ = cleaner.clean_html(page.as_bytes(), None, None);
    seconds(started) - before
}

/// Measures a shape until it is seen to be cheap or linear; what it costs if it never is.
fn excess(cleaner: &Cleaner, shape: fn(usize) -> String, prose: f64) -> Option<String> {
    let (small, large) = (shape(PAGE_BYTES), shape(PAGE_BYTES * GROWTH));
    let (mut small_cost, mut large_cost) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..TRIES {
        large_cost = large_cost.min(cost(cleaner, &large));
        if large_cost < prose * CHEAP {
            return None;
        }
        small_cost = small_cost.min(cost(cleaner, &small));
        if large_cost < prose * COST_MAX && large_cost < small_cost * COST_GROWTH_MAX {
            return None;
        }
    }
    let (times, growth) = (large_cost / prose, large_cost / small_cost);
    Some(format!(
        "{times:.1} times prose, and {growth:.1} times as much for {GROWTH} times the page"
    ))
}

#[test]
fn no_shape_of_a_page_costs_more_than_its_size() {
    let cleaner = Cleaner::new();
    let prose = fill(
        &format!("<p>{LINE}, informó el lunes la fiscalía."),
        PAGE_BYTES * GROWTH,
    );
    let prose = (0..TRIES)
        .map(|_| cost(&cleaner, &prose))
        .fold(f64::INFINITY, f64::min);
    let too_much: Vec<String> = SHAPES
        .iter()
        .filter_map(|(name, shape)| Some(format!("{name}: {}", excess(&cleaner, *shape, prose)?)))
        .collect();
    assert!(too_much.is_empty(), "{}", too_much.join("\n"));
}

/// A story of a feed, with an entry as hostile as a page.
#[test]
fn no_entry_of_a_feed_costs_more_than_its_size() {
    let cleaner = Cleaner::new();
    let cost = |bytes: usize| {
        let authors = (0..bytes / 12).map(|at| format!("Ana {}", letters(at)));
        let page = page(&fill("x | . ", bytes), authors.collect());
        let started = Instant::now();
        let before = seconds(started);
        assert!(cleaner.clean(&page).is_ok());
        seconds(started) - before
    };
    let (mut small, mut large) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..TRIES {
        (small, large) = (
            small.min(cost(PAGE_BYTES)),
            large.min(cost(PAGE_BYTES * GROWTH)),
        );
        if large < small * COST_GROWTH_MAX {
            return;
        }
    }
    panic!("{large} s after {small} s");
}

/// A page of prose and its entry in a feed.
fn page(title: &str, authors: Vec<String>) -> Page {
    let entry = Entry {
        title: Some(title.to_owned()),
        authors,
        ..Entry::new("prueba".parse().expect("an id"))
    };
    let fetched = Fetched {
        final_url: "https://www.eldiario.test/nota"
            .parse()
            .expect("an address"),
        status: 200,
        content_type: None,
        etag: None,
        last_modified: None,
        body: Bytes::from(format!("<title>{title}</title>{}", story())),
        fetched: "2024-05-02T11:00:00Z".parse().expect("a time"),
        exchange: None,
    };
    Page {
        entry,
        content: Content::Fetched(fetched),
    }
}
