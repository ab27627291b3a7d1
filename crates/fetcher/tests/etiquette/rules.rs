//! What a robots.txt says: sentences 41 to 43.

use crate::{
    robots::{file, pages_asked, site_with},
    sentences,
    world::{HOUR, World},
};

sentences! {
    41 half_a_megabyte_is_read_whatever_is_broken "500 KiB are read, and broken lines harm no others";
    42 our_group_is_found "the group of our name in any case, merged, else that of all, else none";
    43 the_longest_rule_wins "the longest rule wins, Allow on a tie; *, $, # and percent signs are understood";
}

/// Checks which of these pages a robots.txt leaves.
async fn check(world: &World, robots: &str, allowed: &[&str], forbidden: &[&str]) {
    let world = world.anew();
    let site = site_with(&world, file(robots), &[allowed, forbidden].concat()).await;
    let mut expected = allowed.to_vec();
    expected.sort_unstable();
    assert_eq!(
        pages_asked(&world, &site, HOUR / 2).await,
        expected,
        "{}",
        &robots[..robots.len().min(200)]
    );
}

async fn half_a_megabyte_is_read_whatever_is_broken(world: World) {
    let filling = "# relleno relleno relleno relleno relleno relleno\n".repeat(12_000);
    let long = format!("User-agent: *\nDisallow: /primero\n{filling}");
    let long = &long[..500 * 1024 - 22];
    let long = format!(
        "{}\nDisallow: /ultimo\n",
        &long[..long.rfind('\n').expect("lines")]
    );
    assert!(long.len() <= 500 * 1024 && long.len() > 499 * 1024);
    check(&world, &long, &["/1"], &["/primero/1", "/ultimo/1"]).await;
    let broken = "\u{feff}<html>\nDisallow\n:::\n\u{0}\u{1}\nUser-agent *\nUSER-AGENT : *\r\nDisallow /nada\n\
                  Sitemap: ::\nDisallow\t:\t/roto # y m\u{e1}s\rDisallow: /otro\nNoindex: /x\nAllow /\n";
    check(&world, broken, &["/1", "/x"], &["/roto", "/otro"]).await;
}

async fn our_group_is_found(world: World) {
    let others = "User-agent: otrobot\nDisallow: /\n\nUser-agent: *\nDisallow: /todos\n\n";
    check(
        &world,
        &format!("{others}User-agent: ViGiA\nDisallow: /nuestro"),
        &["/todos"],
        &["/nuestro"],
    )
    .await;
    check(
        &world,
        &format!("{others}user-agent: vigia/2.0\nDisallow: /nuestro"),
        &["/todos"],
        &["/nuestro"],
    )
    .await;
    let merged = "User-agent: vigia\nDisallow: /uno\n\nUser-agent: a\nDisallow: /\n\nUser-agent: b\nUser-agent: VIGIA\nDisallow: /dos\n";
    check(&world, merged, &["/tres"], &["/uno", "/dos"]).await;
    check(&world, others, &["/nuestro"], &["/todos"]).await;
    check(&world, "User-agent: otrobot\nDisallow: /", &["/todos"], &[]).await;
    check(
        &world,
        &format!("{others}User-agent: vigiabot\nDisallow: /nuestro"),
        &["/nuestro"],
        &["/todos"],
    )
    .await;
    check(&world, "", &["/1"], &[]).await;
}

async fn the_longest_rule_wins(world: World) {
    let check = async |rules: &str, allowed: &[&str], forbidden: &[&str]| {
        check(
            &world,
            &format!("User-agent: *\n{rules}"),
            allowed,
            forbidden,
        )
        .await;
    };
    check("Disallow: /\nAllow: /nota", &["/nota/1"], &["/otra"]).await;
    check(
        "Allow: /nota\nDisallow: /nota/privada",
        &["/nota/1"],
        &["/nota/privada/1"],
    )
    .await;
    check("Disallow: /nota\nAllow: /nota", &["/nota/1"], &[]).await;
    check(
        "Disallow: /*.pdf$",
        &["/1.pdf?x", "/1.pdfs"],
        &["/1.pdf", "/a/b.pdf"],
    )
    .await;
    check(
        "Disallow: /a*/b # no\nDisallow: #nada",
        &["/ab", "/a/c"],
        &["/a/x/b", "/a/b"],
    )
    .await;
    check(
        "Disallow: /caf%C3%A9\nDisallow: /te\u{301}",
        &["/cafe"],
        &["/caf%c3%a9"],
    )
    .await;
    check(
        "Disallow: /a%2Fb\nDisallow: /%7Euno",
        &["/a/b"],
        &["/a%2fb", "/~uno"],
    )
    .await;
    check("Disallow: /q?a=*&b", &["/q?a=1"], &["/q?a=1&b=2"]).await;
}
