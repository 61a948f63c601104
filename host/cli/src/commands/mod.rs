//! One module for each group of verbs.

mod audit;
mod author;
mod data;
mod demo;
mod distribution;
mod inspect;
mod models;
mod plugin;
mod recordings;
mod run;
mod runs;
mod serve;
mod show;
mod signing;
mod store;

use std::process::ExitCode;

use crate::args::{Args, Verb};
use crate::session::{Missing, connect};

/// Does what was typed.
pub(crate) fn perform(args: Args) -> anyhow::Result<ExitCode> {
    let Args { global, verb } = args;
    let open = |missing| connect(&global, missing);
    match verb {
        Verb::Init => store::init(&global),
        Verb::Run(pipeline) => run::run(&open(Missing::Make)?, &global, &pipeline),
        Verb::Retrain(pipeline) => run::retrain(&open(Missing::Make)?, &global, &pipeline),
        Verb::Plan(pipeline) => run::plan(&open(Missing::Make)?, &global, &pipeline),
        Verb::Runs { pipeline, status, limit } => {
            runs::list(&open(Missing::Refuse)?, &global, pipeline, status, limit)
        }
        Verb::Show { run } => runs::show(&open(Missing::Refuse)?, &global, &run),
        Verb::Cancel { run } => runs::cancel(&open(Missing::Refuse)?, &global, &run),
        Verb::Resume { run } => runs::resume(&open(Missing::Refuse)?, &global, &run),
        Verb::Replay { run } => audit::replay(&open(Missing::Refuse)?, &global, &run),
        Verb::Diff { a, b } => audit::diff(&open(Missing::Refuse)?, &global, &a, &b),
        Verb::Bundle { run, output } => {
            audit::bundle(&open(Missing::Refuse)?, &global, &run, &output)
        }
        Verb::Verify { bundle } => audit::verify(&global, &bundle),
        Verb::Data(verb) => data::perform(&global, verb),
        Verb::Plugin(verb) => plugin::perform(&global, verb),
        Verb::Models { model } => models::list(&open(Missing::Refuse)?, &global, model),
        Verb::Promote { model, version, alias } => {
            models::promote(&open(Missing::Refuse)?, &global, &model, version, &alias)
        }
        Verb::Rollback { model, alias } => {
            models::rollback(&open(Missing::Refuse)?, &global, &model, &alias)
        }
        Verb::Artifact { digest, output } => {
            audit::artifact(&open(Missing::Refuse)?, &digest, output)
        }
        Verb::Serve(args) => serve::serve(&global, &args),
        Verb::Token(verb) => serve::token(&global, &verb),
        Verb::Gc { dry_run } => store::gc(&open(Missing::Refuse)?, &global, dry_run),
        Verb::Fsck => store::fsck(&open(Missing::Refuse)?, &global),
        Verb::Backup { to } => store::backup(&open(Missing::Refuse)?, &global, &to),
        Verb::Restore { from } => store::restore(&global, &from),
        Verb::RebuildIndex => store::rebuild_index(&global),
        Verb::Schema => store::schema(),
        Verb::Demo { example } => demo::demo(&global, &example),
    }
}
