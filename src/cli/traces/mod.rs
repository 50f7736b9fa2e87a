//! Traces: what a poll, a page, a delivery or a request took, for a collector of `OpenTelemetry`.
//!
//! The spans stand in the code that does the work (`tracing`'s `info_span!`), tell ids, outcomes and counts,
//! and never a URL, a text or a secret; nobody takes them up unless this program was built with the feature
//! `otel` and the environment names a collector. The log never shows them.

#[cfg(feature = "otel")]
mod otlp;
#[cfg(not(feature = "otel"))]
mod without;

use tracing_subscriber::{Layer, Registry};

#[cfg(feature = "otel")]
pub use otlp::Traces;
#[cfg(not(feature = "otel"))]
pub use without::Traces;

/// What takes spans or log lines up.
pub type AnyLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Whether the environment names a collector and does not switch traces off.
fn is_wanted(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name| variable(name).filter(|value| !value.trim().is_empty());
    let is = |name, value: &str| set(name).is_some_and(|v| v.trim().eq_ignore_ascii_case(value));
    let named = [
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ];
    named.iter().any(|name| set(name).is_some())
        && !is("OTEL_SDK_DISABLED", "true")
        && !is("OTEL_TRACES_EXPORTER", "none")
}

/// A variable of the process's environment.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::is_wanted;

    #[test]
    fn traces_are_wanted_where_a_collector_is_named_and_nothing_switches_them_off() {
        let wanted = |set: &[(&str, &str)]| {
            is_wanted(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
        assert!(wanted(&[endpoint]));
        assert!(wanted(&[(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "http://a/v1/traces"
        )]));
        assert!(!wanted(&[]));
        assert!(!wanted(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]));
        assert!(!wanted(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")]));
        assert!(!wanted(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]));
        assert!(wanted(&[endpoint, ("OTEL_SDK_DISABLED", "false")]));
    }
}
