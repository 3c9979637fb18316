//! One open store, and the streams that run on it.

use std::collections::HashMap;
use std::future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use factstr::{
    DurableStream, EventStore, EventStoreError, EventStream, HandleStream, StreamHandlerError,
};
use factstr_postgres::PostgresStore;
use factstr_sqlite::SqliteStore;
use serde_json::{Value, json};

use crate::{bench, tell, wire};

pub type Store = dyn EventStore + Send + Sync;

#[derive(Default)]
pub struct Session {
    store: Mutex<Option<Arc<Store>>>,
    streams: Mutex<HashMap<u64, EventStream>>,
}

impl Session {
    pub fn run(&self, request: &Value) -> Result<Value, Value> {
        match wire::text(request, "op")? {
            "open" => self.open(request),
            "close" => self.close(),
            "append" => {
                let events = wire::read_events(&request["events"])?;
                let result = self.store()?.append(events);
                result
                    .map(|result| wire::append_result(&result))
                    .map_err(|error| wire::store_error(&error))
            }
            "appendIf" => self.append_if(request),
            "query" => {
                let result = self.store()?.query(&wire::read_query(&request["query"])?);
                result
                    .map(|result| wire::query_result(&result))
                    .map_err(|error| wire::store_error(&error))
            }
            "stream" => self.stream(request),
            "unsubscribe" => {
                let stream = wire::number(request, "stream")?;
                let stream = self.streams.lock().unwrap().remove(&stream);
                stream
                    .ok_or_else(|| wire::bad_request("no such stream"))?
                    .unsubscribe();
                Ok(Value::Null)
            }
            "bench" => bench::run(&self.store()?, request),
            other => Err(wire::bad_request(format!("unknown op {other}"))),
        }
    }

    fn store(&self) -> Result<Arc<Store>, Value> {
        let store = self.store.lock().unwrap();
        store
            .clone()
            .ok_or_else(|| wire::bad_request("no store is open"))
    }

    fn open(&self, request: &Value) -> Result<Value, Value> {
        let mut store = self.store.lock().unwrap();
        if store.is_some() {
            return Err(wire::bad_request("a store is open already"));
        }
        *store = Some(if request["sqlite"].is_string() {
            let path = wire::text(request, "sqlite")?;
            Arc::new(SqliteStore::open(path).map_err(wire::open_error)?)
        } else {
            let url = wire::text(request, "postgres")?;
            Arc::new(PostgresStore::connect(url).map_err(wire::open_error)?)
        });
        Ok(Value::Null)
    }

    /// Ends the streams and the store. Deliveries that are on their way arrive, and their cursors are stored,
    /// before the answer.
    fn close(&self) -> Result<Value, Value> {
        self.streams.lock().unwrap().clear();
        let store = self.store.lock().unwrap().take();
        // Requests that still run would keep it open beyond the answer.
        if store.is_some_and(|store| Arc::strong_count(&store) > 1) {
            return Err(wire::bad_request("the store was closed while requests ran"));
        }
        Ok(Value::Null)
    }

    fn append_if(&self, request: &Value) -> Result<Value, Value> {
        let events = wire::read_events(&request["events"])?;
        let query = wire::read_query(&request["query"])?;
        let expected = wire::optional_number(&request["expected"])?;
        match self.store()?.append_if(events, &query, expected) {
            Ok(result) => Ok(json!({ "append_result": wire::append_result(&result) })),
            Err(EventStoreError::ConditionalAppendConflict { expected, actual }) => Ok(json!({
                "conflict": {
                    "expected_context_version": expected,
                    "actual_context_version": actual,
                },
            })),
            Err(error) => Err(wire::store_error(&error)),
        }
    }

    fn stream(&self, request: &Value) -> Result<Value, Value> {
        let stream = wire::number(request, "stream")?;
        let handle = handler(stream, wire::optional_number(&request["failAt"])?);
        let store = self.store()?;
        let name = request["name"].as_str().map(DurableStream::new);
        let running = match (name, &request["query"]) {
            (None, Value::Null) => store.stream_all(handle),
            (None, query) => store.stream_to(&wire::read_query(query)?, handle),
            (Some(name), Value::Null) => store.stream_all_durable(&name, handle),
            (Some(name), query) => {
                store.stream_to_durable(&name, &wire::read_query(query)?, handle)
            }
        };
        let running = running.map_err(|error| wire::store_error(&error))?;
        self.streams.lock().unwrap().insert(stream, running);
        Ok(Value::Null)
    }
}

/// Tells each delivery, and succeeds but for the one that it shall fail.
fn handler(stream: u64, fail_at: Option<u64>) -> HandleStream {
    let deliveries = AtomicU64::new(0);
    HandleStream::new(move |records| {
        let delivery = deliveries.fetch_add(1, Ordering::SeqCst) + 1;
        let succeeded = fail_at != Some(delivery);
        tell(
            &json!({ "stream": stream, "delivery": wire::records(&records), "succeeded": succeeded }),
        );
        future::ready(if succeeded {
            Ok(())
        } else {
            Err(StreamHandlerError::new(format!(
                "delivery {delivery} shall fail"
            )))
        })
    })
}
