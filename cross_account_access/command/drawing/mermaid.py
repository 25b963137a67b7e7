"""The graph as a Mermaid flowchart, which many Markdown viewers draw."""

from cross_account_access.command.drawing.graph import Access, Graph, Node

_SHAPES = {
    "user": ("([", "])"),
    "role": ("{{", "}}"),
    "outsider": (">", "]"),
    "resource": ("[(", ")]"),
}


def mermaid(graph: Graph) -> str:
    """Return the flowchart, one subgraph for each account."""
    lines = ["flowchart LR"]
    for number, account in enumerate(dict.fromkeys(node.account for node in graph.nodes), start=1):
        lines.append(f'  subgraph a{number}["{_quoted(account)}"]')
        lines += [_node(node) for node in graph.nodes if node.account == account]
        lines.append("  end")
    lines += [_edge(edge) for edge in graph.edges]
    return "\n".join(lines)


def _node(node: Node) -> str:
    opening, closing = _SHAPES[node.kind]
    return f'    {node.id}{opening}"{_quoted(node.name)}"{closing}'


def _edge(edge: Access) -> str:
    source, target = edge.nodes
    arrow = "-->" if edge.is_certain else "-.->"
    return f'  {source.id} {arrow}|"{_quoted(edge.label)}"| {target.id}'


def _quoted(text: str) -> str:
    """Mermaid ends a label at a quotation mark and reads HTML in it."""
    replaced = text.replace("&", "#amp;").replace('"', "#quot;")
    return replaced.replace("<", "#lt;").replace(">", "#gt;")
