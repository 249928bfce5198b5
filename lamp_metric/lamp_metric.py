"""The evaluate module: ``evaluate.load("lamp_metric", …)``.

evaluate copies this file alone when it loads it by a folder's path or from a Space, and reads its imports line by line
as text: one module per line, and the comment after an import of this project is what users are told to install.
"""

import difflib
import inspect
import warnings
from typing import Any

import datasets
import evaluate

if __name__ == "lamp_metric":  # Python was started in this folder and takes the file for the package
    raise ImportError("Python was started inside the folder of the package lamp_metric; start it in another folder")

from lamp_dataset.task import Task  # From: lamp-hf
from lamp_dataset.tasks import CITATION, HOMEPAGE, TASKS, get_task  # From: lamp-hf
from lamp_metric.evaluate_internals import discard, forget_files, is_collecting, write_empty_file  # From: lamp-hf
from lamp_metric.predictions.reading import SIDES, CheckedBatch, check_batch, join_records, user_names  # From: lamp-hf
from lamp_metric.scoring import score, signature_of  # From: lamp-hf
from lamp_metric.signature import Resampling  # From: lamp-hf

DESCRIPTION = """\
The scores of LaMP, the benchmark of personalized language models: accuracy and macro F1 for classes, MAE and RMSE for
ratings, ROUGE-1 and ROUGE-L for texts, and METEOR for the long ones of LongLaMP. The figures are the same in every
run."""

#: Keywords of compute that the signature holds as they are, and all of them.
SIGNED = ("confidence_level", "n_resamples", "seed", "extract_answers", "also", "without")
OPTIONS = (*SIGNED, "per_sample", "users")


class LampMetric(evaluate.Metric):
    """The scores of one task of LaMP.

    The task is the name passed to ``evaluate.load``, or the ``task_name`` of ``compute``; a ``_time`` config is scored
    like its user-based counterpart.

    Args:
        predictions: list of strings, or also of numbers for classes and ratings; or of records
            ``{"id": …, "output": …}``, or a table with these columns.
        references: list of golds in the same order; or of such records in any order, joined by id. If the task has
            labels, each gold must be one of them. White space at both ends of either side is ignored.
        task_name: config name, if none was passed to ``evaluate.load``.
        confidence_level: such as 0.95; adds ``"<key>_ci": [low, high]``, the percentile bootstrap interval; of
            means over fewer than 30 samples (or users), Student's t.
        n_resamples: number of bootstrap resamples, 1000 by default.
        seed: of the bootstrap, 0 by default.
        users: the user of each sample, one per reference in the order they were added; the intervals then draw users.
        per_sample: True adds ``"per_sample"``: id (or position) -> values of that sample.
        extract_answers: True looks for the label or rating in each prediction first. Not part of the official scores.
        also: measures beside the scores, such as ``["bleu", "meteor"]``, see :func:`lamp_metric.score`.
        without: scores to leave out: of long texts, ``["meteor"]``, which needs WordNet.

    Returns:
        ``accuracy`` and ``f1``, ``MAE`` and ``RMSE``, or ``rouge-1`` and ``rouge-L`` (and ``meteor`` of long texts).
            The method ``signature()`` says how they were made, in enough detail to reproduce them.

    Examples:
        >>> import evaluate, lamp_metric
        >>> metric = evaluate.load("lamp_metric", "LaMP_4")
        >>> metric.compute(predictions=["the cat sat"], references=["the cat sat down"])
        {'rouge-1': 0.8571428571428571, 'rouge-L': 0.8571428571428571}
        >>> metric.signature()
        'task:LaMP_4|n:1|rule:1|version:...'
        >>> metric = evaluate.load("lamp_metric", "LaMP_3")
        >>> metric.add_batch(predictions=[{"id": "31", "output": "5"}, {"id": "30", "output": "no idea"}],
        ...                  references=[{"id": "30", "output": "2"}, {"id": "31", "output": "4"}])
        >>> metric.compute()
        {'MAE': 2.0, 'RMSE': 2.23606797749979}
        >>> evaluate.load("lamp_metric").compute(predictions=["comedy", "action"], references=["comedy", "classic"],
        ...                                      task_name="LaMP_2")
        {'accuracy': 0.5, 'f1': 0.06666666666666667}
    """

    _records: bool | None = None
    _number: str | None = None
    _task_name: str | None = None  # of the current call; the table's rows themselves cannot be pickled
    _signature: str | None = None

    def _info(self) -> evaluate.MetricInfo:
        self._configured()  # fails for a wrong name
        text = datasets.Value("string")
        record = {"id": text, "output": text}
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=inspect.cleandoc(type(self).__doc__),
            features=[datasets.Features(dict.fromkeys(SIDES, form)) for form in (text, record)],
            homepage=HOMEPAGE,
            license="Apache-2.0",
            reference_urls=["https://arxiv.org/abs/2304.11406", HOMEPAGE],
        )

    def add(self, *, prediction: Any = None, reference: Any = None, **kwargs: Any) -> None:
        """Add one prediction and its reference.

        Raises:
            ValueError: one of them cannot be scored; the message says which and why.
        """
        # evaluate.combine calls the two by their plural names here.
        pair = kwargs.pop("predictions", prediction), kwargs.pop("references", reference)
        batch = self._check([pair[0]], [pair[1]])
        super().add(prediction=batch.predictions[0], reference=batch.references[0], **kwargs)

    def add_batch(self, *, predictions: Any = None, references: Any = None, **kwargs: Any) -> None:
        """Add a batch of predictions and references.

        Raises:
            ValueError: a sample cannot be scored, or the lists differ in length; the message says which and how.
        """
        batch = self._check(predictions, references)
        if batch.references:
            super().add_batch(predictions=batch.predictions, references=batch.references, **kwargs)
        elif self.num_process > 1:
            write_empty_file(self)

    def compute(self, *, predictions: Any = None, references: Any = None, **kwargs: Any) -> dict[str, Any] | None:
        """Score what was added before and what is passed here.

        Raises:
            ValueError: the task is not known, there is nothing to score, a sample cannot be scored, or an option is out
                of range.
        """
        try:
            self._task_name = self._asked_for(kwargs.get("task_name")).name
            _check_keywords(kwargs)
            if kwargs.get("users") is not None:
                kwargs["users"] = user_names(kwargs["users"])
            passed = (values for values in (predictions, references) if values is not None)
            if not is_collecting(self) and all(hasattr(values, "__len__") and len(values) == 0 for values in passed):
                if self.num_process == 1:
                    raise ValueError("nothing to score: pass predictions and references, or add some first")
                self.add_batch(predictions=[], references=[])
            result = super().compute(predictions=predictions, references=references, **kwargs)
            self._records = self._number = None
            forget_files(self)
            return result
        except BaseException:
            if not is_collecting(self):  # otherwise nothing is closed yet, and what was added before is still good
                self._records = self._number = None
                discard(self)
            raise
        finally:
            self._task_name = None

    def signature(self) -> str:
        """How the last scores were made: task, number of samples, rule, seed, version; enough to reproduce them.

        Raises:
            ValueError: nothing has been computed yet, or not in this process.
        """
        if self._signature is None:
            raise ValueError("no signature yet: call compute first (in the main process)")
        return self._signature

    def _compute(self, *, predictions: list, references: list, **kwargs: Any) -> dict[str, Any]:
        task = get_task(self._task_name)
        if self._number is not None and not task.labels:
            raise ValueError(f"{self._number}; {task.name} is scored on text")
        options = {key: kwargs[key] for key in OPTIONS if key in kwargs}
        ids, predicted, golds = join_records(predictions, references)
        result = score(task, predicted, golds, ids=ids, **options)
        signed = {key: value for key, value in options.items() if key in SIGNED}
        users = len(set(options["users"])) if options.get("users") is not None else None
        self._signature = signature_of(task, len(golds), users=users, **signed)
        return result

    def _check(self, predictions: Any, references: Any) -> CheckedBatch:
        task = get_task(self._task_name) if self._task_name else self._configured()
        batch = check_batch(predictions, references, task, self._records, len(self))
        if batch.references:
            self._records, self._number = batch.records, self._number or batch.number
        return batch

    def _configured(self) -> Task | None:
        return get_task(self.config_name) if self.config_name != "default" else None

    def _asked_for(self, name: str | None) -> Task:
        """The task of this call."""
        configured = self._configured()
        task = get_task(name) if name is not None else configured
        if task is None:
            known = ", ".join(TASKS)
            raise ValueError(f"which task? Load the metric with its name or pass it as task_name: one of {known}")
        if configured is not None and configured != task:
            raise ValueError(f"task_name is {task.name!r}, but the metric was loaded for {configured.name!r}")
        return task


def _check_keywords(kwargs: dict[str, Any]) -> None:
    """Reject keywords that look like ours; ignore others: evaluate.combine passes all keywords to all modules."""
    level = kwargs.get("confidence_level")
    Resampling(0.95 if level is None else level, kwargs.get("n_resamples", 1000), kwargs.get("seed", 0))
    ours = ["task_name", *OPTIONS]
    for key in kwargs:
        if key in ours or key in SIDES:
            continue
        near = difflib.get_close_matches(key, ours, n=1, cutoff=0.75)
        if near:
            raise ValueError(f"compute has no keyword {key!r}; did you mean {near[0]!r}?")
        warnings.warn(f"lamp_metric has no keyword {key!r} and ignores it", stacklevel=3)
