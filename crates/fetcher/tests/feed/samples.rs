//! One sound feed of each kind, with two entries each.

/// RSS 2.0 with the extensions that newspapers use.
pub(crate) const RSS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
     xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
  <channel>
    <title>Diario del Sur</title>
    <link>https://diario.test/</link>
    <atom:link rel="self" href="https://diario.test/rss/todo.xml"/>
    <atom:link rel="hub" href="https://hub.test/"/>
    <description>Noticias</description>
    <ttl>30</ttl>
    <sy:updatePeriod>hourly</sy:updatePeriod>
    <sy:updateFrequency>2</sy:updateFrequency>
    <skipHours><hour>3</hour><hour>24</hour></skipHours>
    <skipDays><day>Sunday</day></skipDays>
    <image><title>Escudo</title><link>https://diario.test/escudo</link></image>
    <item>
      <title>Ataque en Tib&#250;: &quot;hay heridos&quot;</title>
      <link>https://diario.test/judicial/ataque?a=1&amp;b=2</link>
      <guid isPermaLink="false">n-1</guid>
      <dc:creator><![CDATA[Ana Ruiz]]></dc:creator>
      <pubDate>Mon, 05 Jan 2026 14:30:00 -0500</pubDate>
      <category>Judicial</category>
      <description><![CDATA[<p>Un puesto fue atacado.</p>]]></description>
      <content:encoded><![CDATA[<p>Un puesto fue atacado en la madrugada.</p>]]></content:encoded>
    </item>
    <item>
      <title><![CDATA[Captura & traslado]]></title>
      <link>https://diario.test/judicial/captura</link>
      <guid isPermaLink="false">n-2</guid>
      <pubDate>Mon, 05 Jan 2026 12:00:00 GMT</pubDate>
      <description>&lt;p&gt;Fue trasladado.&lt;/p&gt;</description>
    </item>
  </channel>
</rss>
"#;

/// Atom 1.0.
pub(crate) const ATOM: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <title type="text">Folha do Norte</title>
  <link rel="alternate" href="https://folha.test/"/>
  <id>tag:folha.test,2026:feed</id>
  <updated>2026-01-05T15:00:00Z</updated>
  <entry>
    <title type="html">Operação &lt;b&gt;prende&lt;/b&gt; cinco</title>
    <link rel="alternate" type="text/html" href="https://folha.test/operacao"/>
    <id>tag:folha.test,2026:1</id>
    <published>2026-01-05T09:30:00-03:00</published>
    <updated>2026-01-05T12:45:00Z</updated>
    <author><name>João Lima</name><email>joao@folha.test</email></author>
    <category term="policia"/>
    <summary>Cinco presos em Belém.</summary>
  </entry>
  <entry>
    <title>Ataque a base</title>
    <link href="https://folha.test/ataque"/>
    <id>tag:folha.test,2026:2</id>
    <updated>2026-01-04T10:00:00Z</updated>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><title>no</title><p>A base foi atacada.</p></div></content>
  </entry>
</feed>
"#;

/// RSS 1.0.
pub(crate) const RDF: &str = r#"<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <channel rdf:about="https://radio.test/"><title>Radio</title><link>https://radio.test/</link>
    <items><rdf:Seq><rdf:li rdf:resource="https://radio.test/1"/></rdf:Seq></items></channel>
  <item rdf:about="https://radio.test/1"><title>Uno</title><link>https://radio.test/1</link><dc:date>2026-01-05T10:00:00Z</dc:date></item>
  <item rdf:about="https://radio.test/2"><title>Dos</title><link>https://radio.test/2</link><dc:date>2026-01-05T11:00:00Z</dc:date></item>
</rdf:RDF>
"#;

/// A news sitemap.
pub(crate) const SITEMAP: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc>https://diario.test/uno</loc><lastmod>2026-01-05T15:00:00Z</lastmod>
    <news:news><news:publication><news:name>Diario del Sur</news:name><news:language>es</news:language></news:publication>
      <news:publication_date>2026-01-05T09:00:00-05:00</news:publication_date><news:title>Uno &amp; dos</news:title>
      <news:keywords>ataque, Tibú</news:keywords></news:news>
    <image:image><image:loc>https://diario.test/foto.jpg</image:loc><image:title>Foto</image:title></image:image></url>
  <url><loc>https://diario.test/dos</loc></url>
</urlset>
"#;

/// JSON Feed.
pub(crate) const JSON: &str = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "Portal", "home_page_url": "https://portal.test/",
 "hubs": [{"type": "WebSub", "url": "https://hub.test/"}],
 "items": [{"id": "1", "url": "https://portal.test/1", "title": "Uno", "content_html": "<p>Uno</p>", "date_published": "2026-01-05T10:00:00-05:00", "authors": [{"name": "Ana"}]},
           {"id": 2, "url": "https://portal.test/2", "content_text": "Dos"}]}
"#;

/// All of them.
pub(crate) const ALL: [&str; 5] = [RSS, ATOM, RDF, SITEMAP, JSON];
