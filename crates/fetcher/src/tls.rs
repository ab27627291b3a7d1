//! The process's crypto provider and the certificates that servers are checked against.

use reqwest::{Certificate, Client, ClientBuilder};
use rustls::CertificateError;

/// Builds a client that trusts the system's roots, or the bundled ones where the system has none
/// (a bare container, say).
pub(crate) fn build_client(builder: impl Fn() -> ClientBuilder) -> reqwest::Result<Client> {
    // An error means that a provider is installed already, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    builder().build().or_else(|error| {
        tracing::warn!(%error, "no system certificates, using the bundled ones");
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .map(|der| Certificate::from_der(der))
            .collect::<reqwest::Result<Vec<_>>>()?;
        builder().tls_certs_only(roots).build()
    })
}

/// What is wrong with a server's certificate; `None` where TLS failed for another reason.
pub(crate) fn certificate_problem(error: &rustls::Error) -> Option<String> {
    use CertificateError as E;

    let rustls::Error::InvalidCertificate(problem) = error else {
        return None;
    };
    let known = match problem {
        E::Expired | E::ExpiredContext { .. } => "expired",
        E::NotValidYet | E::NotValidYetContext { .. } => "not valid yet",
        E::UnknownIssuer => "of an unknown issuer",
        E::NotValidForName | E::NotValidForNameContext { .. } => "of another name",
        E::Revoked => "revoked",
        E::BadEncoding => "malformed",
        E::BadSignature => "with a bad signature",
        other => return Some(format!("not good: {other}")),
    };
    Some(known.to_owned())
}
