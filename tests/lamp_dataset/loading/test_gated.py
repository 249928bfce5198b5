from lamp_dataset.loading.gated import how_to_get
from lamp_dataset.tasks import TASKS


def test_gated_files_come_with_instructions():
    text = how_to_get(TASKS["LaMP_6_time"])
    for fact in ("LaMP_6_time", "LDC2015T03", "avocado-builder build", "data_dir"):
        assert fact in text
