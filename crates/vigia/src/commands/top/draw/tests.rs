use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    Terminal,
    backend::TestBackend,
    style::{Color, Modifier},
};

use super::*;
use crate::commands::{
    daemon::samples::now,
    top::{rates::History, samples::view},
};

const PLAIN: Palette = Palette { colours: false };

fn drawn(view: &View, screen: &mut Screen, (width, height): (u16, u16)) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| draw(frame, view, screen, PLAIN))
        .unwrap();
    terminal
}

/// The screen as text, without what fills its lines up.
fn text(view: &View, screen: &mut Screen, size: (u16, u16)) -> String {
    let terminal = drawn(view, screen, size);
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for y in 0..size.1 {
        let mut line = String::new();
        let mut x = 0;
        while x < size.0 {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(crate::commands::feeds::table::width_of(symbol))
                .unwrap()
                .max(1);
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[test]
fn a_usual_terminal_shows_everything() {
    let screen = text(&view(), &mut Screen::default(), (80, 24));
    insta::assert_snapshot!(screen);
}

#[test]
fn a_large_terminal_shows_more_of_the_lists() {
    let screen = text(&view(), &mut Screen::default(), (120, 40));
    insta::assert_snapshot!(screen);
}

#[test]
fn a_small_terminal_shows_what_matters_most() {
    let screen = text(&view(), &mut Screen::default(), (40, 12));
    insta::assert_snapshot!(screen);
}

#[test]
fn no_size_is_too_small() {
    let mut alarming = view();
    alarming.alarms = vec!["NOT WRITING: ".to_owned() + &"no space left on device ".repeat(20)];
    let nothing = View::of(&History::default(), now());
    for view in [view(), alarming, nothing] {
        for width in (0..30).chain([39, 40, 79, 80, 200]) {
            for height in (0..14).chain([24, 60]) {
                for list in [List::Feeds, List::Stories] {
                    let (helps, above) = (width % 2 == 0, usize::from(height) * 3);
                    let mut screen = Screen {
                        helps,
                        list,
                        feeds_above: above,
                        stories_above: above,
                        ..Screen::default()
                    };
                    drawn(&view, &mut screen, (width, height));
                }
            }
        }
    }
}

#[test]
fn an_alarm_stands_out_with_and_without_colours() {
    let mut view = view();
    view.alarms = vec!["NOT WRITING: no space left on device (os error 28)".to_owned()];
    for colours in [true, false] {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        let mut screen = Screen::default();
        terminal
            .draw(|frame| draw(frame, &view, &mut screen, Palette { colours }))
            .unwrap();
        let buffer = terminal.backend().buffer();
        // Over the whole width of the line below the first.
        for x in 0..80 {
            let cell = &buffer[(x, 1)];
            assert_eq!(cell.bg == Color::Red, colours);
            assert_eq!(cell.modifier.contains(Modifier::REVERSED), !colours);
        }
        let coloured = buffer.content().iter();
        let coloured = coloured.filter(|cell| (cell.fg, cell.bg) != (Color::Reset, Color::Reset));
        assert_eq!(coloured.count() > 0, colours);
    }
}

#[test]
fn an_alarm_takes_two_lines_at_most_and_leaves_the_lists_their_room() {
    let mut view = view();
    view.alarms = vec!["NOT RELOADED: ".to_owned() + &"unknown key `lgo` ".repeat(20); 2];
    let screen = text(&view, &mut Screen::default(), (80, 24));
    assert_eq!(screen.matches("NOT RELOADED").count(), 2, "{screen}");
    assert!(
        screen.contains("co-cerrado") && screen.contains("Ataque a una"),
        "{screen}"
    );
}

#[test]
fn scrolling_ends_where_the_list_does() {
    let view = view();
    let mut screen = Screen::default();
    let press = |screen: &mut Screen, code| screen.key(KeyEvent::new(code, KeyModifiers::NONE));
    press(&mut screen, KeyCode::End);
    let last = text(&view, &mut screen, (80, 24));
    assert!(
        last.contains("co-diario-7") && !last.contains("co-cerrado"),
        "{last}"
    );
    // One key up moves at once, however often it was pressed down before.
    let above = screen.feeds_above;
    press(&mut screen, KeyCode::Up);
    text(&view, &mut screen, (80, 24));
    assert_eq!(screen.feeds_above, above - 1);
}

#[test]
fn where_there_is_room_for_one_list_tab_tells_which() {
    let mut screen = Screen::default();
    let feeds = text(&view(), &mut screen, (60, 12));
    assert!(
        feeds.contains("co-cerrado") && !feeds.contains("last kept"),
        "{feeds}"
    );
    screen.key(KeyEvent::new(KeyCode::Tab, KeyModifiers::NONE));
    let stories = text(&view(), &mut screen, (60, 12));
    assert!(
        stories.contains("Ataque") && !stories.contains("co-cerrado"),
        "{stories}"
    );
}

#[test]
fn help_takes_the_place_of_the_lists() {
    let mut screen = Screen {
        helps: true,
        ..Screen::default()
    };
    let help = text(&view(), &mut screen, (80, 24));
    assert!(
        help.contains("quit") && help.contains("ten seconds") && !help.contains("co-cerrado"),
        "{help}"
    );
}

#[test]
fn a_pause_is_told() {
    let mut screen = Screen {
        paused: true,
        ..Screen::default()
    };
    assert!(text(&view(), &mut screen, (80, 24)).contains("PAUSED"));
    assert!(!text(&view(), &mut Screen::default(), (80, 24)).contains("PAUSED"));
}

#[test]
fn before_the_daemon_answered_it_says_so() {
    let mut view = View::of(&History::default(), now());
    view.not_answering("NO ANSWER for 3s");
    let screen = text(&view, &mut Screen::default(), (80, 24));
    assert!(screen.contains("NO ANSWER for 3s"), "{screen}");
}
