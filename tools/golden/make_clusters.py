#!/usr/bin/env python3
"""Makes test/golden/cluster/golden.json: vectors with the clusters that scikit-learn's KMeans makes of
them in float64 from given first centres, and the communities of sentence-transformers. Cases whose
distances or scores are nearly equal are left out.

usage: make_clusters.py TARGET_FILE
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from sentence_transformers.util import community_detection
from sklearn.cluster import KMeans

warnings.filterwarnings("ignore")

LEAST_GAP = 5e-7
"""Between scores that decide something; they are near 1, in float32."""


def blobs(generator, count: int, dimension: int, groups: int, width: float) -> np.ndarray:
    centres = generator.normal(size=(groups, dimension))
    points = centres[generator.integers(groups, size=count)] + width * generator.normal(size=(count, dimension))
    return points.astype(np.float32)


def kmeans_case(points: np.ndarray, initial: np.ndarray, **options) -> dict:
    model = KMeans(len(initial), init=initial.astype(np.float64), n_init=1, algorithm="lloyd", **options)
    model.fit(points.astype(np.float64))
    distances = np.sort(((points[:, None] - model.cluster_centers_[None]) ** 2).sum(-1), 1)
    assert (distances[:, 1] - distances[:, 0]).min() > 1e-5
    best = KMeans(len(initial), n_init=30, random_state=1).fit(points.astype(np.float64)).inertia_
    return {"kind": "kmeans", "best": float(best), "count": len(points), "dimension": points.shape[1], "vectors": numbers(points),
            "initial": numbers(initial), "options": options, "labels": model.labels_.tolist(),
            "centres": model.cluster_centers_.ravel().tolist(), "inertia": float(model.inertia_),
            "iterations": int(model.n_iter_)}


def numbers(array: np.ndarray) -> list:
    return [float(f"{value:.9g}") for value in np.asarray(array, np.float32).ravel()]


def community_case(points: np.ndarray, threshold: float, least: int) -> dict | None:
    vectors = torch.tensor(points.astype(np.float64))
    found = community_detection(vectors, threshold=threshold, min_community_size=least)
    scores = torch.nn.functional.normalize(vectors) @ torch.nn.functional.normalize(vectors).T
    orders = [scores[row[0], row].diff().abs() for row in found if len(row) > 1]
    if min([(scores - threshold).abs().min(), *map(torch.min, orders)]) < LEAST_GAP:
        return None
    return {"kind": "communities", "count": len(points), "dimension": points.shape[1], "vectors": numbers(points),
            "threshold": threshold, "least": least, "communities": [[int(i) for i in row] for row in found]}


def main() -> None:
    generator = np.random.default_rng(11)
    cases = []
    for count, dimension, groups, width in ((40, 5, 3, 0.3), (140, 8, 5, 0.8), (200, 4, 7, 1.5), (150, 3, 20, 1.0)):
        points = blobs(generator, count, dimension, groups, width)
        initial = points[generator.choice(count, groups, replace=False)]
        cases.append(kmeans_case(points, initial, tol=1e-4, max_iter=300))
        cases.append(kmeans_case(points, initial, tol=1e-2, max_iter=300))
        cases.append(kmeans_case(points, initial, tol=1e-4, max_iter=3))
    points = blobs(generator, 60, 4, 3, 0.2)
    cases.append(kmeans_case(points, np.concatenate([points[:3], points[:2] + 100]), tol=1e-4, max_iter=300))
    points = points + 50  # far from zero
    cases.append(kmeans_case(points, points[:4], tol=1e-4, max_iter=300))
    for count, dimension, groups, width, threshold, least in (
            (50, 8, 4, 0.3, 0.75, 10), (150, 5, 9, 0.4, 0.8, 5), (260, 6, 12, 0.6, 0.8, 8), (40, 4, 3, 1.0, 0.5, 2),
            (30, 8, 5, 0.3, 0.99, 10), (12, 5, 2, 0.2, 0.3, 50)):
        case = None
        while not case:
            case = community_case(blobs(generator, count, dimension, groups, width), threshold, least)
        cases.append(case)
    rows = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    Path(sys.argv[1]).write_text(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    main()
