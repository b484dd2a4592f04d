//! Log events as JSON, one object a line: time, level, the event's fields, where it is from, and the fields of the span it is in.
//!
//! The formatter that comes with `tracing-subscriber` writes the same of the service's own events, but hands each line over in some eighty
//! pieces and checks every one of them, which was a sixth of what the service has to do for a verification.

use serde::ser::{Error as _, SerializeMap as _, Serializer as _};
use serde_json::value::RawValue;
use std::fmt;
use tracing::{Event, Subscriber};
use tracing_serde::SerdeMapVisitor;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Most lines have fewer bytes.
const USUAL: usize = 384;

/// The format, of events and of the fields of spans.
#[derive(Debug)]
pub struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let line = line(context, event).map_err(|_| fmt::Error)?;
        writer.write_str(str::from_utf8(&line).map_err(|_| fmt::Error)?)
    }
}

impl<'w> FormatFields<'w> for JsonLines {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let fields = object(fields).map_err(|_| fmt::Error)?;
        writer.write_str(str::from_utf8(&fields).map_err(|_| fmt::Error)?)
    }
}

/// Fields as an object.
fn object(fields: impl RecordFields) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(64);
    let mut serializer = serde_json::Serializer::new(&mut bytes);
    let mut visitor = SerdeMapVisitor::new(serializer.serialize_map(None)?);
    fields.record(&mut visitor);
    visitor.finish()?;
    Ok(bytes)
}

fn line<S, N>(context: &FmtContext<'_, S, N>, event: &Event<'_>) -> serde_json::Result<Vec<u8>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'w> FormatFields<'w> + 'static,
{
    let mut bytes = Vec::with_capacity(USUAL);
    let mut serializer = serde_json::Serializer::new(&mut bytes);
    let mut line = serializer.serialize_map(None)?;
    let mut timestamp = String::with_capacity(32);
    SystemTime.format_time(&mut Writer::new(&mut timestamp)).map_err(serde_json::Error::custom)?;
    line.serialize_entry("timestamp", &timestamp)?;
    line.serialize_entry("level", event.metadata().level().as_str())?;
    let mut fields = SerdeMapVisitor::new(line);
    event.record(&mut fields);
    let mut line = fields.take_serializer()?;
    line.serialize_entry("target", event.metadata().target())?;
    if let Some(span) = context.lookup_current()
        && let Some(fields) = span.extensions().get::<FormattedFields<N>>()
    {
        line.serialize_entry("span", &serde_json::from_str::<&RawValue>(fields)?)?;
    }
    line.end()?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::JsonLines;
    use serde_json::{Value, json};
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_event_is_one_line_with_its_fields_and_its_span() {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt().event_format(JsonLines).fmt_fields(JsonLines);
        let subscriber = subscriber.with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(status = 200, seconds = 0.25, route = "/v1/\"odd\"\n", "answered");
            let _inside = tracing::info_span!("request", request_id = "r-1").entered();
            tracing::error!(error = ?io::ErrorKind::NotFound, "failed");
        });
        let bytes = written.0.lock().unwrap().clone();
        let mut lines: Vec<Value> =
            bytes.split_inclusive(|byte| *byte == b'\n').map(|line| serde_json::from_slice(line).unwrap()).collect();
        for line in &mut lines {
            let timestamp = line.as_object_mut().unwrap().remove("timestamp").unwrap();
            let timestamp = timestamp.as_str().unwrap();
            assert!(timestamp.ends_with('Z') && timestamp.parse::<chrono::DateTime<chrono::Utc>>().is_ok(), "{timestamp}");
        }
        let target = "oncoauth::telemetry::json_lines::tests";
        let answered = json!({"level": "INFO", "message": "answered", "status": 200, "seconds": 0.25, "route": "/v1/\"odd\"\n", "target": target});
        let failed =
            json!({"level": "ERROR", "message": "failed", "error": "NotFound", "target": target, "span": {"request_id": "r-1"}});
        assert_eq!(lines, [answered, failed]);
    }
}
