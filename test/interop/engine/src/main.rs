//! FACTSTR's own stores, driven over stdin and stdout: one JSON request per line, one JSON answer per line.
//!
//! A request has an `id`, an `op` and the operation's members; its answer has the same `id` and either `ok` or
//! `error`. Each request runs on a thread of its own, so answers may come in another order. What a stream is
//! given comes between the answers as `{"stream", "delivery", "succeeded"}`, before its handler returns.
//!
//! `open` (`sqlite`: path, or `postgres`: url), `append`, `appendIf`, `query`, `stream` (with `name`: durable;
//! with `query`: filtered; `failAt`: the delivery, counted from 1, that the handler fails), `unsubscribe`,
//! `bench`, `close`. The process ends with its stdin.

mod bench;
mod session;
mod wire;

use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::thread;

use serde_json::{Value, json};

use crate::session::Session;

/// Writes one line, whole, whichever threads write at the same time.
pub fn tell(line: &Value) {
    let mut out = io::stdout().lock();
    // The test has gone: nothing is left to do.
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

fn main() {
    let session = Arc::new(Session::default());
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let session = Arc::clone(&session);
        thread::spawn(move || answer(&session, &line));
    }
    // Open stores are left as a crash would leave them: a test that wants more closes them.
    std::process::exit(0);
}

fn answer(session: &Session, line: &str) {
    let request: Value = match serde_json::from_str(line) {
        Ok(request) => request,
        Err(error) => return tell(&json!({ "id": null, "error": wire::bad_request(error) })),
    };
    let id = request["id"].clone();
    tell(&match session.run(&request) {
        Ok(ok) => json!({ "id": id, "ok": ok }),
        Err(error) => json!({ "id": id, "error": error }),
    });
}
