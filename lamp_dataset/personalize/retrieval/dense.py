"""Dense retrieval: texts become vectors, the dot product with the query's vector is the score.

The official run used facebook/contriever: mean of the last hidden states, no normalization, dot product. That is what
sentence-transformers makes of a bare checkpoint; a checkpoint with its own pooling or normalization keeps it.
"""

import hashlib
import os
from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from lamp_dataset.formats.texts import short
from lamp_dataset.lazy import load_model, require
from lamp_dataset.personalize.model_names import check_content, content_of, hub_options
from lamp_dataset.personalize.prompt_options import RetrieverOptions
from lamp_dataset.personalize.retrieval.ranking import Ranking, by_score
from lamp_dataset.personalize.retrieval.samples import Sample

#: The columns that are read of a table of vectors: a hash of each text and its vector.
READ = pa.schema({"text": pa.uint64(), "vector": pa.list_(pa.float32())})
#: Where a set of vectors says by which model each was made; see :attr:`Dense.identity`. Older files do not.
MODEL = pa.field("model", pa.string())
#: Of so many vectors that follow each other in a set, so many are compared with the model's own.
BLOCK, COMPARED = 1024, 4
#: The dot product of longer vectors can overflow 32 bits.
LONGEST = float(np.sqrt(np.finfo(np.float32).max))
#: How the identity of a model in a folder begins.
CONTENT_OF = "content "
#: How far two runs of a model may differ, as a share of a vector's length; other models differ by more.
TOLERANCE = 1e-3
#: Number of profiles embedded at a time: enough to fill and sort batches, few enough to hold their vectors.
PROFILES_AT_A_TIME = 64


@dataclass(kw_only=True)
class Dense:
    """Ranks by the dot product of embeddings; needs the extra ``dense``.

    Each distinct text is embedded once as long as its vector is cached. The profiles of one user's samples overlap
    almost completely, so this saves most of the work. A vector belongs to its text, so equal items tie exactly.

    See :class:`~lamp_dataset.personalize.prompt_options.RetrieverOptions`; ``model`` may also be an object with
    sentence-transformers' ``encode`` methods.

    Attributes:
        embedded: how many texts went through the model so far.
    """

    model: Any = None
    device: str | None = None
    batch_size: int = RetrieverOptions.batch_size
    vectors: Any = None
    cache_size: int = RetrieverOptions.cache_size
    embedded: int = field(default=0, init=False, compare=False)
    needs_query: ClassVar[bool] = True
    needs_dates: ClassVar[bool] = False
    scored: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Start without model and vectors: both are made when first needed, in the process that needs them."""
        if self.model is None:
            raise ValueError("dense: expected the name of a checkpoint as 'model', such as 'facebook/contriever'")
        if self.batch_size < 1 or self.cache_size < 0:
            raise ValueError(f"dense: expected batch_size from 1 and cache_size from 0, found {self}")
        self.content = content_of(self.model)  # of a folder: its name alone would leave caches stale
        self._encoder: Any = None
        self._vectors: dict[bytes, np.ndarray] = {}
        self._stored: Vectors | None = None

    def __getstate__(self) -> dict[str, Any]:
        """The options alone: a pickled ranker holds neither a loaded model nor vectors."""
        return {name: value for name, value in vars(self).items() if name != "embedded" and not name.startswith("_")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Set the options and start afresh."""
        self.__dict__.update(state, embedded=0)
        self.__post_init__()
        self.content = state["content"]

    @property
    def identity(self) -> str:
        """The checkpoint: a digest of the files in its folder, or its name on the Hub with the revision.

        It is "" for an object, which has no name. The model is loaded, because what is loaded decides.
        """
        if not isinstance(self.model, str):
            return ""
        self._encoder = self._encoder or self._load()
        module = self._encoder[0] if hasattr(self._encoder, "__getitem__") else self._encoder
        config = getattr(getattr(module, "auto_model", None), "config", None)
        revision = getattr(config, "_commit_hash", None) or ""
        return f"{CONTENT_OF}{self.content}" if self.content else f"{self.model}@{revision}"

    def rank(self, samples: Sequence[Sample]) -> list[Ranking]:
        """Rank by the dot product with the query; ValueError for embeddings that are not finite."""
        rankings = []
        for start in range(0, len(samples), PROFILES_AT_A_TIME):
            some = samples[start : start + PROFILES_AT_A_TIME]
            documents = [sample.documents for sample in some]
            queries = self._embed("query", [sample.query.text for sample in some])
            vectors = self._embed("document", chain.from_iterable(documents))
            for sample, texts in zip(some, documents, strict=True):
                distinct = list(dict.fromkeys(texts))
                found = np.stack([vectors[text] for text in distinct]) @ queries[sample.query.text] if distinct else ()
                scores = dict(zip(distinct, found, strict=True))
                rankings.append(by_score(np.array([scores[text] for text in texts], np.float64)))
        return rankings

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """The vectors of texts of items, a row for each; ValueError if they are not finite."""
        vectors = self._embed("document", texts)
        return np.stack([vectors[text] for text in texts])

    def _embed(self, kind: str, texts: Iterable[str]) -> dict[str, np.ndarray]:
        keys = {text: hashlib.blake2b(f"{kind}\0{text}".encode("utf-8", "surrogatepass")).digest() for text in texts}
        new = [text for text, key in keys.items() if key not in self._vectors]
        if new and kind == "document" and self.vectors is not None:
            self._stored = self._stored or Vectors(self.vectors, partial(self._encode, kind), self.identity)
            self._vectors.update((keys[text], vector) for text, vector in self._stored.of(new).items())
            new = [text for text in new if keys[text] not in self._vectors]
        if new:
            found = self._encode(kind, new)
            self._vectors.update(zip((keys[text] for text in new), found, strict=True))
            self.embedded += len(new)
        vectors = {text: self._vectors[key] for text, key in keys.items()}
        lengths = np.linalg.norm(np.array(list(vectors.values()) or [[]], np.float64), axis=1)
        if not (lengths <= LONGEST).all():
            text = list(vectors)[np.flatnonzero(~(lengths <= LONGEST))[0]]
            found = f"found a vector of length {np.linalg.norm(vectors[text].astype(np.float64)):.3g}, of {short(text)}"
            raise ValueError(f"the dense model gives embeddings that are not finite numbers, or too long: {found}")
        for key in list(self._vectors)[: max(0, len(self._vectors) - self.cache_size)]:
            del self._vectors[key]  # the oldest
        return vectors

    def _encode(self, kind: str, texts: list[str]) -> np.ndarray:
        if self._encoder is None:
            self._encoder = self._load() if isinstance(self.model, str) else self.model
        # encode_query and encode_document put the checkpoint's own prompts, if it has any, before the text.
        encode = getattr(self._encoder, f"encode_{kind}", None) or self._encoder.encode
        return np.asarray(encode(texts, batch_size=self.batch_size, show_progress_bar=False, convert_to_numpy=True))

    def _load(self) -> Any:
        if self.content:
            check_content(self.model, ("",), self.content)
        library = require("sentence_transformers", "dense")
        return load_model(library.SentenceTransformer, self.model, device=self.device, **hub_options(self.model))


def text_hashes(texts: Sequence[str]) -> np.ndarray:
    """The hash of each text, uint64: among millions a chance collision has a probability below 1e-6."""
    return np.array([xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass")) for text in texts], np.uint64)


class Vectors:
    """Vectors by their texts, read as they are needed.

    Args:
        source: a file that ``lamp-dataset vectors`` wrote, or a data set of ``profile_vectors``.
        encode: embeds texts by the model: some of its vectors must equal those there, in each part of the set.
        identity: that of the model, which all vectors must be of that say theirs.

    Raises:
        ValueError: another kind of file, or vectors of another model.
    """

    def __init__(self, source: Any, encode: Callable[[list[str]], np.ndarray], identity: str = "") -> None:
        """Read all but the vectors."""
        self._where = source if isinstance(source, (str, os.PathLike)) else "vectors"
        self._encode = encode
        try:
            if self._where is source:
                file = pq.ParquetFile(source)
                self._groups = [partial(file.read_row_group, number) for number in range(file.num_row_groups)]
                columns = file.schema_arrow.names
            else:
                starts, columns = range(0, source.data.num_rows, BLOCK), source.data.column_names
                self._groups = [source.data.slice(start, BLOCK).select for start in starts]
            parts = [np.array([], np.uint64), *(group(["text"]).column("text").to_numpy() for group in self._groups)]
            self._hashes = np.concatenate(parts, dtype=np.uint64, casting="no")
            named = self._groups if MODEL.name in columns else ()
            models = {model for group in named for model in group([MODEL.name]).column(MODEL.name).unique().to_pylist()}
        except (AttributeError, KeyError, TypeError, pa.ArrowInvalid):
            raise ValueError(f"{self._where}: expected a file of lamp-dataset vectors, found something else") from None
        self._starts, self._order = np.cumsum(list(map(len, parts))).tolist(), np.argsort(self._hashes, kind="stable")
        self._left = [COMPARED] * len(self._groups)
        for other in sorted(filter(None, models)):
            # a folder and a name cannot be compared, but the vectors will be
            if identity and other != identity and other.startswith(CONTENT_OF) == identity.startswith(CONTENT_OF):
                raise ValueError(
                    f"{self._where}: expected vectors of {identity}, found vectors of {other}: embed again"
                )

    def of(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Text -> vector, of those that are known."""
        wanted, by_group, found, compared = text_hashes(texts), defaultdict(list), {}, []
        at = np.searchsorted(self._hashes, wanted, sorter=self._order)
        for text, key, place in zip(texts, wanted, np.append(self._order, 0)[at].tolist(), strict=True):
            if place < len(self._hashes) and self._hashes[place] == key:
                by_group[bisect(self._starts, place) - 1].append((place, text))
        for group, own in sorted(by_group.items()):
            vectors = self._groups[group](["vector"]).column("vector")
            found |= {text: np.array(vectors[place - self._starts[group]].values, np.float32) for place, text in own}
            count = min(self._left[group], len(own))
            compared += (sorted(own)[number * len(own) // count][1] for number in range(count))
            self._left[group] -= count
        self._compare({text: found[text] for text in compared})
        return found

    def _compare(self, vectors: dict[str, np.ndarray]) -> None:
        if not vectors:
            return
        for (text, vector), own in zip(vectors.items(), self._encode(list(vectors)), strict=True):
            exact = np.asarray(own, np.float64)  # in which no norm overflows
            if own.shape != vector.shape or not np.linalg.norm(exact - vector) <= TOLERANCE * np.linalg.norm(exact):
                other = f"found another one for {short(text)}"
                raise ValueError(f"{self._where}: expected vectors of this model, {other}")
