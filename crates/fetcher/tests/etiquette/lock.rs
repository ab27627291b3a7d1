//! Sites behind TLS, with a certificate that the fetcher trusts as it would any of the system's.
//!
//! Which certificates those are is read from the environment, and so the whole suite runs in a
//! second process that has one of its own to trust.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, exit, id},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use testkit::Site;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// The variable that names the file of trusted certificates.
const TRUSTED: &str = "SSL_CERT_FILE";

/// The variable by which the second process knows itself.
const TRUSTED_HERE: &str = "ETIQUETTE_CERTIFICATE";

/// Runs `suite` in a process that trusts a certificate made for it.
pub(crate) fn with_certificate(suite: fn() -> ExitCode) -> ExitCode {
    if env::var_os(TRUSTED_HERE).is_some() {
        return suite();
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("etiquette-{}.pem", id()));
    fs::write(&file, certificate_and_key()).expect("a folder for the tests' files");
    let program = env::current_exe().expect("a program that runs");
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let ended = Command::new(program)
        .args(arguments)
        .envs([(TRUSTED, &file), (TRUSTED_HERE, &file)])
        .status();
    fs::remove_file(&file).expect("the file that was written");
    exit(ended.expect("a second process").code().unwrap_or(1))
}

/// A certificate of `localhost` that vouches for itself, and its key, as PEM.
fn certificate_and_key() -> String {
    let names = vec!["localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let pem = |kind: &str, der: &[u8]| {
        let lines = STANDARD.encode(der);
        let lines: Vec<_> = lines
            .as_bytes()
            .chunks(64)
            .map(String::from_utf8_lossy)
            .collect();
        format!(
            "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
            lines.join("\n")
        )
    };
    let key = made.signing_key.serialize_der();
    pem("CERTIFICATE", made.cert.der()) + &pem("PRIVATE KEY", &key)
}

/// Puts a site behind TLS besides; where it is then, without a path.
pub(crate) async fn locked(site: &Site) -> String {
    let file = PathBuf::from(env::var_os(TRUSTED_HERE).expect("the second process"));
    let certificate = CertificateDer::from_pem_file(&file).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(&file).expect("a key");
    let _ = rustls::crypto::ring::default_provider().install_default(); // perhaps there is one
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a key of its certificate")));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let inside = site.address();
    tokio::spawn(async move {
        while let Ok((outer, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut outer = acceptor.accept(outer).await?;
                let mut inner = TcpStream::connect(inside).await?;
                copy_bidirectional(&mut outer, &mut inner).await
            });
        }
    });
    format!("https://localhost:{port}")
}
