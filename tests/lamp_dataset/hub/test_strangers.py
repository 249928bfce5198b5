"""Nobody else reads it, and no secret shows. Each reader is a process of its own with a fresh cache."""

import io

import pyarrow.parquet as pq

ME, STRANGER = "hf_mewritesecret", "hf_strangersecret"

SHARD = "LaMP_6/train-00000-of-00001.parquet"
#: Every way to the texts, knocked at with tokens ("-" is none); "load" and "stream" are plain datasets.
DOORS = """
import datasets
from huggingface_hub import constants, get_session
head, shard, *tokens = arguments
files, api = f"{constants.ENDPOINT}/datasets/me/lamp", f"{constants.ENDPOINT}/api/datasets/me/lamp"
doors = [
    ("info", "get", api),
    ("resolve", "get", f"{files}/resolve/{head}/{shard}"),
    ("card", "get", f"{files}/resolve/main/README.md"),
    ("tree", "get", f"{api}/tree/{head}?recursive=true"),
    ("paths-info", "post", f"{api}/paths-info/{head}"),
    ("xet-read-token", "get", f"{api}/xet-read-token/{head}"),
    ("xet-write-token", "get", f"{api}/xet-write-token/main"),
]

def knock(token):
    headers = {} if token == "-" else {"Authorization": f"Bearer {token}"}
    for name, method, url in doors:
        data = {"data": {"paths": shard}} if method == "post" else {}
        answered = getattr(get_session(), method)(url, headers=headers, follow_redirects=False, **data)
        yield name, answered.status_code
    for name, streaming in [("load", False), ("stream", True)]:
        given = {"streaming": streaming, "token": False if token == "-" else token}
        try:
            yield name, next(iter(datasets.load_dataset("me/lamp", "LaMP_6", split="train", **given)))["id"]
        except Exception as error:
            yield name, type(error).__name__

answer([dict(knock(token)) for token in tokens])
"""


def test_only_the_owner_finds_an_open_door(xet_client, files, source):
    """The owner comes after the strangers: the same addresses open then, so they were right."""
    xet_client.push("me/lamp", "LaMP_6", data_dir=files, options=["--acknowledge-license"])
    head = xet_client.hub.store.repos["me/lamp"].head.oid

    def knock(*tokens):
        return xet_client.python(DOORS, head, SHARD, *tokens, token="", HF_UPDATE_DOWNLOAD_COUNTS="0")

    doors = ("info", "resolve", "card", "tree", "paths-info", "xet-read-token", "xet-write-token")
    assert knock("-", STRANGER, "hf_nobodys") == [
        {**dict.fromkeys(doors, status), "load": error, "stream": error}
        for status, error in [(401, "DatasetNotFoundError"), (404, "DatasetNotFoundError"), (401, "HfHubHTTPError")]
    ]
    first = source("LaMP_6")["train"][0]["id"]
    assert knock(ME) == [{**dict.fromkeys(doors, 200), "resolve": 302, "load": first, "stream": first}]
    # the second lock: should the owner gate it and then make it public, names and card show, texts do not
    repo = xet_client.hub.store.repos["me/lamp"]
    repo.gated, repo.private = "manual", False
    shown = dict.fromkeys(("info", "tree", "paths-info"), 200)
    error = "DatasetNotFoundError"
    assert knock("-") == [{**dict.fromkeys(doors, 401), **shown, "load": error, "stream": error}]


def test_no_secret_and_no_trace_of_the_machine_is_written_or_printed(client, files):
    """With the client's own debugging on, too."""
    who = {"HF_DEBUG": "1", "USER": "idaslogin", "LOGNAME": "idaslogin"}
    client.typed("push", "me/lamp", "LaMP_2", "--data-dir", files, **who)
    sent = client.hub.store.repos["me/lamp"].head.files
    traces = [str(files), str(client.home), str(client.hub.folder), "hf_", "idaslogin"]
    for path, file in sent.items():
        assert not [trace for trace in traces if trace.encode() in file.data], path
        if path.endswith(".parquet"):
            assert set(pq.read_metadata(io.BytesIO(file.data)).metadata) <= {b"ARROW:schema"}
