//! What an entry says, however it says it.

use super::*;

#[test]
fn naked_markup_is_kept_whole() {
    let entry = item(
        "<title>Uno <b>dos</b></title><description><p>x &lt; y</p><a href='/z'>z</a> fin</description><guid>1</guid>",
    );
    assert_eq!(entry.title.as_deref(), Some("Uno dos"));
    assert_eq!(
        entry.summary.as_deref(),
        Some("<p>x &lt; y</p><a href='/z'>z</a> fin")
    );
    assert_eq!(entry.guid.as_deref(), Some("1"));
}

#[test]
fn of_two_that_say_the_same_the_better_and_then_the_first_counts() {
    let media = "xmlns:media='http://search.yahoo.com/mrss/'";
    let entry = item(&format!(
        "<media:title {media}>Foto</media:title><title/><title>Uno</title><title>Dos</title>\
         <media:group {media}><media:description>pie</media:description></media:group><description>Texto</description>"
    ));
    assert_eq!(
        (entry.title.as_deref(), entry.summary.as_deref()),
        (Some("Uno"), Some("Texto"))
    );
    let entry = item(&format!(
        "<media:title {media}>Foto</media:title><media:description {media}/>"
    ));
    assert_eq!(
        (entry.title.as_deref(), entry.summary),
        (Some("Foto"), None)
    );
}

#[test]
fn related_stories_do_not_take_the_place_of_the_link() {
    let atom = "xmlns:atom='http://www.w3.org/2005/Atom'";
    check_link(
        &format!(
            "<atom:link {atom} href='/otra'/><atom:link {atom} rel='related' href='/mas'/><link>/1</link>"
        ),
        Some("https://diario.test/1"),
    );
    check_link(
        &format!("<atom:link {atom} href='/1'/>"),
        Some("https://diario.test/1"),
    );
    check_link(
        "<link xml:base='https://otro.test/a/'>1</link>",
        Some("https://otro.test/a/1"),
    );
    check_link(
        "<link>/?a=1&amp;amp;b=2</link>",
        Some("https://diario.test/?a=1&b=2"),
    );
    check_link(
        "<link> https://diario.test/1\n</link>",
        Some("https://diario.test/1"),
    );
    check_link(
        "<link>/?a=1&copy=2&b</link>",
        Some("https://diario.test/?a=1&copy=2&b"),
    );
}

#[test]
fn script_and_markup_leave_titles() {
    let entry =
        item("<title><![CDATA[<script>alert(1)</script><i>Uno</i>&nbsp;&amp; dos]]></title>");
    assert_eq!(entry.title.as_deref(), Some("Uno & dos"));
}

#[test]
fn text_that_was_encoded_twice_is_repaired_where_that_is_certain() {
    let entry = item("<title>El capitÃ¡n Ã\u{A0} BogotÃ¡</title><description>NÃO Ã³</description>");
    assert_eq!(entry.title.as_deref(), Some("El capitán à Bogotá"));
    assert_eq!(entry.summary.as_deref(), Some("NÃO Ã³"));
}

#[test]
fn an_author_beside_an_address_is_a_name() {
    let entry = item("<author>Redacción “a@b.test”</author><author>b@b.test (Ana)</author>");
    assert_eq!(entry.authors, ["Redacción", "Ana"]);
}

#[test]
fn dates_have_the_feeds_zone_and_no_nonsense() {
    let entry = item(
        "<pubDate>Sun, 30 Nov -0001 00:00:00 +0000</pubDate><dc:date>2026-01-05T14:30:00</dc:date>",
    );
    assert_eq!(
        entry.published.unwrap().to_rfc3339(),
        "2026-01-05T19:30:00+00:00"
    );
    let now: Timestamp = "2026-01-05T12:00:00Z".parse().unwrap();
    assert_eq!(
        believable(now + TimeDelta::hours(24), now),
        Some(now + TimeDelta::hours(24))
    );
    assert_eq!(believable(now + TimeDelta::hours(25), now), None);
}

#[test]
fn a_feed_says_its_pace_its_hubs_and_its_home() {
    let feed = read(
        "<rss xmlns:sy='http://purl.org/rss/1.0/modules/syndication/' xmlns:a='http://www.w3.org/2005/Atom'><channel>\
         <link>/portada</link><a:link rel='hub' href='https://hub.test/'/><a:link rel='self' href='/rss.xml'/><ttl> 30 </ttl>\
         <sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>\
         <skipHours><hour>3</hour><hour>24</hour><hour>99</hour></skipHours><skipDays><day>Sunday</day><day>lunes</day></skipDays>\
         <item><title>Uno</title><link>/1</link></item></channel></rss>",
    );
    let minutes = |minutes: u64| Some(std::time::Duration::from_secs(minutes * 60));
    assert_eq!(
        (feed.hints.ttl, feed.hints.update_period),
        (minutes(30), minutes(30))
    );
    assert_eq!(
        (feed.hints.skip_hours, feed.hints.skip_days),
        (vec![3, 0], vec![chrono::Weekday::Sun])
    );
    assert_eq!(feed.hubs[0].as_str(), "https://hub.test/");
    assert_eq!(
        feed.self_url.unwrap().as_str(),
        "https://diario.test/rss.xml"
    );
    assert_eq!(feed.site.unwrap().as_str(), "https://diario.test/portada");
}

#[test]
fn nonsense_about_the_pace_is_no_hint() {
    let feed = read(
        "<rss><channel><ttl>0</ttl><ttl>-5</ttl><ttl>99999999999</ttl><item/></channel></rss>",
    );
    assert_eq!(feed.hints, Hints::default());
}
