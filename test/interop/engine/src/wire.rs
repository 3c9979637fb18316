//! FACTSTR's types as JSON, with the names that its Node package gives them.

use std::fmt::Display;

use factstr::{
    AppendResult, EventFilter, EventQuery, EventRecord, EventStoreError, NewEvent, QueryResult,
};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

pub fn bad_request(what: impl Display) -> Value {
    json!({ "kind": "BadRequest", "message": what.to_string() })
}

pub fn store_error(error: &EventStoreError) -> Value {
    let kind = match error {
        EventStoreError::EmptyAppend => "EmptyAppend",
        EventStoreError::ConditionalAppendConflict { .. } => "ConditionalAppendConflict",
        EventStoreError::NotImplemented { .. } => "NotImplemented",
        EventStoreError::BackendFailure { .. } => "BackendFailure",
    };
    json!({ "kind": kind, "message": error.to_string() })
}

pub fn open_error(error: impl Display) -> Value {
    json!({ "kind": "OpenFailure", "message": error.to_string() })
}

pub fn text<'a>(request: &'a Value, member: &str) -> Result<&'a str, Value> {
    request[member]
        .as_str()
        .ok_or_else(|| bad_request(format!("{member} is not a text")))
}

pub fn number(request: &Value, member: &str) -> Result<u64, Value> {
    optional_number(&request[member])?.ok_or_else(|| bad_request(format!("{member} is missing")))
}

pub fn optional_number(value: &Value) -> Result<Option<u64>, Value> {
    match value {
        Value::Null => Ok(None),
        _ => value
            .as_u64()
            .map(Some)
            .ok_or_else(|| bad_request(format!("{value} is not a whole number"))),
    }
}

pub fn read_events(value: &Value) -> Result<Vec<NewEvent>, Value> {
    list(value, |event| {
        Ok(NewEvent::new(
            text(event, "event_type")?,
            event["payload"].clone(),
        ))
    })?
    .ok_or_else(|| bad_request("events are missing"))
}

pub fn read_query(value: &Value) -> Result<EventQuery, Value> {
    Ok(EventQuery {
        filters: list(&value["filters"], |filter| {
            Ok(EventFilter {
                event_types: list(&filter["event_types"], |event_type| {
                    let event_type = event_type.as_str();
                    Ok(event_type
                        .ok_or_else(|| bad_request("an event type is not a text"))?
                        .to_owned())
                })?,
                payload_predicates: list(&filter["payload_predicates"], |predicate| {
                    Ok(predicate.clone())
                })?,
            })
        })?,
        min_sequence_number: optional_number(&value["min_sequence_number"])?,
    })
}

fn list<T>(
    value: &Value,
    read: impl Fn(&Value) -> Result<T, Value>,
) -> Result<Option<Vec<T>>, Value> {
    match value {
        Value::Null => Ok(None),
        Value::Array(items) => items.iter().map(read).collect::<Result<_, _>>().map(Some),
        _ => Err(bad_request(format!("{value} is not a list"))),
    }
}

pub fn append_result(result: &AppendResult) -> Value {
    json!({
        "first_sequence_number": result.first_sequence_number,
        "last_sequence_number": result.last_sequence_number,
        "committed_count": result.committed_count,
    })
}

pub fn query_result(result: &QueryResult) -> Value {
    json!({
        "event_records": records(&result.event_records),
        "last_returned_sequence_number": result.last_returned_sequence_number,
        "current_context_version": result.current_context_version,
    })
}

pub fn records(records: &[EventRecord]) -> Value {
    records
        .iter()
        .map(|record| {
            json!({
                "sequence_number": record.sequence_number,
                "occurred_at": record.occurred_at.format(&Rfc3339).expect("a time of our era"),
                "event_type": record.event_type,
                "payload": record.payload,
            })
        })
        .collect()
}
