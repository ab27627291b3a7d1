//! Invented stories: of wildfires in Brazil and of other things, and what a desk has before it.

use serde_json::{Value, json};

/// Places that fires and other things happen in, by language.
const PLACES: [(&str, [&str; 6]); 3] = [
    (
        "pt",
        [
            "Corumbá",
            "Altamira",
            "Porto Velho",
            "Cuiabá",
            "Sorriso",
            "Novo Progresso",
        ],
    ),
    (
        "es",
        [
            "el Pantanal de Brasil",
            "la Amazonía brasileña",
            "Rondônia",
            "Mato Grosso",
            "Pará",
            "Acre",
        ],
    ),
    (
        "en",
        [
            "Brazil's Pantanal",
            "the Brazilian Amazon",
            "Rondonia",
            "Mato Grosso",
            "Para",
            "Acre",
        ],
    ),
];

/// What a wildfire's story says, and what other stories do; `{}` is the place and `#` a figure.
const FIRES: [(&str, [&str; 4]); 3] = [
    (
        "pt",
        [
            "Incêndio florestal avança em {}|O fogo já queimou # hectares de mata em {}. Brigadistas tentam conter as chamas e a fumaça cobre a cidade.",
            "Fogo fora de controle em {}|As queimadas destruíram # hectares em {}. Bombeiros e brigadistas combatem as chamas desde domingo.",
            "Queimadas deixam {} sob fumaça|Satélites contaram # focos de incêndio em {}. A vegetação seca alimenta o fogo, dizem os brigadistas.",
            "Chamas cercam fazendas em {}|Um incêndio florestal de # hectares ameaça fazendas em {}. O fogo começou na mata e a fumaça fechou a estrada.",
        ],
    ),
    (
        "es",
        [
            "Incendio forestal avanza en {}|El fuego ya quemó # hectáreas de bosque en {}. Brigadistas intentan contener las llamas y el humo cubre los pueblos.",
            "Fuego sin control en {}|Las quemas arrasaron # hectáreas en {}. Bomberos y brigadistas combaten las llamas desde el domingo.",
            "El humo cubre {}|Los satélites contaron # focos de incendio en {}. La vegetación seca alimenta el fuego, dicen los brigadistas.",
            "Llamas rodean fincas en {}|Un incendio forestal de # hectáreas amenaza fincas en {}. El fuego empezó en el bosque y el humo cerró la ruta.",
        ],
    ),
    (
        "en",
        [
            "Wildfire spreads in {}|The fire has burned # hectares of forest in {}. Crews try to contain the flames and smoke covers the towns.",
            "Fires out of control in {}|Blazes destroyed # hectares in {}. Firefighters have fought the flames since Sunday.",
            "Smoke chokes {}|Satellites counted # fire hotspots in {}. Dry vegetation feeds the blaze, crews say.",
            "Flames surround farms in {}|A wildfire of # hectares threatens farms in {}. The fire began in the forest and smoke closed the road.",
        ],
    ),
];
const OTHERS: [(&str, [&str; 4]); 3] = [
    (
        "pt",
        [
            "Prefeitura de {} abre concurso|A prefeitura de {} abriu # vagas para professores. As inscrições vão até sexta e a prova será em maio.",
            "Time de {} vence fora de casa|O time de {} ganhou por dois gols diante de # torcedores. O técnico elogiou a defesa e o goleiro.",
            "Feira do livro chega a {}|A feira recebe # autores em {}. Há oficinas para crianças, música e debates todas as noites.",
            "Preço da soja sobe em {}|A saca subiu e produtores de {} venderam # toneladas. O mercado espera safra maior no ano que vem.",
        ],
    ),
    (
        "es",
        [
            "El municipio abre concurso en {}|La alcaldía ofrece # plazas para maestros en {}. La inscripción termina el viernes y el examen será en mayo.",
            "Victoria del equipo de {}|El equipo ganó por dos goles ante # hinchas en {}. El técnico elogió a la defensa y al arquero.",
            "La feria del libro llega a {}|La feria recibe a # autores en {}. Habrá talleres para niños, música y debates cada noche.",
            "Sube el precio de la soja en {}|El precio subió y los productores vendieron # toneladas en {}. El mercado espera una cosecha mayor.",
        ],
    ),
    (
        "en",
        [
            "Town hall hires teachers in {}|The council offers # posts for teachers in {}. Applications close on Friday and the exam is in May.",
            "Local side wins in {}|The team won by two goals before # fans in {}. The coach praised the defence and the keeper.",
            "Book fair comes to {}|The fair hosts # authors in {}. There are workshops for children, music and debates every night.",
            "Soy prices rise in {}|Prices rose and growers sold # tonnes in {}. The market expects a larger harvest next year.",
        ],
    ),
];

/// Labelled stories, a line each; those of another `round` have other places and figures.
pub(crate) fn stories(round: usize) -> Vec<Value> {
    let mut stories = Vec::new();
    for (label, templates) in [(1, FIRES), (0, OTHERS)] {
        for (lang, templates) in templates {
            let (_, places) = PLACES.iter().find(|(known, _)| *known == lang).unwrap();
            for (number, template) in templates.iter().enumerate() {
                for at in [round * 2, round * 2 + 1] {
                    let figure = (1 + number * 37 + at * 11) * 100;
                    let story = template.replace("{}", places[at % 6]);
                    let story = story.replace('#', &figure.to_string());
                    let (title, text) = story.split_once('|').unwrap();
                    stories.push(json!({
                        "id": format!("{lang}-{label}-{number}-{at}"), "lang": lang, "label": label,
                        "title": title, "text": text, "source": format!("outlet {}", stories.len() % 7),
                    }));
                }
            }
        }
    }
    stories
}

/// Stories that are about security, nearly so, or not at all.
pub(crate) fn desk() -> Vec<Value> {
    let story = |id: &str, lang: &str, title: &str, text: &str| json!({"id": id, "lang": lang, "title": title, "text": text, "outlet": "El Vigía de Prueba"});
    vec![
        story(
            "ambush",
            "es",
            "Emboscada deja tres soldados muertos en Arauca",
            "Guerrilleros del ELN emboscaron a una patrulla del Ejército en Arauca, Colombia, y mataron a tres soldados, informó el comandante.",
        ),
        story(
            "mining",
            "es",
            "Minería ilegal envenena un río de Madre de Dios",
            "Dragas de mineros ilegales trabajan de noche en un río de Madre de Dios, Perú. Un informe midió mercurio en el agua y en los peces.",
        ),
        story(
            "prison",
            "pt",
            "Governo anuncia reforma de presídio em Roraima",
            "O governo de Roraima anunciou obras num presídio que teve rebelião no ano passado. O contrato prevê novas celas e câmeras.",
        ),
        story(
            "football",
            "es",
            "La selección venció con dos goles en Lima",
            "La selección de Perú ganó en Lima con dos goles del delantero. El técnico elogió la defensa y la hinchada celebró hasta tarde.",
        ),
        story(
            "market",
            "en",
            "Coffee growers in Honduras expect a record harvest",
            "Growers in western Honduras expect a record coffee harvest. Prices rose for a third month and exporters have signed new contracts.",
        ),
    ]
}
