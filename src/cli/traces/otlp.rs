//! Spans to a collector, by OTLP over HTTP (protobuf), as the standard variables of the environment say
//! (`OTEL_EXPORTER_OTLP_ENDPOINT` and its kin, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
//! `OTEL_TRACES_SAMPLER`).
//!
//! Spans are gathered and sent by a thread of their own, through the HTTP client that webhooks use. A
//! collector that is slow or away costs spans, never work: what does not fit into the queue is dropped.

use std::pin::Pin;
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, info, warn};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;

use super::{AnyLayer, is_wanted, variable};
use crate::cli::CliError;
use crate::fetch;

/// How long the last spans may take at the end.
const LAST: Duration = Duration::from_secs(3);
/// How long a request to the collector may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The way to the collector, if one is named.
#[derive(Debug)]
pub struct Traces {
    provider: Option<SdkTracerProvider>,
}

impl Traces {
    /// Makes ready to send spans where the environment names a collector. Requests run on this runtime.
    ///
    /// # Errors
    /// What is wrong with the variables, or that there is no HTTP client to be had.
    pub fn new(runtime: &Handle) -> Result<Self, CliError> {
        if !is_wanted(variable) {
            return Ok(Self { provider: None });
        }
        let client = fetch::plain_client(&fetch::user_agent(None))
            .map_err(|error| CliError::Failed(format!("can't send traces: {error}")))?;
        let runtime = runtime.clone();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_http_client(Client { client, runtime })
            .build()
            .map_err(|error| CliError::Usage(format!("can't send traces: {error}")))?;
        let mut resource = Resource::builder();
        if variable("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name("mentiond");
        }
        let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.with_attribute(version).build())
            .with_batch_exporter(exporter)
            .build();
        Ok(Self {
            provider: Some(provider),
        })
    }

    /// What takes the spans up. It takes ours only, and no log lines.
    pub fn layer(&self) -> Option<AnyLayer> {
        let tracer = self.provider.as_ref()?.tracer("mentiond");
        let layer = tracing_opentelemetry::layer()
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_tracer(tracer);
        let ours = filter_fn(|span: &Metadata<'_>| {
            span.is_span() && span.target().starts_with("mentiond")
        });
        Some(
            layer
                .with_filter(ours.with_max_level_hint(LevelFilter::INFO))
                .boxed(),
        )
    }

    /// Says that spans are sent, if they are.
    pub fn announce(&self) {
        if self.provider.is_some() {
            info!("sending traces to the collector that the environment names");
        }
    }

    /// Sends the last spans.
    pub fn end(self) {
        if let Some(provider) = self.provider
            && let Err(error) = provider.shutdown_with_timeout(LAST)
        {
            warn!("the last traces could not be sent: {error}");
        }
    }
}

/// The HTTP client, for a thread that is none of the runtime's.
#[derive(Debug)]
struct Client {
    client: reqwest::Client,
    runtime: Handle,
}

impl HttpClient for Client {
    fn send_bytes<'c, 'f>(
        &'c self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        'c: 'f,
        Self: 'f,
    {
        let client = self.client.clone();
        let sent = self
            .runtime
            .spawn(async move { tokio::time::timeout(TIMEOUT, client.send_bytes(request)).await });
        Box::pin(async move { sent.await?? })
    }
}
