//! TLS and credentials on the way to PostgreSQL and to the bus, with certificates of an authority of the test's own.

use std::{
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use nkeys::KeyPair;
use serde_json::{Value, json};

use crate::support::{Backend, Files, Nats, Server, eventually, fresh_database, run_postgres};

/// An authority and a certificate of it.
struct Certificates(Files);

impl Certificates {
    /// A certificate for the names in `names` (`DNS:localhost,IP:127.0.0.1`).
    fn new(names: &str) -> Self {
        let files = Files::new();
        std::fs::set_permissions(files.path(""), PermissionsExt::from_mode(0o755)).unwrap();
        files.write("names", format!("subjectAltName={names}\nbasicConstraints=CA:FALSE\n"));
        let made = Self(files);
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let authority = ["req", "-x509", "-days", "2", "-subj", "/CN=authority of a test"];
        made.openssl(&[&authority[..], &key, &["-keyout", "ca-key.pem", "-out", "ca.pem"]].concat());
        let request = ["req", "-subj", "/CN=server of a test", "-keyout", "key.pem", "-out", "request.pem"];
        made.openssl(&[&request[..], &key].concat());
        let sign = ["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem"];
        let how = ["-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "certificate.pem"];
        made.openssl(&[&sign[..], &how].concat());
        made
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(self.0.path("")).output();
        let output = output.unwrap_or_else(|error| panic!("openssl is needed: {error}"));
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn file(&self, name: &str) -> String {
        self.0.argument(name)
    }
}

/// A PostgreSQL that takes nothing but TLS with a password.
struct Cluster {
    data: PathBuf,
    port: String,
    _folder: Files,
}

impl Cluster {
    const PASSWORD: &str = "hunter2";

    fn start(certificates: &Certificates) -> Self {
        let folder = Files::new();
        std::fs::set_permissions(folder.path(""), PermissionsExt::from_mode(0o755)).unwrap();
        let data = folder.path("data");
        let argument = data.to_str().unwrap();
        let url = run_postgres(&["start", argument]);
        let port = url::Url::parse(&url).unwrap().port().unwrap().to_string();
        set_password(&url);
        run_postgres(&["stop", argument]);
        for (from, to) in [("certificate.pem", "server.crt"), ("key.pem", "server.key")] {
            std::fs::copy(certificates.file(from), data.join(to)).unwrap();
            own_alone(&data.join(to), &data);
        }
        append(&data.join("postgresql.conf"), "ssl = on\n");
        let rules = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
        std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
        run_postgres(&["start", argument, &port]);
        Self { data, port, _folder: folder }
    }

    fn url(&self, host: &str, parameters: &str) -> String {
        format!("postgres://postgres:{}@{host}:{}/postgres?{parameters}", Self::PASSWORD, self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        run_postgres(&["stop", self.data.to_str().unwrap(), "immediate"]);
    }
}

fn set_password(url: &str) {
    use sea_orm::{ConnectionTrait, Database};

    let url = url.to_owned();
    let set = async move {
        let connection = Database::connect(url).await.unwrap();
        let sql = format!("ALTER ROLE postgres PASSWORD '{}'", Cluster::PASSWORD);
        connection.execute_unprepared(&sql).await.unwrap();
        connection.close().await.unwrap();
    };
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(set));
}

/// Gives a file to who owns `like`, and to nobody else.
fn own_alone(file: &Path, like: &Path) {
    std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).unwrap();
    let owner = std::fs::metadata(like).unwrap();
    std::os::unix::fs::chown(file, Some(owner.uid()), Some(owner.gid())).unwrap();
}

fn append(file: &Path, text: &str) {
    let before = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, before + text).unwrap();
}

/// The one line with which a server on `url` does not start.
fn refused(url: &str) -> String {
    let output = Server::command(&[("DATABASE_URL", url), ("PORT", "0")]).arg("serve").output().unwrap();
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), line.lines().count()), (Some(1), 1), "{line}");
    assert!(line.contains("DATABASE_URL") && !line.contains(Cluster::PASSWORD), "{line}");
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_reached_by_tls_and_its_certificate_is_checked() {
    let certificates = Certificates::new("DNS:localhost");
    let others = Certificates::new("DNS:localhost");
    let cluster = Cluster::start(&certificates);
    let verify = |mode: &str, authority: &Certificates| {
        format!("sslmode={mode}&sslrootcert={}", authority.file("ca.pem"))
    };
    for url in [
        cluster.url("localhost", &verify("verify-full", &certificates)),
        cluster.url("127.0.0.1", &verify("verify-ca", &certificates)),
        cluster.url("127.0.0.1", "sslmode=require"),
    ] {
        let server = Server::start(&url, &[]);
        server.create_activity("ada", "t").await;
        assert_eq!(server.get("/api/ready").await.expect(200)["backend"], "PostgreSQL");
    }
    refused(&cluster.url("127.0.0.1", "sslmode=disable"));
    let line = refused(&cluster.url("127.0.0.1", &verify("verify-full", &certificates)));
    assert!(line.contains("certificate"), "{line}");
    let line = refused(&cluster.url("localhost", &verify("verify-full", &others)));
    assert!(line.contains("certificate"), "{line}");
    let wrong = cluster.url("localhost", &verify("verify-full", &certificates)).replace("hunter2", "guess");
    assert!(refused(&wrong).contains("password"));
}

/// What `/api/ready` says of the bus of a server with these settings, once that is `wanted`.
async fn bus_becomes(settings: &[(&str, &str)], wanted: &str) {
    let (database, _folder) = fresh_database(Backend::Sqlite).await;
    let server = Server::start(&database, settings);
    eventually(&format!("a bus that is {wanted}"), async || {
        (server.get("/api/ready").await.body["bus"] == wanted).then_some(())
    })
    .await;
}

/// A server with these settings does not get to the bus: it says why in its log, and goes on.
async fn bus_is_refused(settings: &[(&str, &str)]) {
    let (database, _folder) = fresh_database(Backend::Sqlite).await;
    let server = Server::start(&database, settings);
    // It tried more than once.
    for _ in 0..2 {
        server.log_line(|line| line.contains("WARN") && line.contains("bus"));
    }
    assert_eq!(server.get("/api/ready").await.body["bus"], "unavailable");
    server.create_activity("ada", "t").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bus_is_reached_by_tls_and_its_certificate_is_checked() {
    let certificates = Certificates::new("DNS:localhost,IP:127.0.0.1");
    let others = Certificates::new("DNS:localhost,IP:127.0.0.1");
    let (certificate, key) = (certificates.file("certificate.pem"), certificates.file("key.pem"));
    let arguments =
        ["--tls", "--tlscert", &certificate, "--tlskey", &key, "--user", "pulse", "--pass", "hunter2"];
    let nats = Nats::with(None, &arguments);
    let url = nats.url.replace("nats://", "tls://pulse:hunter2@");
    let (ours, theirs) = (certificates.file("ca.pem"), others.file("ca.pem"));
    bus_becomes(&[("NATS_URL", &url), ("NATS_CA", &ours)], "ok").await;
    bus_is_refused(&[("NATS_URL", &url), ("NATS_CA", &theirs)]).await;
    // Not signed by an authority that everybody knows.
    bus_is_refused(&[("NATS_URL", &url)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_speaks_no_tls_is_refused_where_tls_is_a_must() {
    let certificates = Certificates::new("DNS:localhost,IP:127.0.0.1");
    let nats = Nats::start(None);
    bus_is_refused(&[("NATS_URL", &nats.url), ("NATS_CA", &certificates.file("ca.pem"))]).await;
}

/// A claim of NATS, signed by `issuer`: <https://docs.nats.io/running-a-nats-service/nats_admin/security/jwt>
fn claim(issuer: &KeyPair, subject: &KeyPair, name: &str, kind: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"typ": "JWT", "alg": "ed25519-nkey"}));
    let content = part(json!({
        "jti": name, "iat": 1_700_000_000, "iss": issuer.public_key(), "sub": subject.public_key(), "name": name,
        "nats": {
            "type": kind, "version": 2, "subs": -1, "data": -1, "payload": -1,
            "limits": {
                "subs": -1, "data": -1, "payload": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1,
                "wildcards": true
            }
        }
    }));
    let text = format!("{header}.{content}");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(issuer.sign(text.as_bytes()).unwrap()))
}

/// A credentials file, as `nsc` writes it.
fn credentials(token: &str, user: &KeyPair) -> String {
    format!(
        "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        user.seed().unwrap()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bus_takes_a_credentials_file() {
    let (operator, account, user) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_user());
    let stranger = KeyPair::new_account();
    let files = Files::new();
    let config = format!(
        "operator: {}\nresolver: MEMORY\nresolver_preload: {{ {}: {} }}\n",
        claim(&operator, &operator, "operator", "operator"),
        account.public_key(),
        claim(&operator, &account, "account", "account"),
    );
    let config = files.write("nats.conf", config);
    let nats = Nats::with(None, &["--config", &config]);
    let good = files.write("pulse.creds", credentials(&claim(&account, &user, "pulse", "user"), &user));
    let bad = files.write("other.creds", credentials(&claim(&stranger, &user, "pulse", "user"), &user));
    bus_becomes(&[("NATS_URL", &nats.url), ("NATS_CREDENTIALS", &good)], "ok").await;
    bus_is_refused(&[("NATS_URL", &nats.url), ("NATS_CREDENTIALS", &bad)]).await;
    bus_is_refused(&[("NATS_URL", &nats.url)]).await;
}
