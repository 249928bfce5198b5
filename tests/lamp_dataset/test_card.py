import dataclasses

from lamp_dataset.card import task_table
from lamp_dataset.tasks import TASKS


def test_the_table_of_tasks_has_one_line_a_task():
    lines = task_table([TASKS["LaMP_2_news"], TASKS["LaMP_7_time"], TASKS["LaMP_2_news_time"]]).split("\n")
    licence = "CC BY-NC-SA 4.0 (LaMP); the texts keep the terms of their source"
    assert lines == [
        "| config | task | kind | scores | samples (train / validation / test) | questions files, MB | texts from "
        "| licence |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        "| `LaMP_2_news`<br>`LaMP_2_news_time` | Personalized News Categorization | classification | accuracy, f1 "
        "| 5,914 / 1,052 / 1,274<br>? / ? / ? | ? / ? / ?<br>? / ? / ? | News Category Dataset (Misra 2022) "
        f"| {licence} |",
        "| `LaMP_7_time` | Personalized Tweet Paraphrasing | generation | rouge-1, rouge-L "
        f"| 13,437 / 1,498 / 1,500 | ? / ? / ? | Sentiment140 (Go et al. 2009) | {licence} |",
    ]
    assert len(task_table(TASKS.values()).split("\n")) == 2 + 8


def test_a_bar_in_a_fact_does_not_break_the_table():
    odd = dataclasses.replace(TASKS["LaMP_1"], title="a|b")
    assert "| a\\|b |" in task_table([odd])
