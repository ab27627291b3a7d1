use super::*;
use crate::linked_data;

fn of(html: &str) -> Metadata {
    let url = "https://www.eldiario.test/judicial/2023/03/27/nota"
        .parse()
        .unwrap();
    let dom = Dom::parse(html).unwrap();
    let linked = LinkedArticle::default();
    read(&dom, &mut Vocabulary::new(&dom), &linked, Some(&url))
}

fn check_title(html: &str, expected: &str) {
    assert_eq!(of(html).title.unwrap_or_default(), expected, "{html}");
}

#[test]
fn the_title_stands_without_the_outlet() {
    check_title(
        "<title>Capturan a tres hombres | El Diario</title>",
        "Capturan a tres hombres",
    );
    check_title(
        "<title>Capturan a tres hombres - Judicial</title><h1>Capturan a tres hombres</h1>",
        "Capturan a tres hombres",
    );
    check_title(
        "<meta property=og:title content='Dos heridos &amp;amp; un muerto'>",
        "Dos heridos & un muerto",
    );
    check_title(
        "<h1>El Diario</h1><title>Capturan a tres hombres</title>",
        "Capturan a tres hombres",
    );
}

#[test]
fn dates_are_read_from_the_best_place() {
    let check = |html, date: &str, source| {
        assert_eq!(
            of(html).published,
            Some((dates::parse(date).unwrap(), source)),
            "{html}"
        );
    };
    check(
        "<meta property=article:published_time content=2023-03-26T10:00:00Z>",
        "2023-03-26T10:00:00Z",
        PublishedSource::Meta,
    );
    check("<p>nada", "2023-03-27", PublishedSource::Url);
    check(
        "<meta name=article:published_time value='Mon Mar 27 10:15:00 EDT 2023'>",
        "2023-03-27T14:15:00Z",
        PublishedSource::Meta,
    );
    check(
        "<time datetime=2023-03-25 pubdate>",
        "2023-03-25",
        PublishedSource::TimeElement,
    );
}

#[test]
fn a_date_under_the_headline_is_read() {
    let page = "<h1>Tres hombres hieren a dos guardias</h1><p>Lima, <b>27</b> de marzo de 2023</p>";
    let dom = Dom::parse(page).unwrap();
    let read = read(
        &dom,
        &mut Vocabulary::new(&dom),
        &LinkedArticle::default(),
        None,
    );
    let date = dates::parse("2023-03-27").unwrap();
    assert_eq!(read.published, Some((date, PublishedSource::Text)));
}

#[test]
fn names_come_from_tags_or_the_byline() {
    assert_eq!(
        of("<meta name=author content='Por Ana Ruiz'>").bylines,
        ["Ana Ruiz"]
    );
    assert_eq!(of("<a rel=author>Ana Ruiz</a>").bylines, ["Ana Ruiz"]);
    assert_eq!(
        of("<div class=byline>Por Ana Ruiz</div>").bylines,
        ["Ana Ruiz"]
    );
    assert!(
        of("<meta name=author content=Redacción>")
            .bylines
            .is_empty()
    );
}

#[test]
fn names_on_the_page_are_read_where_its_byline_is() {
    let check = |html: &str, expected: &[&str]| {
        let page = format!("<h1>Tres hombres hieren a dos guardias</h1>{html}");
        assert_eq!(of(&page).bylines, expected, "{html}");
    };
    check(
        "<a href=/autor/ana-ruiz>Ana Ruiz</a> y <a href=/autor/juan-paz>Juan Paz</a>",
        &["Ana Ruiz", "Juan Paz"],
    );
    check("<p>Por Ana Ruiz | 3 de mayo de 2024</p>", &["Ana Ruiz"]);
    check(
        "<div class=byline><b>Ana Ruiz</b><i>Corresponsal</i></div>",
        &["Ana Ruiz"],
    );
    check("<h2>Por Semana Santa, cierran las vías del norte</h2>", &[]);
    check("<h2>Por Ana Ruiz, la fiscalía pide nueve años</h2>", &[]);
    check("<p>Por Ana Ruiz, corresponsal en Lima</p>", &["Ana Ruiz"]);
    check(
        "<p>Por la noche huyeron los hombres, dijo la policía</p>",
        &[],
    );
    // Who is credited with the story is nobody in person: what is far off is another's.
    let far = "<p>x</p>".repeat(200) + "<a class=author>Ana Ruiz</a>";
    check(&far, &["Ana Ruiz"]);
    check(&format!("<meta name=author content=Redacción>{far}"), &[]);
}

#[test]
fn an_outlet_signs_where_nobody_does() {
    let check = |html: &str, expected: &[&str]| {
        let page = format!("<meta property=og:site_name content='Diario del Sur'>{html}");
        assert_eq!(of(&page).bylines, expected, "{html}");
    };
    check(
        "<meta name=author content='Diario del Sur'>",
        &["Diario del Sur"],
    );
    check("<meta name=author content='Redacción Diario del Sur'>", &[]);
    check("<meta name=author content='Agencia EFE'>", &[]);
    check(
        "<meta name=author content='https://diariodelsur.test'>",
        &[],
    );
    let headline = "<h1>Tres hombres hieren a dos guardias</h1>";
    check(&format!("{headline}<p>Por DDS, en Minas</p>"), &["DDS"]);
    check(&format!("{headline}<p>Por ORO, en Minas</p>"), &[]);
}

#[test]
fn a_signature_closes_the_story() {
    let text = "<p>Tres hombres hirieron el lunes a dos guardias de una mina.</p>".repeat(60);
    let closing = |signature: &str| {
        let page = format!(
            "<h1>Tres hombres hieren a dos guardias</h1>{text}<p style='text-align: right'>{signature}</p>"
        );
        of(&page).bylines
    };
    assert_eq!(closing("<b>Ana Ruiz</b>"), ["Ana Ruiz"]);
    assert!(closing("Lima, 3 de mayo de 2024").is_empty());
    let motto = of(
        "<h1>Tres hombres hieren a dos guardias</h1><p style='text-align:right'>Jorge Luis Borges</p>",
    );
    assert!(motto.bylines.is_empty());
    assert!(closing(&"Ana Ruiz ".repeat(20)).is_empty());
}

#[test]
fn an_agency_is_none_of_the_people() {
    let page = of("<meta name=author content='Ana Ruiz, Agencia EFE'>");
    assert_eq!(page.bylines, ["Ana Ruiz"]);
    assert_eq!(page.agency.as_deref(), Some("EFE"));
    let page = of("<meta name=author content='Ana Ruiz (EFE)'>");
    assert_eq!(page.bylines, ["Ana Ruiz"]);
    assert_eq!(page.agency.as_deref(), Some("EFE"));
}

#[test]
fn section_tags_and_picture_are_read() {
    let page = of(
        "<meta property=article:section content=Judicial><meta property=og:image content=/foto.jpg>\
        <meta property=article:tag content=Mina><meta property=article:tag content='Oro, Mina'>",
    );
    assert_eq!(page.section.as_deref(), Some("Judicial"));
    assert_eq!(page.tags, ["Mina", "Oro"]);
    assert_eq!(
        page.image.unwrap().as_str(),
        "https://www.eldiario.test/foto.jpg"
    );
    assert_eq!(
        of("<meta name=keywords content='mina; oro'>").tags,
        ["mina", "oro"]
    );
    assert_eq!(of("<meta property=og:image content='data:,x'>").image, None);
}

#[test]
fn a_page_says_who_may_read_it() {
    let tier = |tier: &str| {
        of(&format!(
            "<meta property=article:content_tier content={tier}>"
        ))
    };
    assert_eq!(tier("locked").access, Some(Access::Subscribers));
    assert_eq!(tier("metered").access, Some(Access::Metered));
    assert_eq!(tier("otro").access, None);
    let free = |free: &str| {
        let script = format!("{{\"@type\":\"NewsArticle\",\"isAccessibleForFree\":{free}}}");
        let dom = Dom::parse("<p>").unwrap();
        let linked = linked_data::read(&[script.as_str()]);
        read(&dom, &mut Vocabulary::new(&dom), &linked, None).access
    };
    assert_eq!(
        free("\"http://schema.org/False\""),
        Some(Access::Subscribers)
    );
    assert_eq!(free("true"), Some(Access::Free));
    assert_eq!(free("\"quizá\""), None);
}

#[test]
fn the_stated_address_is_made_absolute() {
    assert_eq!(
        of("<link rel=canonical href=/nota>")
            .canonical
            .unwrap()
            .as_str(),
        "https://www.eldiario.test/nota"
    );
}
