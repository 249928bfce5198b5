"""Everything of ours that relies on private names of ``datasets``: here and nowhere else. Works on 3.6 to 5.2.

Public names of ``datasets`` have no place here. When a new version moves one of the private ones, this is the file to
change. ``datasets`` itself is imported late: it costs a second and 140 MB, and ``import lamp_dataset`` must not.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from lamp_dataset.loading.find_by_name import patch_factory, when_imported

NAME = "lamp"
BUILDER = "lamp_dataset.lamp"


def patch_datasets() -> None:
    """Make ``load_dataset("lamp", …)`` work, now or once ``datasets`` is imported; calling it again changes nothing.

    ``datasets`` 4 and newer load no script files, but any builder in an importable module. All loaders ask
    ``dataset_module_factory(path, …)``, which two modules hold; both are wrapped, and any other name passes on.
    """
    for name in ("datasets.load", "datasets.inspect"):
        when_imported(name, lambda module: patch_factory(NAME, module, "dataset_module_factory", _found))


def _found(revision: object = None, *_: object, **__: object) -> object:
    import datasets.load

    pinned = {} if revision is None else {"revision": str(revision)}
    return datasets.load.DatasetModule(BUILDER, NAME, {"dataset_name": NAME, **pinned})


def cache_key(facts: Any) -> str:
    """Part of the cache folder's name: ``facts``, which decide the rows, and how ``datasets`` writes a feature.

    Rows that one version of it prepared can be unreadable for another.
    """
    facts = json.dumps(
        facts, sort_keys=True, default=lambda fact: dict(fact) if isinstance(fact, Mapping) else vars(fact)
    )
    text = json.dumps([facts, feature_format()])
    return hashlib.sha256(text.encode()).hexdigest()


def feature_format() -> str:
    """How this version of ``datasets`` writes a feature: another version may be unable to read it from a cache."""
    from datasets import Features, Value

    return json.dumps(Features({"profile": [{"id": Value("string")}]}).to_dict(), sort_keys=True)


def yaml_of(features: Any) -> list[dict]:
    """Features as a dataset card has them: nothing public writes what ``datasets`` reads there."""
    return features._to_yaml_list()


def fingerprint_of(rows: Any) -> str:
    """Which rows these are, for whoever derives a fingerprint of its own; of what has none, a new one each time."""
    from datasets import Dataset, fingerprint

    return rows._fingerprint if isinstance(rows, Dataset) else fingerprint.generate_random_fingerprint()


def cache_path(rows: Any, fingerprint: str) -> str:
    """Where ``datasets`` would keep what ``map`` makes of these rows: next to them, or in a folder of this run."""
    from datasets import Dataset

    rows = rows if isinstance(rows, Dataset) else Dataset.from_dict({})
    return rows._get_cache_file_path(fingerprint)


def table_of(batch: Any) -> tuple[Any, frozenset[str]] | None:
    """The Arrow table behind a batch of ``map(batched=True)``, and its columns that are not Python objects yet.

    None if the batch is anything else, such as a dict of lists.
    """
    formatting = sys.modules.get("datasets.formatting.formatting")  # without it, there can be no such batch
    if formatting is None or not isinstance(batch, formatting.LazyBatch):
        return None
    return batch.pa_table, frozenset(batch.keys_to_format)


class BuilderOverrides:
    """What a builder of ours changes about ``datasets.ArrowBasedBuilder``, to be inherited before it.

    The methods that ``datasets`` calls by private names call those that the builder defines under public names:
    ``check_request``, ``deciding_facts``, ``describe``, ``fetch``, ``read``, ``expected_size``, ``before_preparing``,
    ``reject``.

    Attributes:
        kept_facts: path of a raw file -> its size and checksum, to be kept with the prepared rows.
    """

    kept_facts: dict[str, dict]

    def _create_builder_config(self, config_name=None, **options):
        self.check_request(config_name, options)
        # Else datasets imports scipy and pandas, only to patch functions for streaming that our builder does not call.
        sys.modules[type(self).__module__]._patched_for_streaming = True
        config, config_id = super()._create_builder_config(config_name, **options)
        self.hash = cache_key(self.deciding_facts(config.name))
        return config, config_id

    def _info(self):
        return self.describe()

    def _split_generators(self, dl_manager):
        import datasets

        self.kept_facts = {}
        self.info.download_checksums = None  # from an earlier preparation: the files may have changed since
        found = self.fetch(dl_manager).items()
        return [datasets.SplitGenerator(split, gen_kwargs={"split": split, "files": files}) for split, files in found]

    def _generate_tables(self, split, files):
        return enumerate(self.read(split, files))

    def _download_and_prepare(self, dl_manager, verification_mode, **options):
        from datasets.exceptions import NonMatchingSplitsSizesError

        self.before_preparing(self._output_dir)
        try:
            super()._download_and_prepare(dl_manager, verification_mode, **options)
        except NonMatchingSplitsSizesError as error:
            self.reject()
            raise NonMatchingSplitsSizesError(
                f"{self.config.name}: expected the published number of samples, found another: {error}. The files were "
                'not kept: try again, or pass verification_mode="no_checks"'
            ) from None
        except _SplitError as stop:
            error = stop.args[0]
            if error.errno is not None and error.filename is None:  # a full disk
                raise OSError(error.errno, f"{error.strerror} (the cache)", self._cache_dir_root) from None
            raise error from None

    def _prepare_split(self, split_generator, **options):
        from datasets.exceptions import DatasetGenerationError

        try:
            super()._prepare_split(split_generator, **options)
        except DatasetGenerationError as error:
            if isinstance(error.__cause__, OSError):
                raise _SplitError(error.__cause__) from None
            if not isinstance(error.__cause__, ValueError):
                raise
            self.reject(split_generator.gen_kwargs["files"].paths)
            raise error.__cause__ from None
        except OSError as error:
            raise _SplitError(error) from None
        # Where any number will do, the one in the description is replaced by the one found: datasets compares the two.
        if self.expected_size(split_generator.name) is None:
            self.info.splits[split_generator.name].num_examples = split_generator.split_info.num_examples

    def _save_info(self):
        # At the end, datasets 3 puts its own checksums here, which are empty.
        self.info.download_checksums = self.kept_facts
        super()._save_info()


class _SplitError(Exception):
    """Carries an OSError past ``datasets``, which rewords each one as "Cannot find data file", a full disk too."""
