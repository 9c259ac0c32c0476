"""Recompute the figures of a protocol from dumped features in plain NumPy, without importing cmvl_mm.

    python tools/test.py CONFIG CHECKPOINT --dump-features F.npz
    python benchmarks/recompute_protocols.py F.npz --protocol retrieval_coclr

F.npz holds features (n, C), labels (n,), is_query (n,) and, for a classifier, scores (n, classes). It prints the same
figures as test.py, R@k in percent, top-1 as a share of 1.
"""

import argparse

import numpy as np

CLASSIFIERS = ('finetune', 'few_label_1', 'few_label_5', 'few_label_10', 'few_label_20')
PROTOCOLS = (*CLASSIFIERS, 'linear', 'knn', 'retrieval_paper', 'retrieval_coclr', 'retrieval_vcop')
LINEAR_LRS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


def cosines(query, gallery):
    query, gallery = (x / np.sqrt((x * x).sum(1))[:, None] for x in (query, gallery))
    return query @ gallery.T


def recalls(query, query_labels, gallery, gallery_labels):
    """R@1 ... R@50: share of queries with a video of their class among the k most similar gallery videos."""
    order = np.argsort(-cosines(query, gallery), axis=1, kind='stable')
    hit = gallery_labels[order] == query_labels[:, None]
    return {f'R@{k}': 100 * np.mean([row[:k].any() for row in hit]) for k in (1, 5, 10, 20, 50)}


def knn(query, query_labels, gallery, gallery_labels, k, temperature):
    hits = 0
    for similarity, label in zip(cosines(query, gallery), query_labels, strict=True):
        votes = {}
        for i in sorted(range(len(gallery)), key=lambda i: (-similarity[i], i))[:k]:
            votes[gallery_labels[i]] = votes.get(gallery_labels[i], 0) + np.exp(similarity[i] / temperature)
        hits += label == min(votes, key=lambda c: (-votes[c], c))
    return {'top1': hits / len(query)}


def regress(train, labels, test, lr, steps):
    """Classes of `test` by softmax regression on standardised features: gradient descent from zero, momentum 0.9."""
    mean, deviation = train.mean(0), train.std(0)
    used = deviation > 0
    train, test = ((x - mean)[:, used] / deviation[used] for x in (train, test))
    weight, bias = np.zeros((train.shape[1], labels.max() + 1)), np.zeros(labels.max() + 1)
    weight_step, bias_step, target = np.zeros_like(weight), np.zeros_like(bias), np.eye(labels.max() + 1)[labels]
    for _ in range(steps):
        scores = train @ weight + bias
        error = np.exp(scores - scores.max(1)[:, None])
        error = error / error.sum(1)[:, None] - target
        weight_step = 0.9 * weight_step - lr * train.T @ error / len(train)
        bias_step = 0.9 * bias_step - lr * error.mean(0)
        weight, bias = weight + weight_step, bias + bias_step
    return (test @ weight + bias).argmax(1)


def linear(query, query_labels, gallery, gallery_labels, lrs, steps):
    """Linear probe; a fifth of every gallery class, drawn with seed (0, class), chooses the rate, never the queries."""
    aside = np.zeros(len(gallery), bool)
    for label in set(gallery_labels.tolist()):
        members = np.random.default_rng([0, label]).permutation(np.where(gallery_labels == label)[0])
        aside[members[: max(1, len(members) // 5)]] = True
    found = {}
    for lr in lrs:
        guess = regress(gallery[~aside], gallery_labels[~aside], gallery[aside], lr, steps)
        found[lr] = np.mean(guess == gallery_labels[aside])
    best = min(lrs, key=lambda lr: (-found[lr], lr))
    guess = regress(gallery, gallery_labels, query, best, steps)
    return {'top1': np.mean(guess == query_labels), 'lr': best} | {f'held_out_lr_{lr:g}': found[lr] for lr in lrs}


def recompute(arrays, protocol, *, k=20, temperature=0.07, lrs=LINEAR_LRS, steps=300):
    """The figures of one protocol by their printed names, without the protocol's name."""
    if protocol in CLASSIFIERS:
        return {'top1': np.mean(arrays['scores'].argmax(1) == arrays['labels'])}
    is_query, labels, features = arrays['is_query'] == 1, arrays['labels'], arrays['features'].astype(float)
    query, gallery = features[is_query], features[~is_query]
    if protocol == 'retrieval_coclr':
        query, gallery = query - query.mean(0), gallery - gallery.mean(0)
    sets = (query, labels[is_query], gallery, labels[~is_query])
    if protocol == 'knn':
        return knn(*sets, k, temperature)
    return linear(*sets, lrs, steps) if protocol == 'linear' else recalls(*sets)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('features', metavar='F.npz', help='file of tools/test.py --dump-features')
    parser.add_argument('--protocol', required=True, choices=PROTOCOLS)
    args = parser.parse_args()
    with np.load(args.features, allow_pickle=False) as file:
        arrays = dict(file)
    if args.protocol in CLASSIFIERS and 'scores' not in arrays:
        parser.error(
            f'{args.features}: the file has no scores. Remedy: dump them with a finetune_* or few_label_* config.'
        )
    for name, value in recompute(arrays, args.protocol).items():
        print(f'{args.protocol}/{name} {value:.4f}')


if __name__ == '__main__':
    main()
