//! `data`: what can be typed of datasets.

use std::path::PathBuf;

use clap::Subcommand;

use super::pair;

#[derive(Debug, Subcommand)]
pub(crate) enum DataVerb {
    /// Make a dataset version of a file: CSV (also gzipped), Parquet, NDJSON or Arrow IPC
    Import {
        /// The dataset
        dataset: String,
        /// The file
        file: PathBuf,
        /// Its rows follow those of the latest version
        #[arg(long)]
        append: bool,
        /// The column that says when a row happened
        #[arg(long, value_name = "COLUMN")]
        event_time: Option<String>,
        /// A column's kind, where inference should not decide: `tailnum=utf8`
        #[arg(long = "kind", value_name = "COLUMN=KIND", value_parser = pair)]
        kinds: Vec<(String, String)>,
        /// A text that means a missing value, in CSV [default: empty and NA]
        #[arg(long = "null", value_name = "TEXT")]
        nulls: Vec<String>,
        /// Keep malformed rows apart, with reasons, instead of failing
        #[arg(long)]
        quarantine: bool,
    },
    /// List datasets
    List,
    /// Show a dataset version: provenance, columns, statistics, quality
    Show {
        /// `flights`, or `flights@blake3:…`
        dataset: String,
    },
    /// Write the rows of a dataset version to a file
    Export {
        /// `flights`, or `flights@blake3:…`
        dataset: String,
        /// The file to write
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
        /// csv, ndjson, parquet, arrow or arrow-stream [default: by the file's name]
        #[arg(long)]
        format: Option<String>,
    },
    /// Say how two versions of a dataset differ
    Diff {
        /// The dataset
        dataset: String,
        /// One version
        from: String,
        /// The other
        #[arg(default_value = "latest")]
        to: String,
    },
}
