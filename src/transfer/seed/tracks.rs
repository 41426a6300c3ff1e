//! What the people of the demo learn.

/// Their ids; further ones are numbered.
pub(super) const PEOPLE: [&str; 12] = [
    "ada",
    "grace",
    "alan",
    "barbara",
    "edsger",
    "katherine",
    "ken",
    "margaret",
    "niklaus",
    "radia",
    "tim",
    "hedy",
];

/// A field of learning.
pub(super) struct Track {
    pub(super) name: &'static str,
    pub(super) lessons: [&'static str; 8],
    pub(super) skills: [&'static str; 6],
    pub(super) projects: [&'static str; 3],
}

pub(super) const TRACKS: [Track; 6] = [
    Track {
        name: "Rust",
        lessons: [
            "ownership and borrowing",
            "pattern matching",
            "error handling with Result",
            "traits and generics",
            "iterators and closures",
            "lifetimes",
            "async and tokio",
            "testing and benchmarks",
        ],
        skills: ["Rust", "Cargo", "Tokio", "Serde", "WebAssembly", "Profiling"],
        projects: ["a command line for notes", "a small web server", "a parser for recipes"],
    },
    Track {
        name: "Web development",
        lessons: [
            "semantic HTML",
            "CSS grid",
            "TypeScript generics",
            "React state",
            "accessible forms",
            "GraphQL queries",
            "service workers",
            "end-to-end tests",
        ],
        skills: ["TypeScript", "React", "CSS", "GraphQL", "Vite", "Accessibility"],
        projects: ["a portfolio page", "a recipe planner", "a chat window"],
    },
    Track {
        name: "Databases",
        lessons: [
            "joins",
            "indexes",
            "query plans",
            "transactions and isolation",
            "window functions",
            "normal forms",
            "replication",
            "backups that restore",
        ],
        skills: ["SQL", "PostgreSQL", "SQLite", "Data modelling", "Query tuning", "Migrations"],
        projects: ["a library catalogue", "a ledger", "a time series of the weather"],
    },
    Track {
        name: "Data science",
        lessons: [
            "probability",
            "cleaning data",
            "linear regression",
            "plots that tell the truth",
            "decision trees",
            "cross-validation",
            "Bayesian inference",
            "reproducible notebooks",
        ],
        skills: ["Python", "pandas", "Statistics", "Visualization", "scikit-learn", "Notebooks"],
        projects: ["a study of bike traffic", "a forecast of energy use", "a map of street trees"],
    },
    Track {
        name: "Design",
        lessons: [
            "typography",
            "colour and contrast",
            "wireframes",
            "user interviews",
            "design systems",
            "prototypes",
            "motion",
            "design critique",
        ],
        skills: ["Figma", "Typography", "User research", "Prototyping", "Design systems", "Illustration"],
        projects: ["a poster series", "an app for the train", "a menu for a café"],
    },
    Track {
        name: "Computer science",
        lessons: [
            "sorting",
            "graphs and shortest paths",
            "dynamic programming",
            "automata",
            "complexity classes",
            "hash tables",
            "compilers",
            "distributed consensus",
        ],
        skills: ["Algorithms", "Data structures", "Proofs", "C", "Compilers", "Networking"],
        projects: ["a maze solver", "a toy compiler", "a spell checker"],
    },
];
