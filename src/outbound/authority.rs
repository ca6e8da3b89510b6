//! Authorities whose certificates are trusted: those of the machine, and those that the operator
//! names.

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{path::Path, sync::Arc};

/// Certificate of an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority(CertificateDer<'static>);

/// Reads the certificates of a file in the format PEM.
///
/// Errors: a sentence with the remedy.
pub fn read_authorities(file: &Path) -> Result<Vec<Authority>, String> {
    let wrong = |why: &dyn std::fmt::Display| {
        format!(
            "no certificate can be read from {} ({why}): name a file in the format PEM",
            file.display()
        )
    };
    let found = CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))?;
    let found: Vec<CertificateDer<'static>> = found
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(&error))?;
    if found.is_empty() {
        return Err(wrong(&"there is none in it"));
    }
    let mut roots = RootCertStore::empty();
    for certificate in &found {
        roots
            .add(certificate.clone())
            .map_err(|error| wrong(&error))?;
    }
    Ok(found.into_iter().map(Authority).collect())
}

/// Returns what a client has to know to trust the authorities of this machine and these.
///
/// Errors: a sentence, if there are none at all.
pub(super) fn trusting(authorities: &[Authority]) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let of_machine = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(of_machine.certs);
    roots.add_parsable_certificates(authorities.iter().map(|authority| authority.0.clone()));
    if roots.is_empty() {
        let why = of_machine.errors.first().map(|error| format!(" ({error})"));
        return Err(format!(
            "This machine has no certificates of authorities{}.",
            why.unwrap_or_default()
        ));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
