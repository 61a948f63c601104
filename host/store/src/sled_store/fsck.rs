//! Reading and verifying everything.
//!
//! Invariant: a check changes nothing. Every pack is read once, from end to end; the index is then
//! held against what was found.

use std::collections::{BTreeMap, HashMap};

use refrain_domain::Digest;

use super::SledStore;
use super::index::{ARTIFACT, Changeset, MEMO, REF, Value, parse_location, to_digest};
use super::packs::{Location, Tail};
use super::walk::{State, walk};
use crate::{Result, StoreError};

/// What a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// An artifact's bytes, or its place in the index.
    Artifact,
    /// Bytes of a pack that are no record, and that nothing in the index leads to.
    Pack,
    /// A ref that names an artifact that is not there, or that the packs have elsewhere.
    Ref,
    /// An event that is missing or cannot be read, or that the packs do not have.
    Event,
    /// A memo whose value is not there.
    Memo,
    /// The index as a whole.
    Index,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it is about.
    pub kind: FaultKind,
    /// The artifact, if it is one.
    pub digest: Option<Digest>,
    /// The pack, if it is in one.
    pub pack: Option<u32>,
    /// Where in the pack, in bytes.
    pub offset: Option<u64>,
    /// What is wrong, and where.
    pub detail: String,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FsckReport {
    /// Artifacts whose digests were verified.
    pub n_verified: u64,
    /// Bytes of these artifacts.
    pub verified_bytes: u64,
    /// Everything that is wrong.
    pub faults: Vec<Fault>,
}

/// What the index held at the moment that a check is about.
struct Moment {
    tail: Tail,
    state: State,
    artifacts: HashMap<Digest, Option<Location>>,
    n_artifacts: u64,
}

impl SledStore {
    /// Reads and verifies every artifact, every pack, every ref and every event.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the index itself cannot be read; faults are no errors.
    pub fn fsck(&self) -> Result<FsckReport> {
        let _maintaining = self.lock_maintenance();
        self.check()
    }

    /// Forgets every artifact whose bytes are damaged, so that it can be put again; answers which.
    /// If the packs no longer say what the index knows of refs and events, they are told again.
    ///
    /// # Errors
    /// As [`Self::fsck`], and as [`Artifacts::stage`](crate::Artifacts::stage).
    pub fn forget_damaged(&self) -> Result<Vec<Digest>> {
        let _maintaining = self.lock_maintenance();
        self.check_running()?;
        let faults = self.check()?.faults;
        let of = |kind| faults.iter().filter(move |fault| fault.kind == kind);
        let damaged: Vec<Digest> =
            of(FaultKind::Artifact).filter_map(|fault| fault.digest).collect();
        {
            let _publishing = self.lock_publishing();
            let mut changes = Changeset::default();
            damaged.iter().for_each(|digest| changes.remove_artifact(digest));
            self.commit(changes, &[])?;
        }
        if [FaultKind::Pack, FaultKind::Ref, FaultKind::Event]
            .iter()
            .any(|kind| of(*kind).count() > 0)
        {
            self.write_snapshot()?;
        }
        self.or_stop(self.index.sync())?;
        Ok(damaged)
    }

    fn check(&self) -> Result<FsckReport> {
        let moment = self.moment()?;
        let mut report = FsckReport::default();
        let n_found = moment.artifacts.len() as u64;
        if n_found != moment.n_artifacts {
            let counted = moment.n_artifacts;
            let detail = format!("the index has {n_found} artifacts, not {counted}: rebuild it");
            report.faults.push(Fault::new(FaultKind::Index, detail));
        }
        let walk = walk(&self.packs, Tail::default(), Some(moment.tail), |_| Ok(()))?;
        let mut damage = walk.damage.clone();
        self.check_artifacts(&moment, &mut damage, &mut report)?;
        for (place, end) in damage {
            let detail = format!("pack {}: bytes {} to {end} are no record", place.pack, place.end);
            report.faults.push(Fault::new(FaultKind::Pack, detail).at(place));
        }
        compare(&walk.state(&self.packs)?, &moment.state, &mut report);
        self.check_refs(&moment, &mut report)?;
        self.check_events(&moment, &mut report)?;
        self.check_memos(&mut report)?;
        Ok(report)
    }

    fn moment(&self) -> Result<Moment> {
        let _publishing = self.lock_publishing();
        let mut moment = Moment {
            tail: self.index.tail()?,
            state: State { lens: self.streams("")?.into_iter().collect(), ..State::default() },
            artifacts: HashMap::new(),
            n_artifacts: self.index.n_artifacts(),
        };
        for item in self.index.list(REF, &[]) {
            let (name, value) = item?;
            let digest = to_digest(&value).unwrap_or(Digest::from_bytes([0; 32]));
            moment.state.refs.insert(String::from_utf8_lossy(&name).into_owned(), digest);
        }
        for item in self.index.list(ARTIFACT, &[]) {
            let (key, value) = item?;
            if let Some(digest) = to_digest(&key) {
                moment.artifacts.insert(digest, parse_location(&digest, &value));
            }
        }
        Ok(moment)
    }

    /// Takes the damage that artifacts account for out of what the walk found.
    fn check_artifacts(
        &self,
        moment: &Moment,
        damage: &mut BTreeMap<Tail, u64>,
        report: &mut FsckReport,
    ) -> Result<()> {
        let mut explained = Vec::new();
        for (digest, location) in &moment.artifacts {
            let Some(location) = location else {
                let detail = format!("artifact {digest}: its index entry is damaged");
                report.faults.push(Fault::new(FaultKind::Artifact, detail).of(*digest));
                continue;
            };
            let found = match location.place() >= moment.tail {
                true => self.packs.read(location).map(drop),
                // Its bytes were verified by the walk, if its header is what the walk saw.
                false if !damage.contains_key(&location.place()) => {
                    self.packs.check_header(location).map(drop)
                }
                false => self.packs.read(location).map(drop),
            };
            match found {
                Ok(()) => {
                    report.n_verified += 1;
                    report.verified_bytes += location.header.len;
                }
                Err(StoreError::Corrupt { detail, .. }) => {
                    let detail = format!("artifact {digest}: {detail}");
                    let fault =
                        Fault::new(FaultKind::Artifact, detail).of(*digest).at(location.place());
                    report.faults.push(fault);
                    explained.push((location.place(), location.end()));
                }
                Err(error) => return Err(error),
            }
        }
        damage.retain(|place, end| {
            let is_part = |(from, to): &(Tail, u64)| {
                from.pack == place.pack && from.end <= place.end && *end <= to.next_multiple_of(64)
            };
            !explained.iter().any(is_part)
        });
        Ok(())
    }

    fn check_refs(&self, moment: &Moment, report: &mut FsckReport) -> Result<()> {
        for (name, digest) in &moment.state.refs {
            if self.location(digest)?.is_none() {
                let detail = format!("ref `{name}` names an artifact that is not in the store");
                report.faults.push(Fault::new(FaultKind::Ref, detail).of(*digest));
            }
        }
        Ok(())
    }

    /// Every stream has the events that its length promises, and each can be read.
    fn check_events(&self, moment: &Moment, report: &mut FsckReport) -> Result<()> {
        for (name, len) in &moment.state.lens {
            let mut fault =
                |detail: String| report.faults.push(Fault::new(FaultKind::Event, detail));
            let mut next = 0;
            // Others may have been appended since.
            for item in self.index.events(name, 0).take(usize::try_from(*len).unwrap_or(usize::MAX))
            {
                let (number, value) = item?;
                if number != next {
                    fault(format!("events {next} to {number} of `{name}` are missing"));
                }
                next = number + 1;
                if let Err(error) =
                    self.read_value(&value, || format!("event {number} of `{name}`"))
                {
                    fault(format!("event {number} of `{name}` cannot be read: {error}"));
                }
            }
            if next != *len {
                fault(format!("`{name}` has {next} events, not {len}"));
            }
        }
        Ok(())
    }

    fn check_memos(&self, report: &mut FsckReport) -> Result<()> {
        for item in self.index.list(MEMO, &[]) {
            let (_, value) = item?;
            let missing = match Value::parse(&value) {
                Some(Value::Here(_)) => continue,
                Some(Value::Artifact(digest)) if self.location(&digest)?.is_some() => continue,
                Some(Value::Artifact(digest)) => Some(digest),
                None => None,
            };
            let detail = "a memo's value is not in the store; it will be computed again".to_owned();
            report.faults.push(Fault { digest: missing, ..Fault::new(FaultKind::Memo, detail) });
        }
        Ok(())
    }
}

/// The index must know of refs and events what the packs say.
fn compare(packs: &State, index: &State, report: &mut FsckReport) {
    let names = packs.refs.keys().chain(index.refs.keys().filter(|n| !packs.refs.contains_key(*n)));
    for name in names {
        let (in_packs, in_index) = (packs.refs.get(name), index.refs.get(name));
        if in_packs != in_index {
            let show =
                |digest: Option<&Digest>| digest.map_or("nothing".to_owned(), Digest::to_string);
            let (in_packs, in_index) = (show(in_packs), show(in_index));
            let detail =
                format!("ref `{name}` is at {in_index} in the index, at {in_packs} in the packs");
            report.faults.push(Fault::new(FaultKind::Ref, detail));
        }
    }
    let names = packs.lens.keys().chain(index.lens.keys().filter(|n| !packs.lens.contains_key(*n)));
    for name in names {
        let len = |state: &State| state.lens.get(name).copied().unwrap_or(0);
        let (in_packs, in_index) = (len(packs), len(index));
        if in_packs != in_index {
            let detail =
                format!("`{name}` has {in_index} events in the index, {in_packs} in the packs");
            report.faults.push(Fault::new(FaultKind::Event, detail));
        }
    }
}

impl Fault {
    fn new(kind: FaultKind, detail: String) -> Self {
        Self { kind, digest: None, pack: None, offset: None, detail }
    }

    fn of(self, digest: Digest) -> Self {
        Self { digest: Some(digest), ..self }
    }

    fn at(self, place: Tail) -> Self {
        Self { pack: Some(place.pack), offset: Some(place.end), ..self }
    }
}
