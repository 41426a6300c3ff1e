//! The command line: parses, builds, runs.

mod command;

use std::{io, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use pulse::{
    app::App,
    config::Config,
    domain::{Clock, Lifetime, Role, UserId},
    graphql,
    http::listen,
    rest, service,
    store::Store,
    telemetry,
};

/// Idle sockets leave no holes between what they keep: see `benches/sockets/`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The real-time backend of a learning product: activities, analytics and notifications over GraphQL, REST and live
/// subscriptions.
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "Settings come from the environment, with .env read first: see `pulse config`."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM or Ctrl-C (what `pulse` alone does too)
    Serve,
    /// Bring the schema of the database at DATABASE_URL up to date and end
    Migrate,
    /// Print the GraphQL schema in the Schema Definition Language
    Schema,
    /// Print the OpenAPI document of the REST API
    #[command(name = "openapi")]
    OpenApi,
    /// Print a token that is signed with JWT_SECRET
    Token(Token),
    /// Import what mongoexport wrote of the three collections; the server must not run
    Import(command::Import),
    /// Write the three collections as mongoexport does; the server may run
    Export(command::Export),
    /// Fill the database with a believable demo; the server must not run
    Seed(command::Seed),
    /// Copy the SQLite database into a file; the server may run
    Backup(command::Backup),
    /// Print the mark that cursors carry, or renew it after a restore
    Epoch(command::Epoch),
    /// Ask a running server whether it is ready; the exit code says so
    Health(command::Health),
    /// Print the settings in force, secrets hidden
    Config,
}

#[derive(Args)]
struct Token {
    /// Whose token: 1 to 128 characters
    #[arg(long, value_parser = parse_user)]
    user: UserId,
    /// user, service or admin: a service or admin acts for anyone
    #[arg(long, default_value = "user", value_parser = parse_role)]
    role: Role,
    /// How long it holds: 30s, 15m, 1h, 7d, up to 36500d, and not longer than JWT_MAX_LIFETIME [default: 1h]
    #[arg(long, value_parser = parse_lifetime)]
    expires: Option<Lifetime>,
}

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command.unwrap_or(Command::Serve),
        Err(answer) => return show(&answer),
    };
    let serving = matches!(command, Command::Serve);
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Settings may have several.
            let lines: Vec<_> = problem.lines().map(|line| format!("pulse: {line}")).collect();
            let report = if serving { command::report_in_time } else { command::report };
            report(lines.join("\n"));
            ExitCode::FAILURE
        }
    }
}

/// Prints what is no command: the help, the version, or what is wrong with the arguments.
fn show(answer: &clap::Error) -> ExitCode {
    let printed = answer.print();
    if answer.use_stderr() {
        return ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(1));
    }
    match command::written(printed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            command::report(format!("pulse: {problem}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), String> {
    match command {
        Command::Schema => return command::print(graphql::sdl()),
        Command::OpenApi => return print_openapi(),
        Command::Config => return command::print(config_with_warnings()?),
        Command::Token(token) => return print_token(&token),
        Command::Health(health) => return health.run(config),
        _ => {}
    }
    // The log has the warnings where there is one.
    let logged = matches!(command, Command::Serve | Command::Migrate);
    let config = if logged { config()? } else { config_with_warnings()? };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the runtime did not start: {error}"))?;
    runtime.block_on(async {
        match command {
            Command::Import(import) => import.run(&config).await,
            Command::Export(export) => export.run(&config).await,
            Command::Seed(seed) => seed.run(&config).await,
            Command::Backup(backup) => backup.run(&config).await,
            Command::Epoch(epoch) => epoch.run(&config).await,
            Command::Migrate => {
                let _logs = logs(&config)?;
                migrate(&config).await
            }
            _ => {
                let _logs = logs(&config)?;
                serve(&config).await
            }
        }
    })
}

fn logs(config: &Config) -> Result<telemetry::Logs, String> {
    telemetry::init(config).map_err(|error| format!("The log could not be started: {error}."))
}

fn config() -> Result<Config, String> {
    Config::from_env().map_err(|error| error.to_string())
}

/// The settings; what was probably not meant so is on standard error.
fn config_with_warnings() -> Result<Config, String> {
    let config = config()?;
    for warning in &config.warnings {
        command::report(format!("pulse: {warning}"));
    }
    Ok(config)
}

fn print_token(token: &Token) -> Result<(), String> {
    let config = config_with_warnings()?;
    let secret = config.jwt_secret.as_deref().ok_or(
        "JWT_SECRET is not set, and a token is signed with it (a development server without one gives tokens at POST \
         /dev/token)",
    )?;
    let expires = config.token_rules.lifetime(token.expires).map_err(|error| error.to_string())?;
    let text = service::issue(secret, &token.user, token.role, expires.duration())
        .map_err(|error| error.to_string())?;
    command::print(format_args!("{text}\n"))
}

fn print_openapi() -> Result<(), String> {
    let document = rest::openapi().to_pretty_json().map_err(|error| error.to_string())?;
    command::print(format_args!("{document}\n"))
}

async fn migrate(config: &Config) -> Result<(), String> {
    let applied = Store::migrate(&config.database_url)
        .await
        .map_err(|error| command::database_problem(config, &error))?;
    command::print(format_args!("The schema is up to date; {applied} steps were applied.\n"))
}

async fn serve(config: &Config) -> Result<(), String> {
    // First the port: a second server that is started by mistake leaves the database alone.
    let listener = listen((config.host, config.port).into()).map_err(|error| {
        format!("PORT {} on HOST {} cannot be listened on: {error}", config.port, config.host)
    })?;
    let app = App::build(config, Clock::default()).await.map_err(|error| start_problem(config, &error))?;
    let address = listener.local_addr().map_err(|error: io::Error| error.to_string())?;
    telemetry::banner(config, address, app.database());
    app.run(listener, shutdown()).await.map_err(|error| format!("the server ended: {error}"))
}

/// A setting that only the start found unusable names itself; all else is the database.
fn start_problem(config: &Config, error: &pulse::domain::Error) -> String {
    match error.at_field() {
        Some(_) => error.to_string(),
        None => command::database_problem(config, error),
    }
}

/// Ends with SIGTERM or Ctrl-C.
async fn shutdown() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}

fn parse_user(text: &str) -> Result<UserId, String> {
    UserId::parse("user", text).map_err(|error| error.to_string())
}

fn parse_role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "It must be user, service or admin.".to_owned())
}

fn parse_lifetime(text: &str) -> Result<Lifetime, String> {
    Lifetime::parse(text).ok_or_else(|| format!("It must be {}.", Lifetime::TAKES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
