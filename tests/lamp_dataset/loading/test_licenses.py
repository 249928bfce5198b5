import os

import pytest

from lamp_dataset.loading.licenses import check_licenses, how_to_get, open_gated
from lamp_dataset.tasks import TASKS


def test_gated_files_come_with_instructions():
    text = how_to_get(TASKS["LaMP_6_time"])
    for fact in ("LaMP_6_time", "LDC2015T03", "avocado-builder build", "data_dir"):
        assert fact in text
    check_licenses(["LaMP_2"], acknowledged=False, data_dir=None)
    check_licenses(["LaMP_2", "LaMP_6"], acknowledged=True, data_dir="my/files")


@pytest.mark.parametrize(
    ("acknowledged", "data_dir", "fact"), [(False, "my/files", TASKS["LaMP_6"].license), (True, None, "LDC2015T03")]
)
def test_gated_configs_need_a_license_and_files(acknowledged, data_dir, fact):
    with pytest.raises(ValueError, match="LaMP_6") as caught:
        check_licenses(["LaMP_2", "LaMP_6"], acknowledged, data_dir)
    assert fact in str(caught.value)


@pytest.mark.parametrize("given", [{}, {"option": "-T acknowledge_license=true"}])
def test_what_acknowledges_the_license_is_named_as_it_can_be_typed(given):
    with pytest.raises(ValueError, match="LaMP_6") as caught:
        check_licenses(["LaMP_6"], False, "my/files", **given)
    wanted = given.get("option", "--acknowledge-license, in Python acknowledge_license=True")
    assert str(caught.value).endswith(f": {wanted}")


def test_gated_texts_go_to_this_machine_or_where_the_license_is_acknowledged(umask):
    for option in ([], ["-T acknowledge_license=true"]):
        with pytest.raises(ValueError, match=r"LaMP_6: .*LDC2015T03") as caught:
            open_gated(TASKS["LaMP_6"], "sample", False, lambda: False, *option)
        assert str(caught.value).endswith(f"acknowledge the license: {(*option, '--acknowledge-license')[0]}")
    with pytest.raises(ValueError, match="avocado-builder build"):
        open_gated(TASKS["LaMP_6"], None, False, lambda: True)
    assert umask() == 0o022
    for acknowledged in (True, False):
        open_gated(TASKS["LaMP_6_time"], "sample", acknowledged, lambda acknowledged=acknowledged: not acknowledged)
        assert os.umask(0o022) == 0o077


def test_a_stricter_umask_and_that_of_other_configs_stay(umask):
    os.umask(0o177)
    open_gated(TASKS["LaMP_6"], "sample", True, lambda: False)
    assert os.umask(0o022) == 0o177
    open_gated(TASKS["LaMP_3"], None, False, lambda: 1 / 0)
    assert umask() == 0o022
