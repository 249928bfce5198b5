"""How many titles a second a reward takes, compared with what one would write by hand, in the same run.

    python benchmarks/reward.py

Titles are made up from a seed and rewarded in batches of 16, as a trainer does.
Needs: pip install lamp-hf
"""

import argparse
import time

from score import titles

import lamp_metric

BATCH = 16


def by_hand():
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"])
    return lambda texts, golds: [
        scorer.score(gold, text)["rougeL"].fmeasure for text, gold in zip(texts, golds, strict=True)
    ]


def ours():
    reward = lamp_metric.reward("LaMP_4", score="rouge-L")
    return lambda texts, golds: reward(completions=texts, target=golds)


def rate(reward, texts, golds):
    """Titles a second of processor time, and the rewards."""
    reward(texts[:1], golds[:1])  # importing is not part of it
    start, found = time.process_time(), []
    for place in range(0, len(texts), BATCH):
        found += reward(texts[place : place + BATCH], golds[place : place + BATCH])
    return len(texts) / (time.process_time() - start), list(map(float, found))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    data = titles()
    found = {maker.__name__: rate(maker(), *data) for maker in (by_hand, ours)}
    hand, values = found["by_hand"]
    for name, (speed, rewards) in found.items():
        print(f"{name:12}{speed:10,.0f} titles/s   {speed / hand:.1f} ×   the same rewards: {rewards == values}")


if __name__ == "__main__":
    main()
