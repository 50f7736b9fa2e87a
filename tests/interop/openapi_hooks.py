"""What schemathesis need not try; for openapi.py."""

import schemathesis


def is_empty(value):
    """Whether the value is nothing when it is written into an address."""
    if isinstance(value, dict):
        return all(is_empty(inner) for inner in value.values())
    if isinstance(value, list):
        return all(is_empty(inner) for inner in value)
    return value in ("", None)


@schemathesis.hook
def filter_query(context, query):
    """A parameter with an empty value counts as not given, as forms send it; no schema can say that."""
    return not isinstance(query, dict) or not any(is_empty(value) for value in query.values())
