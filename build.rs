//! Builds the pages of the browser side into the binary.
//!
//! With Node.js there, `web/` is built when something that it is made of has changed since. Without it the binary is
//! built all the same, and the pages say how to get them. `PULSE_SKIP_WEB=1` takes the pages as they are.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use flate2::{Compression, write::GzEncoder};

/// A page that every build makes: its time is that of the build.
const WITNESS: &str = "graphiql.html";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=PULSE_SKIP_WEB");
    let web = Path::new("web");
    let dist = web.join("dist");
    let inputs = inputs(web);
    // Until there are pages the last one is not there, which counts as a change each time: Node.js may be there by then.
    for path in inputs.iter().chain([&dist, &dist.join(WITNESS)]) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    let newest = inputs.iter().filter_map(|path| newest_in(path)).max();
    let built = modified(&dist.join(WITNESS));
    if newest > built && env::var_os("PULSE_SKIP_WEB").is_none_or(|value| value.is_empty()) {
        let complete = built.is_some();
        if build(web) {
            // What is changed while the build runs is newer than it. Cargo, too, must not take our own files for a change.
            if let Some(newest) = newest {
                let _ = stamp(&dist, newest);
            }
        } else if complete {
            println!(
                "cargo:warning=the pages of the last build are taken, which are older than their sources"
            );
        }
    }
    if let Err(error) = embed(&dist) {
        println!("cargo:warning=the pages could not be embedded: {error}");
    }
}

/// What the pages are made of. A page that is added is named in vite.config.ts, so it is noticed.
fn inputs(web: &Path) -> Vec<PathBuf> {
    let names = ["src", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"];
    let mut inputs: Vec<PathBuf> = names.iter().map(|name| web.join(name)).collect();
    let pages = fs::read_dir(web).into_iter().flatten().flatten().map(|entry| entry.path());
    inputs.extend(pages.filter(|path| path.extension().is_some_and(|extension| extension == "html")));
    inputs.retain(|path| path.exists());
    inputs
}

/// When a file, or anything in a folder, was changed last; of a folder also when something was taken out.
fn newest_in(path: &Path) -> Option<SystemTime> {
    let inside = fs::read_dir(path).into_iter().flatten().flatten();
    inside.filter_map(|entry| newest_in(&entry.path())).chain(modified(path)).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

/// Whether the pages were built; says why not.
fn build(web: &Path) -> bool {
    let npm = |arguments: &[&str]| {
        let output = Command::new("npm").args(arguments).current_dir(web).output();
        match output {
            Ok(output) if output.status.success() => true,
            Ok(output) => {
                let text = [output.stdout, output.stderr].concat();
                let text = String::from_utf8_lossy(&text);
                let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
                println!("cargo:warning=npm {} failed in web/: {last}", arguments.join(" "));
                false
            }
            Err(_) => {
                println!(
                    "cargo:warning=npm was not found, so the pages (dashboard, GraphiQL, REST docs) are left out: \
                     install Node.js 20.19 or newer and build again"
                );
                false
            }
        }
    };
    // npm writes this file when it has installed what the lock says.
    let installed = modified(&web.join("node_modules/.package-lock.json"));
    let is_current = installed > modified(&web.join("package-lock.json"));
    (is_current || npm(&["ci"])) && npm(&["run", "build"])
}

/// Gives everything in a folder, and the folder, the time `time`.
fn stamp(folder: &Path, time: SystemTime) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { stamp(&path, time)? } else { fs::File::open(&path)?.set_modified(time)? }
    }
    fs::File::open(folder)?.set_modified(time)
}

/// Writes a table of the built files: path below `dist`, and the file's bytes, compressed. A crate such as rust-embed
/// would hold them as they are, which is four times as much.
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
