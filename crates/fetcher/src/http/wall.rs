//! What stands where an article was asked for: the pages that redirects lead strangers and lost
//! readers to. Their words must never be taken for the article's.

use story::is_front_page;
use url::Url;

/// Parts of an address that give such a page away, in small letters, and what the page is.
const PARTS: &[(&str, &[&str])] = &[
    (
        "login page",
        &[
            "login",
            "signin",
            "sign-in",
            "log-in",
            "iniciar-sesion",
            "inicio-sesion",
            "iniciarsesion",
            "ingresar",
            "entrar",
            "oauth",
            "oauth2",
            "sso",
            "openid",
            "wp-login",
        ],
    ),
    (
        "consent page",
        &[
            "consent",
            "collectconsent",
            "cookiewall",
            "privacy-wall",
            "gdpr",
        ],
    ),
    (
        "subscription page",
        &[
            "subscribe",
            "subscription",
            "subscriptions",
            "suscripcion",
            "suscripciones",
            "suscribete",
            "suscribirse",
            "assine",
            "assinatura",
            "assinaturas",
            "paywall",
        ],
    ),
    (
        "error page",
        &[
            "404",
            "not-found",
            "notfound",
            "no-encontrada",
            "no-encontrado",
            "nao-encontrada",
        ],
    ),
];

/// What a redirect from `asked` ended at, where it is not the article as far as addresses tell.
pub(super) fn wall(asked: &Url, ended: &Url) -> Option<&'static str> {
    if is_front_page(ended) && !is_front_page(asked) {
        return Some("the site's front page");
    }
    // An article may have any of these words for its section, and then was asked for there.
    kind(ended).filter(|_| kind(asked).is_none())
}

fn kind(url: &Url) -> Option<&'static str> {
    let host = url.host_str().unwrap_or_default();
    let label = host.split('.').next().unwrap_or_default();
    let segments = url.path_segments().into_iter().flatten();
    let parts = std::iter::once(label).chain(segments).map(|part| {
        let stem = part.split_once('.').map_or(part, |(stem, _)| stem);
        stem.to_ascii_lowercase()
    });
    parts.into_iter().find_map(|part| {
        let found = PARTS
            .iter()
            .find(|(_, known)| known.contains(&part.as_str()));
        found.map(|(kind, _)| *kind)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked: &str, ended: &str, expected: Option<&str>) {
        let found = wall(&asked.parse().unwrap(), &ended.parse().unwrap());
        assert_eq!(found, expected, "{asked} to {ended}");
    }

    const NOTE: &str = "https://eldiario.test/judicial/nota-1";

    #[test]
    fn a_wall_is_known_by_where_the_redirect_ended() {
        check(
            NOTE,
            "https://eldiario.test/login?next=%2Fjudicial%2Fnota-1",
            Some("login page"),
        );
        check(NOTE, "https://login.eldiario.test/?r=1", Some("login page"));
        check(
            NOTE,
            "https://eldiario.test/usuario/Iniciar-Sesion.html",
            Some("login page"),
        );
        check(
            NOTE,
            "https://consent.eldiario.test/m?continue=x",
            Some("consent page"),
        );
        check(
            NOTE,
            "https://eldiario.test/suscripciones/",
            Some("subscription page"),
        );
        check(NOTE, "https://eldiario.test/404.html", Some("error page"));
        check(
            NOTE,
            "https://www.eldiario.test/",
            Some("the site's front page"),
        );
    }

    #[test]
    fn an_article_is_no_wall() {
        check(NOTE, "https://www.eldiario.test/judicial/nota-1/", None);
        check(
            NOTE,
            "https://eldiario.test/judicial/entrar-a-la-carcel",
            None,
        );
        check(
            "https://eldiario.test/login/nota-1",
            "https://www.eldiario.test/login/nota-1",
            None,
        );
        check("https://eldiario.test/", "https://www.eldiario.test/", None);
    }
}
