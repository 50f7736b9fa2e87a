//! TLS as everywhere: ring as the cryptography, and the certificates that the system trusts.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, Error, RootCertStore};
use rustls_platform_verifier::Verifier;

/// The judge of certificates by the system's roots and these.
///
/// # Errors
/// That the system has none, or one of these is none.
pub(crate) fn verifier(roots: Vec<CertificateDer<'static>>) -> Result<Verifier, Error> {
    Verifier::new_with_extra_roots(roots, provider())
}

/// A client whose servers' certificates are judged so.
///
/// # Errors
/// That there is no version of TLS that both sides know.
pub(crate) fn client(verifier: Arc<dyn ServerCertVerifier>) -> Result<ClientConfig, Error> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// A client for a way without TLS, which is never asked: it trusts nobody, and needs no roots of the system's.
///
/// # Errors
/// That there is no version of TLS that both sides know.
pub(crate) fn none() -> Result<ClientConfig, Error> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

/// Certificates of a PEM text.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn roots(pem: Option<&[u8]>) -> Result<Vec<CertificateDer<'static>>, String> {
    let Some(pem) = pem else {
        return Ok(Vec::new());
    };
    CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("`extra_roots`: {error}"))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
