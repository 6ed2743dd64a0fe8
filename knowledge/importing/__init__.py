"""Help pages from files, folders, archives and websites into the page store."""

from knowledge.importing.fetching import Bounds, Fetcher, open_fetcher
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
from knowledge.importing.websites import read_url

__all__ = [
    "LARGEST_FILE_BYTES",
    "Batch",
    "Bounds",
    "BrokenFile",
    "Fetcher",
    "IdentifyLanguage",
    "ImportReport",
    "ImportedPage",
    "Note",
    "Proposal",
    "ReadPage",
    "Reader",
    "compare",
    "import_folder",
    "open_fetcher",
    "read_folder",
    "read_packed",
    "read_url",
    "save_batch",
]
