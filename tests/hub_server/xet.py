"""Files that the real Xet client put into a folder (``local://``): its own test store, so the layout may change.

A shard (``*.mdb``) is a row of 48-byte records. A file's first record is its hash, flags and the number of its parts;
the parts follow, then as many records of verification and one with the sha256, where the flags say so. The list of
files ends with a hash of ones.
"""

import struct
import tempfile
from pathlib import Path

RECORD = 48
VERIFIED, WITH_SHA256 = 0x80000000, 0x40000000
END = b"\xff" * 32


def words(raw):
    """The printed form of a hash, kept as four little-endian words of 64 bits."""
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", raw))


def files_in(shard):
    """(sha256, xet hash, size) of each file of a shard."""
    position = RECORD
    while (record := shard[position : position + RECORD])[:32] != END:
        flags, parts = struct.unpack_from("<II", record, 32)
        sizes = [struct.unpack_from("<I", shard, position + RECORD * (1 + n) + 36)[0] for n in range(parts)]
        position += RECORD * (1 + parts * (2 if flags & VERIFIED else 1))
        if flags & WITH_SHA256:
            yield words(shard[position : position + 32]), words(record[:32]), sum(sizes)
            position += RECORD


def read(store, sha256):
    """(content, xet hash) of the file in the folder ``store``; KeyError where it was never sent."""
    import hf_xet

    known = {
        sha: (xet_hash, size)
        for path in Path(store).glob("xet/xorbs/shards/*.mdb")
        for sha, xet_hash, size in files_in(path.read_bytes())
    }
    xet_hash, size = known[sha256]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "blob")
        with hf_xet.XetSession().new_file_download_group(endpoint=f"local://{store}") as group:
            group.start_download_file(hf_xet.XetFileInfo(xet_hash, size), str(target))
        return target.read_bytes(), xet_hash
