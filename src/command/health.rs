//! `pulse health`.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use axum::{
    body::Body,
    http::{Request, header},
};
use clap::Args;
use http_body_util::{BodyExt, Limited};
use hyper_util::rt::TokioIo;
use pulse::config::Config;
use tokio::net::TcpStream;

/// How long the answer may take by default.
const PATIENCE: u64 = 3;
/// The most that is read of an answer, in bytes.
const ANSWER: usize = 64 * 1024;

#[derive(Args)]
#[command(
    long_about = "Ask a running server whether it can do its work (GET /api/ready), and print what it says. The exit code \
                  is 0 where it is ready and 1 where it is not or does not answer: for health checks of containers, which \
                  have no curl.",
    after_help = "Example:\n  pulse health --url http://127.0.0.1:5000/api/ready"
)]
pub(crate) struct Health {
    /// What to ask [default: /api/ready on HOST and PORT of the settings]
    #[arg(long, value_name = "URL", value_parser = parse_url)]
    url: Option<url::Url>,
    /// Count a server as ready whose bus alone does not answer: it serves on, and what is written on other nodes comes
    /// up to 15 s later
    #[arg(long)]
    tolerate_bus: bool,
    /// How many seconds the answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = PATIENCE, value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
}

fn parse_url(text: &str) -> Result<url::Url, String> {
    let url = url::Url::parse(text).ok().filter(|url| url.scheme() == "http" && url.has_host());
    url.ok_or_else(|| "It must be an address like http://127.0.0.1:5000/api/ready.".to_owned())
}

impl Health {
    /// The settings are read only where no address is given.
    pub(crate) fn run(self, config: impl Fn() -> Result<Config, String>) -> Result<(), String> {
        let url = match self.url {
            Some(url) => url,
            None => own(&config()?)?,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("the runtime did not start: {error}"))?;
        let limit = Duration::from_secs(self.timeout);
        let answer = runtime.block_on(async { tokio::time::timeout(limit, ask(&url)).await });
        let (status, text) = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(problem)) => return Err(format!("{url} does not answer: {problem}")),
            Err(_) => return Err(format!("{url} did not answer within {} s", self.timeout)),
        };
        let tolerated = self.tolerate_bus && only_the_bus_is_gone(&text);
        if status != 200 && !tolerated {
            return Err(format!("{url} answers {status}: {text}"));
        }
        super::output::print(format_args!("{text}\n"))
    }
}

/// Whether an answer of /api/ready says that nothing but the bus is missing.
fn only_the_bus_is_gone(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok_and(|says| {
        says["status"] == "unavailable" && says["database"] == "ok" && says["bus"] == "unavailable"
    })
}

/// Where the server with these settings is asked from its own machine.
fn own(config: &Config) -> Result<url::Url, String> {
    if config.port == 0 {
        return Err("PORT is 0, so the server took one that is not known here: give its --url".into());
    }
    let host = match config.host {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    let address = std::net::SocketAddr::new(host, config.port);
    parse_url(&format!("http://{address}/api/ready"))
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

/// The status and the text of an answer.
async fn ask(url: &url::Url) -> Result<(u16, String), Problem> {
    let addresses = url.socket_addrs(|| None)?;
    let stream = TcpStream::connect(addresses.as_slice()).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let request = Request::get(&url[url::Position::BeforePath..url::Position::AfterQuery])
        .header(header::HOST, host)
        .header(header::USER_AGENT, concat!("pulse-health/", env!("CARGO_PKG_VERSION")))
        .body(Body::empty())?;
    let answer = sender.send_request(request).await?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), ANSWER).collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_bus_is_tolerated() {
        let says = |status: &str, database: &str, bus: &str| {
            format!(r#"{{"status":"{status}","database":"{database}","backend":"PostgreSQL","bus":"{bus}"}}"#)
        };
        assert!(only_the_bus_is_gone(&says("unavailable", "ok", "unavailable")));
        assert!(!only_the_bus_is_gone(&says("unavailable", "unavailable", "unavailable")));
        assert!(!only_the_bus_is_gone(&says("draining", "ok", "unavailable")));
        assert!(!only_the_bus_is_gone(&says("unavailable", "unavailable", "ok")));
        assert!(!only_the_bus_is_gone("not JSON"));
    }
}
