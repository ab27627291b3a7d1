use super::*;

#[test]
fn a_user_adds_rules_of_their_own() {
    let line = "El Diario del Sur es miembro de la cadena minera";
    assert_eq!(Noise::default().judge(line), Verdict::Keep);
    let mut rules = Rules::default();
    rules
        .add("# ours\n\nes\tcopyright\tel diario del sur es miembro .*\r\n")
        .unwrap();
    let noise = Noise::new(&rules).unwrap();
    assert_eq!(noise.judge(line), Verdict::Drop);
    assert_eq!(noise.judge("PUBLICIDAD"), Verdict::Drop);
}

#[test]
fn a_wrong_rule_is_named_by_its_line() {
    let check = |line: &str, what: &str| {
        let error = Rules::default()
            .add(&format!("# ours\n{line}\n"))
            .unwrap_err();
        assert_eq!(error.line, 2);
        assert!(error.what.contains(what), "{line}: {}", error.what);
    };
    check("es\tshare", "2 columns");
    check("es\tspam\tcompre ya", "no kind");
    check("spanish\tshare\tcompre ya", "no language");
    check("es\tshare\t(compre", "cannot be used");
    check("es\tshare\t(a{1000}){1000}", "cannot be used");
    check("es\tshare\t.*", "too wide");
    check("es\tshare\t.+", "too wide");
    check("es\tshare\t[a-z0-9 :]+", "too wide");
    check("es\tshare\tcompre ya!", "marks");
    check("es\tshare\tcompre: ya", "marks");
    check("es\tshare\tCompre ya", "capitals or accents");
    check("es\tshare\tsuscríbase", "capitals or accents");
}

fn check(verdict: Verdict, lines: &[&str]) {
    let noise = Noise::default();
    for line in lines {
        assert_eq!(noise.judge(line), verdict, "{line}");
    }
}

#[test]
fn advertisement() {
    check(
        Verdict::Drop,
        &[
            "- Advertisement -",
            "PUBLICIDAD",
            "CONTINUA DEPOIS DA PUBLICIDADE",
            "Audio By Carbonatix",
            "-",
        ],
    );
}

#[test]
fn related() {
    check(
        Verdict::Drop,
        &[
            "Lea también: Capturan a cinco hombres en Cali",
            "MIRA | Así fue el operativo",
            "Leia também: Polícia prende três",
            "READ MORE: Five men arrested",
            "Te puede interesar: Otro caso",
            "PUEDES VER: Incautan droga",
        ],
    );
}

#[test]
fn ending() {
    check(
        Verdict::Ends,
        &[
            "Latest Stories",
            "Related articles",
            "Notas relacionadas",
            "Veja também",
            "Lo más leído",
        ],
    );
}

#[test]
fn comments() {
    check(
        Verdict::Ends,
        &[
            "Please enter your comment!",
            "Leave a Reply",
            "Deja un comentario",
            "Deixe um comentário",
        ],
    );
}

#[test]
fn share() {
    check(
        Verdict::Drop,
        &[
            "Share on Facebook",
            "Compartir",
            "Compartilhe no WhatsApp",
            "Stay Connected",
            "Síguenos en Google News",
        ],
    );
}

#[test]
fn newsletter() {
    check(
        Verdict::Drop,
        &[
            "Sign up for our newsletter",
            "Suscríbete a nuestro boletín",
            "Assine a nossa newsletter",
            "Descarga nuestra app",
        ],
    );
}

#[test]
fn subscription_pleas() {
    check(
        Verdict::Drop,
        &[
            "Unlimited digital access to the Daily.",
            "Create an account or sign in to go on reading.",
            "CLICK HERE TO GET THE DAILY APP",
            "Get the Daily delivered to your door every month.",
            "To view this video please enable JavaScript",
            "Tu suscripción se está usando en otro dispositivo",
            "El periodismo independiente necesita del apoyo de sus lectores.",
            "Hazte socio y recibe cada semana una carta",
        ],
    );
}

#[test]
fn credits_and_filing() {
    check(
        Verdict::Drop,
        &[
            "05/10/2018 - Publicado por: Ana Luz - Categoria: Saúde",
            "postado em 04/05/2022 05:49 / atualizado em 04/05/2022 05:50",
            "Published under: Mines, Gold",
            "ATENÇÃO: Comentários com palavras de baixo calão não serão aprovados.",
            "Para leer sobre otros hechos en la ciudad, clic AQUÍ.",
        ],
    );
}

#[test]
fn copyright() {
    check(
        Verdict::Drop,
        &[
            "© 2023 El Diario. Todos los derechos reservados.",
            "Copyright 2023 The Daily",
            "All rights reserved",
        ],
    );
}

#[test]
fn dates_and_reading_times() {
    check(
        Verdict::Drop,
        &[
            "Monday, March 27, 2023",
            "Lunes, 27 de marzo de 2023",
            "5 min read",
            "Hace 3 horas",
            "2 minutes -",
        ],
    );
}

#[test]
fn prose_is_kept() {
    check(
        Verdict::Keep,
        &[
            "La policía detuvo el lunes a tres hombres.",
            "He asked them to share the story with others.",
            "Related crimes rose by 5 percent, police said.",
            "Veja o que se sabe dos crimes de 2023.",
            "Posted by the group on Monday, the video shows a convoy of trucks in the hills.",
            "Comentários com que o ministro respondeu ao jornal foram publicados no domingo.",
            "Watch the video of the attack, said the general, and tell me who fired the first shot.",
            "Su suscripción a la causa le costó el puesto.",
            "Aceptó los cargos de homicidio y fue enviado a prisión.",
            "También en Cali hubo combates entre el Ejército y la guerrilla.",
            "Le puede costar cuarenta años de cárcel, dijo el fiscal.",
            "Creado en 1964, el grupo tiene unos dos mil hombres en armas y presencia en ocho provincias.",
            "Publicado en 2023, el informe de la misión cuenta doscientas víctimas en las minas del norte.",
            "Like him, thousands of others crossed the jungle that year.",
            "C. Rodríguez, de 34 años, fue capturado en su casa.",
            "Comparte celda con otros doce hombres de la banda.",
            "Recibe en promedio tres amenazas por semana.",
            "Ya tengo miedo de salir de mi casa, contó la mujer.",
            "Más de 200 personas fueron desplazadas por los combates.",
            "Además, en la vereda vecina murieron dos hombres.",
            "Also on Monday, police arrested two men in the port.",
            "Comenta que su hijo salió de la casa a las seis.",
            "Los comentarios del ministro molestaron a las familias.",
            "Sigue a la espera de un juicio en la capital.",
            "Sigue las órdenes del jefe de la banda, según la fiscalía.",
            "Siga a pé até o rio, disseram os homens armados.",
            "Encuentra la muerte al salir de su trabajo.",
            "Descarga el arma contra los dos guardias y huye.",
            "Boletín rojo de búsqueda contra tres hombres.",
            "Obrigado por homens armados, abriu o cofre.",
        ],
    );
}

/// A line for each rule, by its kind.
const SAMPLES: &[(&str, &[&str])] = &[
    (
        "advertisement",
        &[
            "PUBLICIDAD",
            "Article continues after this advertisement",
            "Sponsored by Minera Sur",
            "Listen to this article",
            "Sigue leyendo después de la publicidad",
            "La nota continúa debajo del anuncio",
            "Continua após a publicidade",
            "Ouça esta notícia",
        ],
    ),
    (
        "related",
        &[
            "Read more: Gold falls again",
            "Read the full story",
            "You may also like these stories",
            "Lea también: Sube el oro",
            "Lea más sobre la mina",
            "Te puede interesar otro caso en la mina",
            "Para leer más sobre la mina haga clic aquí",
            "Leia também: Sobe o ouro",
            "Veja mais sobre a mina",
        ],
    ),
    (
        "ending",
        &[
            "Latest stories",
            "Most read",
            "Notas relacionadas",
            "Veja também",
        ],
    ),
    (
        "comments",
        &[
            "Leave a comment",
            "Deja un comentario",
            "Deixe um comentário",
        ],
    ),
    (
        "share",
        &[
            "Comentários com ofensas não serão publicados.",
            "Share on Facebook",
            "Filed under: Mines",
            "Síguenos en Facebook",
            "Compartilhe no WhatsApp",
        ],
    ),
    (
        "newsletter",
        &[
            "Sign up for our newsletter",
            "Suscríbete a nuestro boletín",
            "Assine a nossa newsletter",
            "This site uses cookies to know its readers.",
            "Este sitio utiliza cookies propias.",
            "Este site usa cookies próprios.",
            "Unlimited digital access for one month",
            "Tu suscripción se está usando en otro dispositivo",
        ],
    ),
    ("copyright", &["(C) 2023 El Diario"]),
    (
        "date",
        &[
            "Monday, March 27, 2023",
            "Lunes 27 de marzo de 2023",
            "5 min de lectura",
            "Actualizado el 27 de marzo de 2023",
            "Publicado por: Ana Luz",
        ],
    ),
    (
        "agency",
        &[
            "Foto: EFE/Archivo",
            "AFP Ana Luz",
            "Cortesía Colprensa de la alcaldía",
        ],
    ),
];

#[test]
fn the_rules_that_come_with_vigia_hold_what_is_asked_of_a_users() {
    let mut rules = Rules { rows: Vec::new() };
    rules.add(RULES).unwrap();
    assert_eq!(rules.rows, Rules::default().rows);
}

#[test]
fn every_rule_matches_a_line_that_it_is_for() {
    for (kind, pattern) in &Rules::default().rows {
        let rule = RegexBuilder::new(&format!("^(?:{pattern})$"))
            .build()
            .unwrap();
        let (_, samples) = SAMPLES.iter().find(|(of, _)| of == kind).unwrap();
        // Credits are looked for without the label before them.
        let folded = |line: &str| {
            if *kind == "agency" {
                fold(line)
            } else {
                fold_line(line)
            }
        };
        let is_met = samples.iter().any(|line| rule.is_match(&folded(line)));
        assert!(is_met, "{kind}: no line for {pattern}");
    }
}
