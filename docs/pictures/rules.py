"""Make the graph of the rules in README.md: Snakemake's own, without arrows that others imply.

make screen
snakemake --configfile config/demo/config.yaml --rulegraph mermaid-js > graph
python docs/pictures/rules.py < graph
"""

import re
import sys

import networkx as nx

FROM_FOLDERS = [("split", "standardise"), ("merge", "prepare_ligands"), ("select", "score")]
"""Shards in the folder of a checkpoint, of which Snakemake's graph knows nothing."""


def main() -> None:
    """Read Snakemake's graph from standard input, and print the smaller one."""
    text = sys.stdin.read()
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", text))
    arrows = [(names[a], names[b]) for a, b in re.findall(r"(id\d+) --> (id\d+)", text)]
    graph = nx.transitive_reduction(nx.DiGraph(arrows + FROM_FOLDERS))
    print("flowchart LR")
    order = {name: place for place, name in enumerate(nx.lexicographical_topological_sort(graph))}
    for arrow in sorted(graph.edges, key=lambda ends: [order[name] for name in ends]):
        print("    " + " --> ".join(arrow))


if __name__ == "__main__":
    main()
