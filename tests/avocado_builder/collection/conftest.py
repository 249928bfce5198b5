import json

import fake_avocado
import pytest

from avocado_builder.building import build, check_collection

ONE, TWO = "001-000001-EM.txt", "002-000002-EM.txt"


@pytest.fixture
def small(tmp_path):
    """Two accounts with a mail or two each, and an id file that names three of them."""

    class Small:
        avocado, ids, out = tmp_path / "avocado", tmp_path / "ids", tmp_path / "out"

        def zip(self, account, members):
            fake_avocado.write_zip(self.avocado / f"{account}.zip", members)

        def name(self, *names):
            rows = [{"id": f"5{n}", "input": name, "profile": []} for n, name in enumerate(names)]
            (self.ids / "train_questions.json").write_text(json.dumps(rows))

        def build(self):
            return build(self.avocado, self.ids, self.out)

        def check_fails(self, match):
            """Both commands fail, the build leaves nothing."""
            for run in (lambda: check_collection(self.avocado, self.ids), self.build):
                with pytest.raises(ValueError, match=match):
                    run()
            assert sorted(path.name for path in tmp_path.iterdir()) == ["avocado", "ids"]

    made = Small()
    made.avocado.mkdir()
    made.ids.mkdir()
    made.zip("001", [(f"001/{ONE}", b"Subject: one\n\nfirst"), ("001/001-000009-EM.txt", b"Subject: nine\n\nninth")])
    made.zip("002", [(f"002/{TWO}", b"Subject: two\n\nsecond")])
    made.name(ONE, TWO)
    return made
