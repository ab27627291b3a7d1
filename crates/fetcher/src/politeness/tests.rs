use std::future::ready;

use super::*;

const GAP: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn starts_at_one_host_are_a_gap_apart() {
    let gates = Gates::new(GAP, 4, 64);
    let mut starts = Vec::new();
    for _ in 0..5 {
        drop(gates.pass("a.test", ready(None), Load::Poll).await.unwrap());
        starts.push(Instant::now());
    }
    assert!(
        starts
            .windows(2)
            .all(|pair| (GAP..=GAP * 2).contains(&(pair[1] - pair[0])))
    );
}

#[tokio::test(start_paused = true)]
async fn a_host_that_asks_for_a_wider_gap_gets_it() {
    let gates = Gates::new(GAP, 1, 64);
    gates.widen("a.test", GAP * 4);
    gates.widen("b.test", GAP / 2);
    for (host, gap) in [("a.test", GAP * 4), ("b.test", GAP)] {
        drop(gates.pass(host, ready(None), Load::Poll).await.unwrap());
        let begun = Instant::now();
        drop(gates.pass(host, ready(None), Load::Poll).await.unwrap());
        assert!((gap..=gap * 5 / 4).contains(&begun.elapsed()), "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn hosts_do_not_wait_for_each_other() {
    let gates = Gates::new(GAP, 1, 64);
    let begun = Instant::now();
    let slots = [
        gates.pass("a.test", ready(None), Load::Poll).await,
        gates.pass("b.test", ready(None), Load::Poll).await,
    ];
    assert!(slots.iter().all(Result::is_ok));
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_host_has_no_more_requests_under_way_than_it_may() {
    let gates = Gates::new(Duration::ZERO, 2, 64);
    let first = gates.pass("a.test", ready(None), Load::Poll).await.unwrap();
    let _second = gates.pass("a.test", ready(None), Load::Poll).await.unwrap();
    let third = tokio::time::timeout(GAP, gates.pass("a.test", ready(None), Load::Poll));
    assert!(third.await.is_err());
    drop(first);
    assert!(gates.pass("a.test", ready(None), Load::Poll).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn all_requests_together_are_bounded() {
    let gates = Gates::new(Duration::ZERO, 2, 1);
    let mut held = gates.pass("a.test", ready(None), Load::Poll).await.unwrap();
    held.leave_host();
    assert!(
        tokio::time::timeout(GAP, gates.pass("b.test", ready(None), Load::Poll))
            .await
            .is_err()
    );
    drop(held);
    assert!(gates.pass("b.test", ready(None), Load::Poll).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_closed_host_refuses_until_its_time_is_over() {
    let gates = Gates::new(Duration::ZERO, 1, 64);
    gates.close("a.test", Some(Duration::from_mins(2)));
    assert_eq!(
        gates.pass("a.test", ready(None), Load::Poll).await.err(),
        Some(Closed {
            wait: Duration::from_mins(2),
            refusing: false,
        })
    );
    assert!(gates.pass("b.test", ready(None), Load::Poll).await.is_ok());
    tokio::time::advance(Duration::from_secs(121)).await;
    assert!(gates.pass("a.test", ready(None), Load::Poll).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_host_that_names_no_time_is_left_alone_longer_each_time() {
    let gates = Gates::new(Duration::ZERO, 1, 64);
    gates.close("a.test", None);
    gates.close("a.test", None);
    let first = gates.closed("a.test").unwrap().wait;
    assert!(
        first < Duration::from_secs(7),
        "two refusals at once are one strike"
    );
    tokio::time::advance(first).await;
    gates.close("a.test", None);
    assert!(gates.closed("a.test").unwrap().wait >= Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn idle_gates_are_forgotten() {
    let gates = Gates::new(GAP, 1, 64);
    for number in 0..GATES_KEPT * 2 {
        drop(
            gates
                .pass(&format!("{number}.test"), ready(None), Load::Poll)
                .await,
        );
        tokio::time::advance(GAP * 2).await;
    }
    assert!(gates.by_server.lock().unwrap().len() <= GATES_KEPT);
}

#[tokio::test(start_paused = true)]
async fn the_hosts_of_one_publisher_share_a_gate() {
    for (host, of) in [
        ("rss.diario.com.co", "diario.com.co"),
        ("www.diario.com.co:8443", "diario.com.co"),
        ("estado.gob.mx", "estado.gob.mx"),
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("[::1]:8080", "[::1]:8080"),
        ("localhost:8080", "localhost:8080"),
    ] {
        assert_eq!(domain(host), of);
    }
    let gates = Gates::new(GAP, 1, 64);
    drop(
        gates
            .pass("www.diario.com.co", ready(None), Load::Poll)
            .await
            .unwrap(),
    );
    let begun = Instant::now();
    drop(
        gates
            .pass("m.diario.com.co", ready(None), Load::Poll)
            .await
            .unwrap(),
    );
    assert!(begun.elapsed() >= GAP);
    gates.close("m.diario.com.co", None);
    assert!(gates.closed("www.diario.com.co").is_some());
}

#[tokio::test(start_paused = true)]
async fn names_at_one_address_share_a_gate() {
    let gates = Gates::new(GAP, 1, 64);
    let address = Some("203.0.113.7".parse().unwrap());
    drop(
        gates
            .pass("a.test", ready(address), Load::Poll)
            .await
            .unwrap(),
    );
    let begun = Instant::now();
    drop(
        gates
            .pass("b.test", ready(address), Load::Poll)
            .await
            .unwrap(),
    );
    assert!(begun.elapsed() >= GAP);
    let elsewhere = Some("203.0.113.8".parse().unwrap());
    let begun = Instant::now();
    drop(
        gates
            .pass("c.test", ready(elsewhere), Load::Poll)
            .await
            .unwrap(),
    );
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_is_given_more_time() {
    let gates = Gates::new(GAP, 1, 64);
    for (took, gap) in [(GAP / 5, GAP), (GAP * 3, GAP * 6), (GAP * 99, SLOW_GAP_MAX)] {
        gates.answered("a.test", took);
        tokio::time::advance(SLOW_GAP_MAX * 2).await;
        drop(gates.pass("a.test", ready(None), Load::Poll).await.unwrap());
        let begun = Instant::now();
        drop(gates.pass("a.test", ready(None), Load::Poll).await.unwrap());
        let waited = begun.elapsed();
        assert!(
            (gap..=gap.mul_f64(1.2)).contains(&waited),
            "{took:?}: {waited:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_in_a_row_close_a_host_and_an_answer_forgives_them() {
    let gates = Gates::new(Duration::ZERO, 1, 64);
    gates.refused("a.test");
    gates.refused("a.test");
    gates.answered("a.test", Duration::ZERO);
    gates.refused("a.test");
    gates.refused("a.test");
    assert_eq!(gates.closed("a.test"), None);
    gates.refused("a.test");
    assert!(gates.closed("a.test").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_domain_of_many_names_has_one_looked_up_at_a_time_and_holds_up_nobody() {
    let gates = Arc::new(Gates::new(GAP, 1, 64));
    let under_way = Arc::new(Semaphore::new(1));
    for number in 0..50 {
        let (gates, under_way) = (Arc::clone(&gates), Arc::clone(&under_way));
        tokio::spawn(async move {
            let silence = async {
                let _one = under_way.try_acquire().expect("no other at the time");
                std::future::pending().await
            };
            let host = format!("{number}.hostile.test");
            let _ = gates.pass(&host, silence, Load::Page).await;
        });
    }
    tokio::task::yield_now().await;
    let begun = Instant::now();
    gates
        .pass("diario.test", ready(None), Load::Page)
        .await
        .unwrap();
    assert!(begun.elapsed() < Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn pages_leave_places_to_polls() {
    let gates = Gates::new(GAP, 1, 4);
    let mut held = Vec::new();
    for host in ["a.test", "b.test", "c.test"] {
        held.push(gates.pass(host, ready(None), Load::Page).await.unwrap());
    }
    let page = tokio::time::timeout(GAP * 9, gates.pass("d.test", ready(None), Load::Page));
    assert!(page.await.is_err());
    assert!(gates.pass("e.test", ready(None), Load::Poll).await.is_ok());
}
