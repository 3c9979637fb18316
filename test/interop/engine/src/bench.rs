//! Workloads that are timed in here, so that a benchmark does not measure the pipe.
//!
//! `workload`: `append` (batches of `batch` facts), `decide` (query, then append_if, on one of `contexts`
//! contexts), `read` (query everything), `replay` (a new durable stream called `name`), `deliver` (append, until
//! a live handler has the fact). `threads` threads share the `operations`, and begin no further one after
//! `milliseconds`. A fact is `event_type` and `payload`, whose member `key` numbers it: `prefix` and a number,
//! below `contexts` where that is given, counted from `first`.

use std::future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use factstr::{DurableStream, EventFilter, EventQuery, EventStoreError, HandleStream, NewEvent};
use serde_json::{Value, json};

use crate::session::Store;
use crate::wire;

struct Facts {
    event_type: String,
    payload: Value,
    key: String,
    prefix: String,
    contexts: Option<u64>,
    first: u64,
}

impl Facts {
    fn read(request: &Value) -> Result<Self, Value> {
        if !request["payload"].is_object() {
            return Err(wire::bad_request("payload is not an object"));
        }
        Ok(Self {
            event_type: wire::text(request, "event_type")?.to_owned(),
            payload: request["payload"].clone(),
            key: wire::text(request, "key")?.to_owned(),
            prefix: wire::text(request, "prefix")?.to_owned(),
            contexts: wire::optional_number(&request["contexts"])?.map(|contexts| contexts.max(1)),
            first: wire::optional_number(&request["first"])?.unwrap_or(0),
        })
    }

    fn value(&self, number: u64) -> Value {
        let number = self.first + self.contexts.map_or(number, |contexts| number % contexts);
        Value::from(format!("{}{number}", self.prefix))
    }

    fn fact(&self, number: u64) -> NewEvent {
        let mut payload = self.payload.clone();
        payload[&self.key] = self.value(number);
        NewEvent::new(&self.event_type, payload)
    }

    fn context(&self, number: u64) -> EventQuery {
        let predicate = json!({ (self.key.as_str()): self.value(number) });
        let filter = EventFilter::for_event_types([&self.event_type]);
        EventQuery::all().with_filters([filter.with_payload_predicates([predicate])])
    }
}

/// How much is done, and by how many.
struct Load {
    threads: u64,
    operations: u64,
    time: Duration,
}

pub fn run(store: &Arc<Store>, request: &Value) -> Result<Value, Value> {
    let load = Load {
        threads: wire::optional_number(&request["threads"])?
            .unwrap_or(1)
            .max(1),
        operations: wire::optional_number(&request["operations"])?.unwrap_or(1),
        time: Duration::from_millis(
            wire::optional_number(&request["milliseconds"])?.unwrap_or(600_000),
        ),
    };
    match wire::text(request, "workload")? {
        "append" => {
            let batch = wire::optional_number(&request["batch"])?
                .unwrap_or(1)
                .max(1);
            let facts = Facts::read(request)?;
            load.run(|operation| {
                let numbers = operation * batch..(operation + 1) * batch;
                let result = store.append(numbers.map(|number| facts.fact(number)).collect())?;
                Ok(Done {
                    facts: result.committed_count,
                    conflicts: 0,
                })
            })
        }
        "decide" => {
            let facts = Facts::read(request)?;
            load.run(|operation| decide(store.as_ref(), &facts, operation))
        }
        "read" => load.run(|_| {
            let read = store.query(&EventQuery::all())?.event_records.len() as u64;
            Ok(Done {
                facts: read,
                conflicts: 0,
            })
        }),
        "replay" => {
            let name = wire::text(request, "name")?;
            Load {
                operations: 1,
                ..load
            }
            .run(|_| replay(store.as_ref(), name))
        }
        "deliver" => {
            let facts = Facts::read(request)?;
            let (sender, delivered) = mpsc::channel();
            let live = store.stream_all(HandleStream::new(move |records| {
                let _ = sender.send(records[0].sequence_number);
                future::ready(Ok(()))
            }));
            let _live = live.map_err(|error| wire::store_error(&error))?;
            let delivered = Mutex::new(delivered);
            // One append at a time: the time until its delivery, not that of a queue.
            Load { threads: 1, ..load }.run(|operation| {
                let number = store
                    .append(vec![facts.fact(operation)])?
                    .first_sequence_number;
                let delivered = delivered.lock().unwrap();
                while delivered.recv().is_ok_and(|arrived| arrived != number) {}
                Ok(Done {
                    facts: 1,
                    conflicts: 0,
                })
            })
        }
        other => Err(wire::bad_request(format!("unknown workload {other}"))),
    }
}

fn decide(store: &Store, facts: &Facts, operation: u64) -> Result<Done, EventStoreError> {
    let context = facts.context(operation);
    let version = store.query(&context)?.current_context_version;
    match store.append_if(vec![facts.fact(operation)], &context, version) {
        Ok(result) => Ok(Done {
            facts: result.committed_count,
            conflicts: 0,
        }),
        Err(EventStoreError::ConditionalAppendConflict { .. }) => Ok(Done {
            facts: 0,
            conflicts: 1,
        }),
        Err(error) => Err(error),
    }
}

fn replay(store: &Store, name: &str) -> Result<Done, EventStoreError> {
    let facts = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&facts);
    let handle = HandleStream::new(move |records| {
        counted.fetch_add(records.len() as u64, Ordering::SeqCst);
        future::ready(Ok(()))
    });
    let stream = store.stream_all_durable(&DurableStream::new(name), handle)?;
    stream.unsubscribe();
    Ok(Done {
        facts: facts.load(Ordering::SeqCst),
        conflicts: 0,
    })
}

#[derive(Default)]
struct Done {
    facts: u64,
    conflicts: u64,
}

impl Load {
    /// Answers with counts, the whole time, and the time of single operations, in milliseconds.
    fn run(
        &self,
        operation: impl Fn(u64) -> Result<Done, EventStoreError> + Sync,
    ) -> Result<Value, Value> {
        let next = AtomicU64::new(0);
        let began = Instant::now();
        let worker = || -> Result<(Done, Vec<Duration>), EventStoreError> {
            let mut done = Done::default();
            let mut times = Vec::new();
            while began.elapsed() < self.time {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= self.operations {
                    break;
                }
                let start = Instant::now();
                let Done { facts, conflicts } = operation(number)?;
                times.push(start.elapsed());
                done.facts += facts;
                done.conflicts += conflicts;
            }
            Ok((done, times))
        };
        let results: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = (0..self.threads).map(|_| scope.spawn(worker)).collect();
            workers
                .into_iter()
                .map(|worker| worker.join().expect("no panic"))
                .collect()
        });
        let elapsed = began.elapsed();
        let (mut facts, mut conflicts, mut times) = (0, 0, Vec::new());
        for result in results {
            let (done, own) = result.map_err(|error| wire::store_error(&error))?;
            facts += done.facts;
            conflicts += done.conflicts;
            times.extend(own);
        }
        times.sort_unstable();
        Ok(json!({
            "operations": times.len(),
            "facts": facts,
            "conflicts": conflicts,
            "milliseconds": milliseconds(elapsed),
            "p50": percentile(&times, 50),
            "p99": percentile(&times, 99),
        }))
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    Some(milliseconds(sorted[last * percent / 100]))
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
