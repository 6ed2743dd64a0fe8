"""How good the counter is: each `guichet eval` command but search's own.

Retrieval and refusal are measured by `knowledge.evaluation`.
"""
