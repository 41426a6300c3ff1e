//! Builds the pages of the browser side into the binary.
//!
//! With Node.js there, `web/` is built when it is newer than its last build. Without it the binary is built all the
//! same, and the pages say how to get them.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use flate2::{Compression, write::GzEncoder};

/// What the build in `web/` leaves behind.
const PAGE: &str = "graphiql.html";

fn main() {
    let web = Path::new("web");
    for input in ["src", "package.json", "package-lock.json", "vite.config.ts", "graphiql.html"] {
        println!("cargo:rerun-if-changed=web/{input}");
    }
    println!("cargo:rerun-if-changed=web/dist/{PAGE}");
    let dist = web.join("dist");
    if outdated(web, &dist.join(PAGE)) && env::var_os("PULSE_SKIP_WEB").is_none() {
        build(web);
    }
    if let Err(error) = embed(&dist) {
        println!("cargo:warning=the pages could not be embedded: {error}");
    }
}

/// Whether an input is newer than the built page, or the page is missing.
fn outdated(web: &Path, page: &Path) -> bool {
    let Ok(built) = fs::metadata(page).and_then(|data| data.modified()) else { return true };
    let newest = ["package-lock.json", "vite.config.ts", "graphiql.html"]
        .iter()
        .filter_map(|name| modified(&web.join(name)));
    let sources = files(&web.join("src")).unwrap_or_default();
    newest.chain(sources.iter().filter_map(|path| modified(path))).any(|time| time > built)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

fn build(web: &Path) {
    let npm = |arguments: &[&str]| {
        let output = Command::new("npm").args(arguments).current_dir(web).output();
        match output {
            Ok(output) if output.status.success() => true,
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stderr);
                let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
                println!("cargo:warning=npm {} failed in web/: {last}", arguments.join(" "));
                false
            }
            Err(_) => {
                println!(
                    "cargo:warning=npm was not found, so the pages (GraphiQL) are left out: install Node.js 20.19 or \
                     newer and build again"
                );
                false
            }
        }
    };
    let _ = npm(&["ci"]) && npm(&["run", "build"]);
}

/// Writes a table of the built files: path below `dist`, and the file's bytes, compressed. A crate such as rust-embed
/// would hold them as they are, which is four times as much.
fn embed(dist: &Path) -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?);
    let mut table = String::from("&[\n");
    if dist.join(PAGE).is_file() {
        let root = fs::canonicalize(dist)?;
        let mut paths = files(&root)?;
        paths.sort();
        for (index, path) in paths.into_iter().enumerate() {
            let compressed = out.join(format!("page-{index}.gz"));
            let mut encoder = GzEncoder::new(fs::File::create(&compressed)?, Compression::best());
            io::copy(&mut fs::File::open(&path)?, &mut encoder)?;
            encoder.finish()?;
            let name =
                path.strip_prefix(&root).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
            table += &format!("    ({name:?}, include_bytes!({compressed:?})),\n");
        }
    }
    table += "]\n";
    fs::write(out.join("pages.rs"), table)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    Ok(found)
}
