//! TLS to servers that events go to: rustls, with cryptography that needs no C compiler to be built, and the authorities of the
//! system, or those of the file that `SSL_CERT_FILE` names.

use std::sync::Arc;

use rumqttc::{TlsConfiguration, Transport};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

/// An error of a connection, and what helps where a certificate is not believed.
pub(super) fn explained(error: &dyn std::error::Error) -> String {
    let error = error.to_string();
    if error.contains("certificate") {
        format!("{error}; a file of authorities of your own is named by SSL_CERT_FILE")
    } else {
        error
    }
}

/// Why this machine cannot do it, if so.
pub(super) fn problem() -> Option<String> {
    (!processor_is_known()).then(|| {
        "TLS needs a processor of 2014 or later (AES, AVX2, ADX; or AES and SHA-2 of Arm): use a relay on this machine".to_owned()
    })
}

/// What the cryptography asks of a processor; it would panic.
fn processor_is_known() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        has!("adx") && has!("aes") && has!("avx") && has!("avx2") && has!("bmi1") && has!("pclmulqdq")
    }
    #[cfg(target_arch = "aarch64")]
    {
        use std::arch::is_aarch64_feature_detected as has;
        has!("neon") && has!("aes") && has!("pmull") && has!("sha2")
    }
}

/// Posts by TLS where a URL says so.
///
/// # Errors
/// A sentence if there are no authorities.
pub(super) fn for_http(agent: ConfigBuilder<AgentScope>) -> Result<ConfigBuilder<AgentScope>, String> {
    let certificates: Vec<Certificate<'static>> =
        authorities()?.iter().map(|authority| Certificate::from_der(authority).to_owned()).collect();
    let config = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&certificates))
        .unversioned_rustls_crypto_provider(provider());
    Ok(agent.tls_config(config.build()))
}

/// The transport of a broker.
///
/// # Errors
/// A sentence if there are no authorities.
pub(super) fn for_mqtt() -> Result<Transport, String> {
    let mut roots = RootCertStore::empty();
    // One that cannot be read takes no other with it.
    roots.add_parsable_certificates(authorities()?);
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    Ok(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(config))))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls_graviola::default_provider())
}

fn authorities() -> Result<Vec<CertificateDer<'static>>, String> {
    let found = rustls_native_certs::load_native_certs();
    if !found.certs.is_empty() {
        return Ok(found.certs);
    }
    let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
    Err(format!(
        "this system has no certificate authorities that TLS could go by{why}: install ca-certificates, or name a file of them by \
         SSL_CERT_FILE"
    ))
}
