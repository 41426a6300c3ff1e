//! Builds the pages of `web/` into the binary.
//!
//! `web/scripts/pages.mjs` builds them when a source is newer than the last build; `make` starts the same build beside
//! the compiler's. Without Node.js the binary is built without pages, and serves instructions in their place.
//! `PULSE_SKIP_WEB=1` takes `web/dist` as it is.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use flate2::{Compression, write::GzEncoder};

/// A page that every build writes.
const WITNESS: &str = "graphiql.html";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=PULSE_SKIP_WEB");
    let web = Path::new("web");
    let dist = web.join("dist");
    // A build of the pages that runs already holds this lock until its end.
    let lock = fs::File::create(web.join(".build-lock"));
    if let Err(error) = lock.as_ref().map_or(Ok(()), fs::File::lock) {
        println!("cargo:warning=web/.build-lock could not be locked: {error}");
    }
    if env::var_os("PULSE_SKIP_WEB").is_none_or(|value| value.is_empty()) {
        build_pages(web);
    }
    // A missing page counts as a change each time: Node.js may be installed by then.
    for path in sources(web).iter().chain([&dist, &dist.join(WITNESS)]) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    if let Err(error) = embed(&dist) {
        println!("cargo:warning=the pages could not be embedded: {error}");
    }
}

/// The sources of the pages, as in `web/scripts/pages.mjs`.
fn sources(web: &Path) -> Vec<PathBuf> {
    let names = ["src", "package.json", "../package-lock.json", "tsconfig.json", "vite.config.ts"];
    let mut sources: Vec<PathBuf> = names.iter().map(|name| web.join(name)).collect();
    let pages = fs::read_dir(web).into_iter().flatten().flatten().map(|entry| entry.path());
    sources.extend(pages.filter(|path| path.extension().is_some_and(|extension| extension == "html")));
    sources.retain(|path| path.exists());
    sources
}

/// Brings `web/dist` up to date; a failure is a warning.
fn build_pages(web: &Path) {
    match Command::new("node").arg(web.join("scripts/pages.mjs")).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text);
            let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
            println!(
                "cargo:warning=the pages could not be built, so those of the last build, if any, are taken: {last}"
            );
        }
        Err(_) => println!(
            "cargo:warning=node was not found, so the pages (dashboard, GraphiQL, REST docs) are not built: install \
             Node.js 20.19 or newer and build again"
        ),
    }
}

/// Writes a table of the built files: path below `dist`, compressed bytes. A crate such as rust-embed
/// would embed them uncompressed, which is four times as much.
fn embed(dist: &Path) -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?);
    let mut table = String::from("&[\n");
    if dist.join(WITNESS).is_file() {
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
