"""A machine of two has other files: no list, other weights, a video less."""

import re
import time

import torch
from finding import Finding
from two_nodes import OF_NODES, PATIENCE, RANKS, Site, codes

from cmvl_mm.checkpoints.pretrained import read_checkpoint

LIMIT = 60.0  # seconds from the error to the end of the job on all machines; not of starts, which other work delays
MISSING = r'train\.txt: there is no such list'


def lacks_the_list(site: Site) -> Finding:
    """Machine 1 has a copy without the list."""
    copy = site.copy()
    (copy[0] / 'train.txt').unlink()
    nodes = [site.launch('no_list', node, 4, own_copy=copy if node else None) for node in (0, 1)]
    until = time.monotonic() + PATIENCE
    while not re.search(MISSING, site.log('no_list', 1).read_text()) and time.monotonic() < until:
        if all(node.poll() is not None for node in nodes):
            break
        time.sleep(0.2)
    begun = time.monotonic()
    ended = codes(nodes)
    seconds = time.monotonic() - begun
    other, said = (site.log('no_list', node).read_text() for node in (0, 1))
    named = re.search(rf'{MISSING}.*\n(.*\n)*?.*On node {site.cluster.name(1)}, process', said) is not None
    told = 'the job has ended on another node' in other or 'Connection' in other
    return Finding(
        promise='A list or folder that is missing on one machine ends the job on all, with an error that names '
        'file and machine.',
        tested=f'2 machines x {RANKS} processes, {site.how}; the list taken out of the copy of one',
        figure=f'exit codes {ended} {seconds:.0f} s after the error; file and machine named: {named}; the other '
        f'machine says so: {told}',
        held=all(ended) and named and told and seconds < LIMIT,
        guard=f'{OF_NODES}::test_an_error_names_the_node',
    )


def other_weights(site: Site) -> Finding:
    """Machine 1 has a copy with other weights under the same name."""
    site.alone(2)
    weights = read_checkpoint(site.folder / 'alone_2' / 'epoch_2.pth')['state_dict']
    path = site.videos / 'weights.pth'
    torch.save(dict(state_dict=weights), path)
    copy = site.copy()
    name, first = next(iter(weights.items()))
    torch.save(dict(state_dict=weights | {name: first + 1}), copy[0] / path.name)
    begun, chosen = time.monotonic(), {'load_from': str(path)}
    nodes = [site.launch('other', node, 2, own_copy=copy if node else None, extra=chosen) for node in (0, 1)]
    ended = codes(nodes)
    seconds = time.monotonic() - begun
    told = rf'weights\.pth: the file differs between nodes: .* on {site.cluster.name(0)}; .* on {site.cluster.name(1)}'
    named = [re.search(told, site.log('other', node).read_text()) is not None for node in (0, 1)]
    return Finding(
        promise='Weights to begin with (load_from) that are another file on one machine end the job on all, with an '
        'error that names file and machines.',
        tested=f'2 machines x {RANKS} processes, {site.how}; one number changed in the copy of one',
        figure=f'exit codes {ended} after {seconds:.0f} s; file and machines named: {named}',
        held=all(ended) and all(named),
        guard=f'{OF_NODES}::test_weights_that_differ_between_nodes_are_refused',
    )


def lacks_a_video(site: Site) -> Finding:
    """Machine 1 has a copy without one video."""
    copy = site.copy()
    (copy[0] / 'videos' / '3.mp4').unlink()
    epochs, allowed = 6, {'custom_hooks.1.max_broken_share': 0.5}
    nodes = [site.launch('no_video', node, epochs, own_copy=copy if node else None, extra=allowed) for node in (0, 1)]
    ended = codes(nodes)
    said = site.said('no_video', 0)
    found = re.findall(r'skipped \(broken\): (.*)', said)
    found = [line.replace(str(site.folder), 'FOLDER') for line in found]
    named = [line for line in found if '3.mp4' in line and f'(on node {site.cluster.name(1)}, process' in line]
    return Finding(
        promise='A video that is missing on one machine is replaced there, and the report names both.',
        tested=f'{epochs} epochs, 2 machines x {RANKS} processes, {site.how}; one video taken out of the copy of one',
        figure=f'exit codes {ended}; named: {named[:1] or found}',
        held=not any(ended) and len(named) >= 1,
        guard=f'{OF_NODES}::test_a_replaced_video_is_reported_with_the_node_that_lacks_it',
    )
