//! Reading and verifying everything.

use refrain_domain::Digest;

use super::SledStore;
use super::index::{ARTIFACT, Changeset, REF, STREAM, parse_location, to_digest, to_u64};
use crate::{Result, StoreError};

/// What a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// An artifact's bytes, or its place in the index.
    Artifact,
    /// Bytes of a pack that are no record.
    Pack,
    /// A ref that names an artifact that is not there.
    Ref,
    /// An event that is missing or cannot be read.
    Event,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it is about.
    pub kind: FaultKind,
    /// The artifact, if it is one.
    pub digest: Option<Digest>,
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

impl SledStore {
    /// Reads and verifies every artifact, every pack, every ref and every event.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the index itself cannot be read; faults are no errors.
    pub fn fsck(&self) -> Result<FsckReport> {
        let _maintaining = self.lock_maintenance();
        let mut report = FsckReport::default();
        self.check_artifacts(&mut report)?;
        self.check_packs(&mut report)?;
        self.check_refs(&mut report)?;
        self.check_events(&mut report)?;
        Ok(report)
    }

    /// Forgets every artifact whose bytes are damaged, so that it can be put again; answers which.
    ///
    /// # Errors
    /// As [`Self::fsck`].
    pub fn forget_damaged(&self) -> Result<Vec<Digest>> {
        let mut report = FsckReport::default();
        self.check_artifacts(&mut report)?;
        let damaged: Vec<Digest> =
            report.faults.into_iter().filter_map(|fault| fault.digest).collect();
        let mut changes = Changeset::default();
        damaged.iter().for_each(|digest| changes.remove(ARTIFACT, digest.as_bytes()));
        let _publishing = self.lock_publishing();
        self.commit(changes, &[])?;
        self.or_stop(self.index.sync())?;
        Ok(damaged)
    }

    fn check_artifacts(&self, report: &mut FsckReport) -> Result<()> {
        for item in self.index.list(ARTIFACT, &[]) {
            let (key, value) = item?;
            let fault =
                |digest, detail: String| Fault { kind: FaultKind::Artifact, digest, detail };
            let Some(digest) = to_digest(&key) else {
                let detail = format!("the index has an artifact's key of {} bytes", key.len());
                report.faults.push(fault(None, detail));
                continue;
            };
            let Some(location) = parse_location(&digest, &value) else {
                let detail = format!("artifact {digest}: its index entry is damaged");
                report.faults.push(fault(Some(digest), detail));
                continue;
            };
            match self.packs.read(&location) {
                Ok(bytes) => {
                    report.n_verified += 1;
                    report.verified_bytes += bytes.len() as u64;
                }
                Err(StoreError::Corrupt { detail, .. }) => {
                    report.faults.push(fault(Some(digest), format!("artifact {digest}: {detail}")));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn check_packs(&self, report: &mut FsckReport) -> Result<()> {
        let tail = self.packs.tail();
        for pack in self.packs.numbers()? {
            let limit = if pack == tail.pack { tail.end } else { u64::MAX };
            for range in self.packs.scan(pack, 0, limit)?.damaged {
                let detail =
                    format!("pack {pack}: bytes {} to {} are no record", range.start, range.end);
                report.faults.push(Fault { kind: FaultKind::Pack, digest: None, detail });
            }
        }
        Ok(())
    }

    fn check_refs(&self, report: &mut FsckReport) -> Result<()> {
        for item in self.index.list(REF, &[]) {
            let (name, value) = item?;
            let digest = to_digest(&value);
            let found = digest.map_or(Ok(None), |digest| self.location(&digest))?;
            if found.is_none() {
                let name = String::from_utf8_lossy(&name);
                let detail = format!("ref `{name}` names an artifact that is not in the store");
                report.faults.push(Fault { kind: FaultKind::Ref, digest, detail });
            }
        }
        Ok(())
    }

    /// Every stream has the events that its length promises, and each can be read.
    fn check_events(&self, report: &mut FsckReport) -> Result<()> {
        for item in self.index.list(STREAM, &[]) {
            let (name, len) = item?;
            let (name, len) = (String::from_utf8_lossy(&name).into_owned(), to_u64(&len));
            let mut fault = |detail: String| {
                report.faults.push(Fault { kind: FaultKind::Event, digest: None, detail });
            };
            let mut next = 0;
            for item in self.index.events(&name, 0) {
                let (number, value) = item?;
                if number != next {
                    fault(format!("events {next} to {number} of `{name}` are missing"));
                }
                next = number + 1;
                if self.read_value(&value, String::new).is_err() {
                    fault(format!("event {number} of `{name}` cannot be read"));
                }
            }
            if next != len {
                fault(format!("`{name}` has {next} events, not {len}"));
            }
        }
        Ok(())
    }
}
