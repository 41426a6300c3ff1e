//! Documents that are made to be costly, each of up to 64 KiB: they nest, multiply, repeat, or fail everywhere at once.
//!
//! Those whose name starts with `within` are valid and lie just inside of the bounds on size and depth.

mod fragments;
mod values;
mod within;
mod wrong;

/// Bytes of the largest document: it has to fit into a request body of 64 KiB with what is around it.
pub const DOCUMENT_BYTES: usize = 65_000;

/// Levels of what nests without end; more than any parser should follow.
const ENDLESS: usize = 20_000;

/// All documents, by name.
pub fn documents() -> Vec<(&'static str, String)> {
    let all = [
        values::nested(),
        values::flat(),
        values::values(),
        fragments::fragments(),
        fragments::merging(),
        wrong::operations(),
        wrong::wrong(),
        wrong::unreadable(),
        within::within(),
    ];
    all.into_iter().flatten().collect()
}

/// A mutation that stores the JSON literal `data`.
fn stored(data: &str) -> String {
    format!("mutation{{createActivity(input:{{type:LOGIN,title:\"t\",data:{data}}}){{id}}}}")
}

fn stored_around(inside: impl FnOnce(usize) -> String) -> String {
    let frame = stored("").len();
    stored(&inside(DOCUMENT_BYTES - frame))
}

/// `head`, then `part(0) part(1) ...` as often as they fit, then `tail`.
fn fill(head: &str, tail: &str, part: impl Fn(usize) -> String) -> String {
    fill_to(DOCUMENT_BYTES, head, tail, part)
}

pub fn fill_to(bytes: usize, head: &str, tail: &str, part: impl Fn(usize) -> String) -> String {
    let mut text = head.to_owned();
    for index in 0.. {
        let part = part(index);
        if text.len() + part.len() + tail.len() > bytes {
            break;
        }
        text += &part;
    }
    text + tail
}

fn repeated(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

/// `open` and `close` around `inside`, `levels` times.
pub fn around(levels: usize, open: &str, inside: &str, close: &str) -> String {
    format!("{}{inside}{}", open.repeat(levels), close.repeat(levels))
}

/// The shortest name number `index`.
pub fn name(mut index: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut text = String::new();
    loop {
        text.push(char::from(LETTERS[index % LETTERS.len()]));
        index /= LETTERS.len();
        if index == 0 {
            return text;
        }
    }
}

/// A selection of the type `Query` that can nest without end: `inside` so many levels down.
fn of_types(levels: usize, inside: &str) -> String {
    format!("__type(name:\"Q\"){{{}}}", around(levels, "ofType{", inside, "}"))
}
