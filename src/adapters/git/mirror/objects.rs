//! Objects of git in files of their own: their ids, and writing and copying them without a process.

use std::fmt;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::adapters::git::disk::failed;
use crate::domain::ids::InvalidName;
use crate::ports::workspace::WorkspaceError;

/// The id of an object: 20 bytes of SHA-1 or 32 of SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectId(Box<[u8]>);

/// The hash function of a repository, which names its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectFormat {
    Sha1,
    Sha256,
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectKind {
    Blob,
    Tree,
    Commit,
}

/// An object with its header, as it is hashed and stored.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) id: ObjectId,
    bytes: Vec<u8>,
}

/// The folder `objects` of a repository.
#[derive(Debug)]
pub(crate) struct ObjectFolder(PathBuf);

/// The usual compression of zlib.
const COMPRESSION: u8 = 6;
/// The size from which an object is large, in bytes.
const LARGE: usize = 16 * 1024 * 1024;

/// Whether an object could be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectCopy {
    Done,
    /// The object is large, in a pack, damaged, or missing.
    LeftToGit,
}

impl ObjectFormat {
    pub(crate) const ALL: [Self; 2] = [Self::Sha1, Self::Sha256];

    /// Returns the length of an id in bytes.
    pub(crate) fn id_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// Returns the format of a validated name of an object.
    pub(crate) fn of_hex(name: &str) -> Self {
        if name.len() == 2 * Self::Sha1.id_bytes() { Self::Sha1 } else { Self::Sha256 }
    }

    fn hash(self, bytes: &[u8]) -> ObjectId {
        ObjectId(match self {
            Self::Sha1 => Sha1::digest(bytes).as_slice().into(),
            Self::Sha256 => Sha256::digest(bytes).as_slice().into(),
        })
    }
}

impl ObjectKind {
    fn name(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
        }
    }
}

impl ObjectId {
    /// Takes the bytes of an id that git wrote.
    pub(crate) fn of_git(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    fn format(&self) -> ObjectFormat {
        if self.0.len() == ObjectFormat::Sha1.id_bytes() { ObjectFormat::Sha1 } else { ObjectFormat::Sha256 }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the id as a validated name.
    pub(crate) fn name<Name: FromStr<Err = InvalidName>>(&self) -> Result<Name, WorkspaceError> {
        self.to_string().parse().map_err(|cause: InvalidName| WorkspaceError::Git(cause.to_string()))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl Object {
    pub(crate) fn new(format: ObjectFormat, kind: ObjectKind, content: &[u8]) -> Self {
        let bytes = [format!("{} {}\0", kind.name(), content.len()).as_bytes(), content].concat();
        Self { id: format.hash(&bytes), bytes }
    }
}

/// Returns whether these bytes are the file of an object that is not large.
fn is_packed(id: &ObjectId, packed: &[u8]) -> bool {
    let is_it = |bytes: Vec<u8>| id.format().hash(&bytes) == *id;
    decompress_to_vec_zlib_with_limit(packed, LARGE).is_ok_and(is_it)
}

impl ObjectFolder {
    pub(crate) fn of(git_folder: &Path) -> Self {
        Self(git_folder.join("objects"))
    }

    /// Writes an object that this folder does not have as a file.
    pub(crate) fn write(&self, object: &Object) -> Result<(), WorkspaceError> {
        if self.path(&object.id).exists() {
            return Ok(());
        }
        self.store(&object.id, &compress_to_vec_zlib(&object.bytes, COMPRESSION))
            .map_err(|cause| failed("write an object to", &self.0, &cause))
    }

    /// Copies the file of an object to another repository with the same format, which may have it already. A damaged or large
    /// object is left to git.
    pub(crate) fn copy(&self, id: &ObjectId, to: &Self) -> Result<ObjectCopy, WorkspaceError> {
        if to.path(id).exists() {
            return Ok(ObjectCopy::Done);
        }
        match fs::read(self.path(id)) {
            Ok(packed) if is_packed(id, &packed) => to
                .store(id, &packed)
                .map(|()| ObjectCopy::Done)
                .map_err(|cause| failed("write an object to", &to.0, &cause)),
            Ok(_) | Err(_) => Ok(ObjectCopy::LeftToGit),
        }
    }

    fn path(&self, id: &ObjectId) -> PathBuf {
        let hex = id.to_string();
        let (folder, name) = hex.split_at(2);
        self.0.join(folder).join(name)
    }

    /// Stores an object completely or not at all, readable by everybody who can read this folder.
    fn store(&self, id: &ObjectId, packed: &[u8]) -> io::Result<()> {
        let path = self.path(id);
        let mode = fs::metadata(&self.0)?.permissions().mode();
        let folder = path.parent().unwrap_or(&self.0);
        if !folder.exists() {
            fs::create_dir(folder).or_else(|error| if folder.exists() { Ok(()) } else { Err(error) })?;
            fs::set_permissions(folder, Permissions::from_mode(mode & 0o7777))?;
        }
        // git's own name for such a file: `git prune` removes one that was left by a kill.
        let mut file = tempfile::Builder::new().prefix("tmp_obj_").tempfile_in(folder)?;
        file.write_all(packed)?;
        file.as_file().set_permissions(Permissions::from_mode(mode & 0o444))?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }
}
