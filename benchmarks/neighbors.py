"""The five most similar of 20,000 users: ours against scikit-learn's, each in its own process.

    python benchmarks/neighbors.py
    python benchmarks/neighbors.py --users 5000

Claims: with vectors of 384 dimensions, ours takes less than 60 s and 1 GB on two cores (20 s of CPU time and 450 MB as
measured, scikit-learn 10 s and 260 MB), and both find the same users. The vectors are random and seeded. Ours rounds
the scores before it ranks, so that equal users tie on every machine.
Needs: pip install lamp-hf
"""

import argparse

from shared import in_a_process

MAKE = """
import sys, zlib, numpy as np
users, k = int(sys.argv[1]), 5
vectors = np.random.default_rng(0).standard_normal((users, 384))
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
"""
WAYS = {
    "ours": """
from lamp_dataset.personalize.users.near import _nearest
start()
found = [[other for other, _ in near] for near in _nearest(vectors, vectors, k)]
""",
    "scikit-learn": """
from sklearn.neighbors import NearestNeighbors
start()
found = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(vectors).kneighbors(vectors)[1][:, 1:].tolist()
""",
}
END = "stop(zlib.crc32(repr(found).encode()))"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=20_000)
    users = parser.parse_args().users
    print(f"{'':14}{'seconds':>9}{'CPU s':>9}{'MB at most':>12}{'found':>12}")
    for name, code in WAYS.items():
        got = in_a_process(MAKE + code + END, users)
        print(f"{name:14}{got['seconds']:9.1f}{got['cpu']:9.1f}{got['peak']:12.0f}{got['value']:12x}")


if __name__ == "__main__":
    main()
