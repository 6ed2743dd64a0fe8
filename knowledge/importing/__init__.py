"""Help pages from files, folders, archives and websites into the page store."""

from knowledge.importing.folders import import_folder, read_folder, read_packed
from knowledge.importing.reading import (
    LARGEST_FILE_BYTES,
    Batch,
    BrokenFile,
    IdentifyLanguage,
    Note,
    Reader,
    ReadPage,
)
from knowledge.importing.storing import (
    ImportedPage,
    ImportReport,
    Proposal,
    compare,
    save_batch,
)

__all__ = [
    "LARGEST_FILE_BYTES",
    "Batch",
    "BrokenFile",
    "IdentifyLanguage",
    "ImportReport",
    "ImportedPage",
    "Note",
    "Proposal",
    "ReadPage",
    "Reader",
    "compare",
    "import_folder",
    "read_folder",
    "read_packed",
    "save_batch",
]
