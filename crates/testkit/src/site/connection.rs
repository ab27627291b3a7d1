//! One connection: requests in, answers out, until either side has enough.

use std::{io, sync::Arc, time::Duration};

use bytes::{Buf as _, Bytes};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};

use super::{Reply, Request, Routes, reply::Flow};

/// More bytes of headers and body than any client under test sends.
const REQUEST_BYTES_MAX: usize = 1 << 20;
/// Where an endless body ends after all, so that a client without a limit fails and not the machine.
const ENDLESS_BYTES_MAX: usize = 200 << 20;
const CHUNK_BYTES: usize = 64 << 10;

/// Answers a connection's requests in turn. Whatever goes wrong with it is the client's to notice.
pub(super) async fn serve(mut stream: TcpStream, routes: Arc<Routes>) {
    // Small answers must not wait for Nagle; where the option cannot be set they only come later.
    let _ = stream.set_nodelay(true);
    let mut received = Vec::with_capacity(2048);
    while let Ok(Some(request)) = next_request(&mut stream, &mut received).await {
        let under_way = routes.begin();
        let sends_body = request.method != "HEAD";
        let closes = request.closes();
        let reply = routes.answer(request);
        let closes = closes || reply.spoils_connection();
        let sent = send(&mut stream, reply, sends_body, closes, &routes).await;
        if sent.is_err() || closes {
            break;
        }
        drop(under_way);
    }
    // The client may have gone already.
    let _ = stream.shutdown().await;
}

/// The next request of a connection; `None` at its end or where it does not speak HTTP.
async fn next_request(
    stream: &mut TcpStream,
    received: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    loop {
        match Request::parse(received) {
            Ok(Some((request, length))) => {
                received.drain(..length);
                return Ok(Some(request));
            }
            Ok(None) if received.len() < REQUEST_BYTES_MAX => {}
            Ok(None) | Err(_) => return Ok(None),
        }
        if stream.read_buf(received).await? == 0 {
            return Ok(None);
        }
    }
}

async fn send(
    stream: &mut TcpStream,
    reply: Reply,
    sends_body: bool,
    closes: bool,
    routes: &Routes,
) -> io::Result<()> {
    if !reply.delay.is_zero() {
        wait(stream, reply.delay, routes).await?;
    }
    let head = Bytes::from(reply.head(closes));
    let body = if sends_body { reply.body } else { Bytes::new() };
    match reply.flow {
        Flow::HangUp => Ok(()),
        Flow::Raw => stream.write_all(&body).await,
        Flow::Whole => stream.write_all_buf(&mut head.chain(body)).await,
        Flow::Truncated(bytes) => {
            let cut = body.slice(..bytes.min(body.len()));
            stream.write_all_buf(&mut head.chain(cut)).await
        }
        Flow::Drip(bytes, every) => {
            stream.write_all(&head).await?;
            drip(stream, &body, bytes, every, routes).await
        }
        Flow::Endless => {
            stream.write_all(&head).await?;
            flood(stream, &body).await
        }
    }
}

/// Lets the client wait, unless it hangs up first.
async fn wait(stream: &mut TcpStream, time: Duration, routes: &Routes) -> io::Result<()> {
    let _waiting = routes.begin_waiting();
    tokio::select! {
        () = sleep(time) => Ok(()),
        ready = stream.readable() => {
            ready?;
            let mut next = [0];
            match stream.peek(&mut next).await? {
                0 => Err(io::ErrorKind::ConnectionAborted.into()),
                _ => { sleep(time).await; Ok(()) } // it has asked for more already
            }
        }
    }
}

async fn drip(
    stream: &mut TcpStream,
    body: &[u8],
    bytes: usize,
    every: Duration,
    routes: &Routes,
) -> io::Result<()> {
    for piece in body.chunks(bytes) {
        wait(stream, every, routes).await?;
        stream.write_all(piece).await?;
    }
    Ok(())
}

async fn flood(stream: &mut TcpStream, body: &[u8]) -> io::Result<()> {
    let body = if body.is_empty() { b"flood\n" } else { body };
    let filling = body.iter().copied().cycle().take(CHUNK_BYTES);
    let mut chunk = format!("{CHUNK_BYTES:x}\r\n").into_bytes();
    chunk.extend(filling);
    chunk.extend(b"\r\n");
    for _ in 0..ENDLESS_BYTES_MAX / CHUNK_BYTES {
        stream.write_all(&chunk).await?;
    }
    Ok(())
}
