//! An article as a newspaper's page: a few kilobytes of text in thirty of everything else.

use std::fmt::Write as _;

use super::{
    Article,
    dice::Dice,
    phrases::{Phrases, Scene},
    story::{headlines, slug},
};

/// Where the text stands, as three content systems do it.
const CONTAINERS: [(&str, &str, &str); 3] = [
    (
        "<article class=\"nota\" itemscope itemtype=\"https://schema.org/NewsArticle\">",
        "<div class=\"nota-cuerpo\" itemprop=\"articleBody\">",
        "</div></article>",
    ),
    (
        "<div id=\"post-71\" class=\"post type-post hentry\">",
        "<div class=\"entry-content\">",
        "</div></div>",
    ),
    (
        "<div class=\"col-8 story\">",
        "<div class=\"story__text\">",
        "</div></div>",
    ),
];
const COMPONENTS: [&str; 16] = [
    "header",
    "logo",
    "search",
    "menu",
    "submenu",
    "ticker",
    "share",
    "byline",
    "figure",
    "related",
    "ranking",
    "newsletter",
    "advert",
    "comments",
    "tags",
    "footer",
];
const ADVERT: &str = "<div class=\"ad ad--inline\" data-slot=\"mid\"><span>";

/// Renders a page; see [`Article::html`].
pub(super) fn render(article: &Article, base: &str) -> String {
    let mut page = Page {
        html: String::with_capacity(40 << 10),
        article,
        base,
        labels: Phrases::of(article.lang).get("page", "label"),
        dice: Dice::new(&article.path.bytes().map(u64::from).collect::<Vec<_>>()),
    };
    page.head();
    page.masthead();
    page.story();
    page.sidebar();
    page.comments();
    page.footer();
    page.html
}

/// Makes a text safe for HTML and XML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Writes formatted text at the end of a page; writing to a `String` cannot fail.
macro_rules! put {
    ($page:expr, $($text:tt)*) => { let _ = write!($page.html, $($text)*); };
}

struct Page<'a> {
    html: String,
    article: &'a Article,
    base: &'a str,
    labels: &'a [&'static str],
    dice: Dice,
}

impl Page<'_> {
    fn head(&mut self) {
        let Article {
            title,
            author,
            lang,
            path,
            paragraphs,
            published,
            ..
        } = self.article;
        let (title, summary) = (escape(title), escape(&paragraphs[0]));
        let (base, date) = (self.base, published.to_rfc3339());
        put!(
            self,
            "<!DOCTYPE html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\n\
             <title>{title} | El Centinela de Prueba</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"description\" content=\"{summary}\">\n\
             <link rel=\"canonical\" href=\"{base}{path}\">\n\
             <meta property=\"og:type\" content=\"article\">\n\
             <meta property=\"og:site_name\" content=\"El Centinela de Prueba\">\n\
             <meta property=\"og:title\" content=\"{title}\">\n\
             <meta property=\"og:description\" content=\"{summary}\">\n\
             <meta property=\"og:url\" content=\"{base}{path}\">\n\
             <meta property=\"article:published_time\" content=\"{date}\">\n\
             <script type=\"application/ld+json\">{{\"@context\":\"https://schema.org\",\
             \"@type\":\"NewsArticle\",\"headline\":\"{title}\",\"datePublished\":\"{date}\",\
             \"author\":{{\"@type\":\"Person\",\"name\":\"{author}\"}},\
             \"publisher\":{{\"@type\":\"Organization\",\"name\":\"El Centinela de Prueba\"}},\
             \"mainEntityOfPage\":\"{base}{path}\"}}</script>\n"
        );
        self.styles();
        self.scripts();
        put!(self, "</head><body class=\"single single-post\">\n");
    }

    fn styles(&mut self) {
        put!(self, "<style>");
        for component in COMPONENTS {
            let (a, b) = (self.dice.between(4, 48), self.dice.below(4096));
            put!(
                self,
                ".{component}{{display:flex;margin:0 auto {a}px;padding:{a}px 16px;color:#{b:03x}}}\
                 .{component}__item{{font:400 {a}px/1.4 Georgia,serif;border-bottom:1px solid #ddd}}\
                 .{component}__item:hover{{text-decoration:underline;opacity:.8}}\
                 @media(max-width:{b}px){{.{component}{{display:block;width:100%}}}}\n"
            );
        }
        put!(self, "</style>\n");
    }

    fn scripts(&mut self) {
        put!(self, "<script>window.dataLayer=window.dataLayer||[];");
        for component in COMPONENTS {
            let slot = self.dice.below(1_000_000);
            put!(
                self,
                "\n(function(w,d){{var e=d.querySelectorAll('.{component}__item'),n=e.length;\
                 if(!n||w.__{component})return;w.__{component}=true;\
                 for(var i=0;i<n;i++){{e[i].setAttribute('data-pos',i);e[i].addEventListener('click',\
                 function(){{w.dataLayer.push({{event:'{component}',slot:{slot},at:+new Date()}});}});}}\
                 }})(window,document);"
            );
        }
        put!(self, "</script>\n");
    }

    fn masthead(&mut self) {
        put!(
            self,
            "<header class=\"header\"><a class=\"logo\" href=\"/\"><img src=\"/logo.svg\" alt=\"El \
             Centinela de Prueba\"></a><form class=\"search\" action=\"/buscar\"><input name=\"q\">\
             </form>\n<nav class=\"menu\"><ul>"
        );
        let places = Scene::of(self.article.lang);
        for section in Phrases::of(self.article.lang).get("page", "nav") {
            let path = slug(section);
            put!(
                self,
                "\n<li class=\"menu__item\"><a href=\"/{path}/\">{section}</a><ul class=\"submenu\">"
            );
            for scene in places.iter().take(5) {
                let (place, under) = (scene.place, slug(scene.place));
                put!(
                    self,
                    "<li class=\"submenu__item\"><a href=\"/{path}/{under}/\">{place}</a></li>"
                );
            }
            put!(self, "</ul></li>");
        }
        put!(self, "</ul></nav></header>\n");
        self.link_list("ticker", 6);
    }

    fn story(&mut self) {
        let article = self.article;
        let (outer, inner, close) = CONTAINERS[self.dice.below(CONTAINERS.len())];
        let (labels, title) = (self.labels, escape(&article.title));
        put!(self, "<main>{outer}<h1 class=\"title\">{title}</h1>\n");
        self.share();
        let (author, date) = (&article.author, article.published.format("%d/%m/%Y %H:%M"));
        put!(
            self,
            "<p class=\"byline\">{by} <a rel=\"author\" href=\"/autor/{id}\">{author}</a> · \
             <time datetime=\"{iso}\">{updated}: {date}</time></p>\n\
             <figure class=\"figure\"><img src=\"/fotos/{n}.jpg\" alt=\"{title}\">\
             <figcaption>{title}. {photo}</figcaption></figure>\n{inner}\n",
            by = labels[12],
            id = slug(author),
            iso = article.published.to_rfc3339(),
            updated = labels[13],
            n = self.dice.below(100_000),
            photo = labels[11],
        );
        let advert_after = 2;
        let related_after = article.paragraphs.len() / 2;
        for (index, paragraph) in article.paragraphs.iter().enumerate() {
            put!(self, "<p>{}</p>\n", escape(paragraph));
            if index == advert_after {
                put!(self, "{ADVERT}{}</span></div>\n", labels[8]);
            }
            if index == related_after {
                self.related();
            }
        }
        put!(self, "{close}\n");
        self.share();
        put!(self, "</main>\n");
    }

    fn share(&mut self) {
        put!(self, "<div class=\"share\"><span>{}</span>", self.labels[1]);
        for network in ["facebook", "x", "whatsapp", "telegram", "linkedin"] {
            let (base, path) = (self.base, &self.article.path);
            put!(
                self,
                "<a class=\"share__item\" href=\"https://{network}.example/share?u={base}{path}\">{network}</a>"
            );
        }
        put!(self, "</div>\n");
    }

    fn related(&mut self) {
        let label = self
            .dice
            .pick(Phrases::of(self.article.lang).get("page", "related"));
        let other = headlines(self.article.lang, 1, &mut self.dice).remove(0);
        let path = slug(&other);
        put!(
            self,
            "<p><strong>{label}: <a href=\"/noticias/{path}.html\">{other}</a></strong></p>\n"
        );
    }

    fn sidebar(&mut self) {
        put!(
            self,
            "<aside class=\"sidebar\"><h3>{}</h3>\n",
            self.labels[0]
        );
        self.link_list("ranking", 20);
        put!(
            self,
            "<div class=\"newsletter\"><p>{}</p><input type=\"email\"><button>{}</button></div>\
             </aside>\n",
            self.labels[7],
            self.labels[6]
        );
        self.link_list("related", 12);
    }

    fn link_list(&mut self, class: &str, count: usize) {
        put!(self, "<ol class=\"{class}\">");
        for headline in headlines(self.article.lang, count, &mut self.dice) {
            let (path, image) = (slug(&headline), self.dice.below(100_000));
            put!(
                self,
                "\n<li class=\"{class}__item\"><a href=\"/noticias/{path}.html\">\
                 <img src=\"/miniaturas/{image}.jpg\" alt=\"\" loading=\"lazy\" width=\"120\">\
                 {headline}</a></li>"
            );
        }
        put!(self, "</ol>\n");
    }

    fn comments(&mut self) {
        let labels = self.labels;
        put!(
            self,
            "<section class=\"comments\"><h3>{} (0)</h3><form method=\"post\" action=\"/comentar\">\
             <label>{}<textarea name=\"texto\" required></textarea></label>\
             <label>{}<input name=\"nombre\"></label><label>{}<input name=\"correo\"></label>\
             <button type=\"submit\">{}</button></form></section>\n",
            labels[2],
            labels[3],
            labels[4],
            labels[5],
            labels[6]
        );
    }

    fn footer(&mut self) {
        put!(self, "<footer class=\"footer\"><ul>");
        let places = Scene::of(self.article.lang);
        for section in Phrases::of(self.article.lang).get("page", "nav") {
            for scene in places.iter().take(7) {
                let (a, b) = (slug(section), slug(scene.place));
                put!(
                    self,
                    "<li><a href=\"/{a}/{b}/\">{section} {}</a></li>",
                    scene.place
                );
            }
        }
        put!(
            self,
            "</ul><p>© El Centinela de Prueba. {}. <a href=\"/privacidad\">{}</a></p></footer>\n\
             </body></html>\n",
            self.labels[9],
            self.labels[10]
        );
    }
}
