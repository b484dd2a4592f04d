//! Traces for an OpenTelemetry collector, where one is named (OTLP over HTTP): a span for each request. What a trace tells is what the log
//! tells: ids, routes and statuses, and nothing about a patient.

use crate::outbound::{self, Reach, Target};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Builder;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::{LevelFilter, dynamic_filter_fn};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

/// For one delivery to the collector, and for the last one when the service stops.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where collectors take traces.
const PATH: &str = "/v1/traces";

/// True once traces are sent: until then nothing is done for them.
static ON: AtomicBool = AtomicBool::new(false);

/// Sends what is still to be sent when it is dropped.
#[derive(Debug)]
pub(super) struct Traces(SdkTracerProvider);

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
            eprintln!("the last traces were not delivered: {error}");
        }
    }
}

/// Begins to send traces to the collector at this address, such as `https://collector:4318`, or `http://localhost:4318` on this machine.
pub(super) fn start(collector: &str) -> Result<(Traces, SdkTracer), String> {
    let endpoint = format!("{}{PATH}", collector.trim_end_matches('/'));
    Target::parse(&endpoint, Reach::OwnNetwork)
        .map_err(|(_, why)| format!("traces cannot be sent to {collector}: the address {why}"))?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Collector)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .with_timeout(PATIENCE)
        .build()
        .map_err(|error| format!("traces cannot be sent to {collector}: {error}"))?;
    let named = [KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))];
    let resource = Resource::builder().with_service_name("oncoauth").with_attributes(named).build();
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    ON.store(true, Ordering::Relaxed);
    let tracer = provider.tracer("oncoauth");
    Ok((Traces(provider), tracer))
}

/// What is traced: spans of this service. What is logged within them stays in the log.
pub(super) fn layer<S>(tracer: SdkTracer) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    // asked anew each time: what a thread remembers of the last answer may be of a question that nothing followed, as the database driver
    // asks them, and a span that is always wanted would be left out by it
    let spans = dynamic_filter_fn(|about, _| about.is_span() && about.target().starts_with("oncoauth"));
    let spans = spans.with_max_level_hint(LevelFilter::INFO);
    tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false).with_filter(spans)
}

/// The span of a request. With traces it says what is asked for and goes on where the caller's trace is.
pub fn request_span(request_id: &str, method: &str, route: &str, headers: &axum::http::HeaderMap) -> Span {
    if !ON.load(Ordering::Relaxed) {
        return tracing::info_span!("request", request_id);
    }
    let span = tracing::info_span!(
        "request",
        request_id,
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
    );
    let parent: Context = opentelemetry::global::get_text_map_propagator(|known| known.extract(&HeaderExtractor(headers)));
    // without a trace of the caller's it begins one of its own
    drop(span.set_parent(parent));
    span
}

/// Says in the span of a request how it was answered.
pub fn note_status(span: &Span, status: u16) {
    if ON.load(Ordering::Relaxed) {
        // past the log, which has written the fields of the span by then
        span.set_attribute("http.response.status_code", i64::from(status));
    }
}

/// Calls the collector as every other address is called that an operator names.
#[derive(Debug)]
struct Collector;

impl HttpClient for Collector {
    fn send_bytes<'one, 'sent>(
        &'one self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sent>>
    where
        'one: 'sent,
        Self: 'sent,
    {
        Box::pin(async move {
            // whoever delivers traces has a thread of their own, without a runtime
            let (parts, body) = request.into_parts();
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let asked = outbound::ask(Request::from_parts(parts, body.to_vec()), Reach::OwnNetwork, PATIENCE);
            Ok(runtime.block_on(asked)?.map(Bytes::from))
        })
    }
}
